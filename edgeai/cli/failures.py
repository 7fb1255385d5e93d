"""What failed while a pipeline ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeai.runtime.taps import Fault

__all__ = ["Failures"]


class Failures(Exception):  # noqa: N818 - several, each with its own error
    """What failed while the pipeline ran: the command line prints a sentence for each and exits by the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.errors = tuple(fault.error for fault in faults)
