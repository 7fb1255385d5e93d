"""From a job that is done to the result that is published."""

from __future__ import annotations

from edgeai.messages import Frame, Result
from edgeai.runtime.program import Execution, Work
from edgeai.schedule.commands import Job
from edgeai.schedule.workload import OperatingPoint

__all__ = ["result_of", "unseen"]


def result_of(job: Job, work: Work, execution: Execution, published: int, point: OperatingPoint) -> Result:
    """Return the result of a job at an operating point, published at a time (ns): its inputs, its ledger, its value."""
    skipped = execution.skipped
    captured, parent = work.captured, work.result
    if parent is not None:
        rows, inputs = list(parent.ledger), parent.inputs
    else:
        rows = [(captured.source, "captured", job.stamp), (captured.source, "arrived", work.ready)]
        inputs = ((captured.source, job.seq),)
    if work.joined is not None:
        rows.append((job.stage, "joined", work.joined.t))
        inputs += work.joined.inputs
    rows += execution.ledger(job.stage)
    rows.append((job.stage, "published", published))
    return Result(
        stream=job.stage,
        seq=job.seq,
        stamp=job.stamp,
        value=execution.value,
        inputs=inputs,
        ledger=tuple(rows),
        basis="inferred" if skipped is None else skipped.basis,
        inferred_stamp=job.stamp if skipped is None or skipped.inferred_stamp is None else skipped.inferred_stamp,
        variant=point.variant,
        threads=point.threads,
        timing=captured.timing,
        intrinsics=captured.intrinsics if isinstance(captured, Frame) else None,
    )


def unseen(frame: Frame) -> Result:
    """Return the result of a frame that no stage has looked at, as an output gets it: its value is None."""
    return Result(
        stream=frame.source,
        seq=frame.seq,
        stamp=frame.stamp,
        value=None,
        inputs=((frame.source, frame.seq),),
        ledger=((frame.source, "captured", frame.stamp),),
        timing=frame.timing,
        intrinsics=frame.intrinsics,
    )
