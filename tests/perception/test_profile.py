"""The file that says what models cost: written, read back, and refused with the key at fault."""

from __future__ import annotations

import pytest

from edgeai.errors import ConfigError
from edgeai.perception.profile import (
    MachineProfile,
    Measured,
    ModelProfile,
    Quantiles,
    load_profile,
    runtime_version,
    save_profile,
)


def row(threads, ms, **more):
    job = Quantiles(least=0.9 * ms, mean=ms, p50=ms, p90=1.1 * ms, p95=1.2 * ms, p99=2 * ms, most=3 * ms)
    return Measured(threads=threads, runs=500, job=job, invoke=job, **more)


def machine(*models):
    told = {"machine": "a board", "cores": 4, "date": "2026-01-02T03:04:05Z", "frame": "640x480"}
    return MachineProfile(board="pi4", runtime="litert", version="2.0", models=models, **told)


SMALL = ModelProfile(
    name="small", sha256="ab" * 32, input="uint8 1x8x8x3", accuracy=0.5, rows=(row(1, 4.0, mb=1.5), row(4, 2.5))
)


def test_what_is_written_reads_back_equal(tmp_path):
    profile = machine(SMALL)
    save_profile(profile, tmp_path / "p.yaml")
    assert load_profile(tmp_path / "p.yaml") == profile


def test_a_model_is_found_by_its_bytes_and_its_kernels():
    profile = machine(SMALL)
    assert profile.find("ab" * 32) is SMALL
    assert profile.find("cd" * 32) is None
    assert profile.find("ab" * 32, "reference") is None


def test_the_best_row_is_the_quickest_of_those_allowed():
    assert (SMALL.best().threads, SMALL.best(most=3).threads) == (4, 1)
    assert SMALL.at(2) is None


def test_the_scheduler_is_told_ns_and_zero_for_what_is_not_known():
    assert row(1, 4.0).job.ns() == (4_000_000, 4_400_000, 4_800_000, 8_000_000, 0)


@pytest.mark.parametrize(("runs", "p99", "p999"), [(99, False, False), (100, True, False), (1000, True, True)])
def test_quantiles_that_few_runs_cannot_tell_are_left_out(runs, p99, p999):
    found = Quantiles.of([1_000_000 + i for i in range(runs)])
    assert (found.p99 is not None, found.p999 is not None) == (p99, p999)


def test_quantiles_lie_in_their_order():
    found = Quantiles.of([i * 1_000_000 for i in range(1, 1002)])
    assert (found.least, found.p50, found.p90, found.p99, found.p999, found.most) == (1, 501, 901, 991, 1000, 1001)
    assert found.mean == 501


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no profile of a machine"),
        ("- 1", "no profile of a machine"),
        ("schema: 9", "schema: found 9, expected 1; measure anew"),
        ("schema: 1\nboard: pi4", "machine: found nothing, expected a value"),
        ("schema: [", "no YAML"),
        ("a: &a [1]\nschema: *a", "no YAML"),
        (b"\xff\xfe\x00", "no YAML"),
    ],
)
def test_files_that_are_none_are_refused_by_name(tmp_path, text, said):
    file = tmp_path / "p.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as raised:
        load_profile(file)
    assert str(file) in str(raised.value)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("threads: 1", "threads: 0", "models.0.rows.0.threads"),
        ("p50: 4.0", "p50: -4.0", "models.0.rows.0.job.p50"),
        ("p50: 4.0", "p50: .nan", "models.0.rows.0.job.p50"),
        ("runs: 500", "rums: 500", "models.0.rows.0.runs"),
        ("cores: 4", "cores: many", "cores"),
    ],
)
def test_a_value_that_cannot_be_is_named(tmp_path, before, after, key):
    file = tmp_path / "p.yaml"
    save_profile(machine(SMALL), file)
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    with pytest.raises(ConfigError) as raised:
        load_profile(file)
    assert key in [problem.path for problem in raised.value.problems]


def test_a_file_that_is_not_there_or_cannot_be_written(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_profile(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="a folder that exists"):
        save_profile(machine(SMALL), tmp_path / "none" / "p.yaml")


def test_the_runtime_that_is_installed_has_a_version():
    assert runtime_version("litert")
    assert runtime_version("another") == ""
