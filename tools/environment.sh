# Sourced by tools/run and tools/test: makes .venv where it is missing, and installs the project into it.
#   environment EXTRA   - EXTRA is "" or "[test]"

environment() {
    cd "$(dirname "$0")/.." || exit 1
    if [ ! -x .venv/bin/python ]; then
        python=
        for candidate in python3 python3.13 python3.12 python3.11; do
            if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
                python=$candidate
                break
            fi
        done
        if [ -z "$python" ]; then
            echo "edgeai needs Python 3.11 or newer, and finds none: on Debian, apt install python3 python3-venv" >&2
            exit 1
        fi
        site=
        # picamera2 comes with the system's packages and cannot be installed by pip alone.
        if /usr/bin/python3 -c 'import picamera2' 2>/dev/null; then
            python=/usr/bin/python3 site=--system-site-packages
        fi
        "$python" -m venv $site .venv || {
            rm -rf .venv
            echo "the virtual environment could not be made: on Debian, apt install python3-venv" >&2
            exit 1
        }
    fi
    stamp=$(cat pyproject.toml setup.cfg | cksum)
    if [ "$(cat ".venv/edgeai$1" 2>/dev/null)" != "$stamp" ]; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".$1" || exit 1
        printf '%s' "$stamp" > ".venv/edgeai$1"
    fi
}
