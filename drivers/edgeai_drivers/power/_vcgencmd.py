"""Asking the firmware of a Raspberry Pi through its program vcgencmd, which may be missing, refused or stuck."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from edgeai.driver import MeterOptions
from edgeai.errors import DeviceError, DeviceNotFound, DeviceTimeout


@dataclass(frozen=True, kw_only=True)
class VcgencmdOptions(MeterOptions):
    """How the firmware is asked. vcgencmd: the program's name or path. patience: seconds it gets for an answer."""

    vcgencmd: str = "vcgencmd"
    patience: float = 1.0


def ask(meter: str, options: VcgencmdOptions, *question: str) -> str:
    """Return the firmware's answer.

    Raises DeviceNotFound when the program is missing or may not reach the firmware, DeviceTimeout when it is silent (it
    is ended), DeviceError when it fails or the firmware does not know the question.
    """
    command = [options.vcgencmd, *question]
    told = " ".join(command)
    try:
        answer = subprocess.run(  # noqa: S603 - the program is the user's choice, the question ours
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=options.patience,
            encoding="ascii",
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise DeviceNotFound(
            f"{meter} finds no program {options.vcgencmd}: on a Raspberry Pi install raspi-utils"
        ) from error
    except OSError as error:
        raise DeviceNotFound(f"{meter} cannot run {options.vcgencmd} ({error}): correct its permissions") from error
    except subprocess.TimeoutExpired as error:
        raise DeviceTimeout(
            f"{meter}: `{told}` gave no answer in {options.patience:g} s: is the firmware busy?"
        ) from error
    said = (answer.stderr.strip() or answer.stdout.strip() or "nothing").splitlines()[0]
    if "/dev/vcio" in said or "/dev/vchiq" in said:
        raise DeviceNotFound(f"{meter} may not ask the firmware ({said}): `sudo usermod -aG video $USER`, log in again")
    if answer.returncode or answer.stdout.startswith("error="):
        raise DeviceError(f"{meter}: `{told}` failed with status {answer.returncode} and said {said!r}")
    return answer.stdout
