import sys

import pytest

from edgeai import cli

_FOREIGN = ("INFO: Created", "[")
"""Lines of TFLite, and of FFmpeg where a test before this one in the same process has opened a video by itself."""


@pytest.fixture
def edgeai(tmp_path, monkeypatch, capfd):
    """Run the command line in a folder of its own; return exit code, standard output and the sentences on stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["edgeai", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return code, out, "\n".join(line for line in err.splitlines() if not line.startswith(_FOREIGN))

    return call
