"""A tape as arrays, which the machine code walks: a record for each value, and where its numbers lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speciate.training import tape as tapes
from speciate.training.compiled.activations import CODES
from speciate.training.tape import Operation, Tape

SORTS = (
    tapes.DENSE,
    tapes.COPY,
    tapes.BATCH_NORM,
    tapes.LAYER_NORM,
    tapes.SCALE,
    tapes.PERIODIC,
    tapes.ADD,
    tapes.CONCAT,
)
"""The loop knows the sorts of operations by their places here."""
DENSE, COPY, BATCH_NORM, LAYER_NORM, SCALE, PERIODIC, ADD, CONCAT = range(len(SORTS))

PAD = 16
"""Values begin at multiples of this many numbers: dropout works on four at once, vector instructions on sixteen."""

RECORD = np.dtype(
    [
        ("sort", np.int64),
        ("width", np.int64),
        ("first", np.int64),  # the values that it reads are reads[first:last]
        ("last", np.int64),
        ("value", np.int64),  # where in the room its numbers begin, (batch, width)
        ("slope", np.int64),  # the same for the slopes of what happens to its units; -1 if nothing does
        ("error", np.int64),  # and for the derivatives of the loss; -1 if nobody needs them
        ("extra", np.int64),  # and what it remembers on the way forward
        ("weights", np.int64),  # where its tensors begin and end among all weights
        ("end", np.int64),
        ("statistics", np.int64),  # where its statistics begin
        ("activation", np.int64),
        ("threshold", np.uint64),  # of 65,536 equal chances of dropout, how many drop a unit
        ("scale", np.float32),  # what the units that stay are multiplied by; 0 where there is no dropout
        ("epsilon", np.float32),
        ("momentum", np.float32),
        ("factor", np.float64),  # its weights learn so many times as fast as others
    ]
)


@dataclass(frozen=True, slots=True)
class Arrays:
    """What the machine code needs of a tape.

    Attributes:
        records: One for each value, the example's first.
        reads: The numbers of the values that are read, operation by operation.
        room: How many numbers lie in the room of values, slopes, errors and the rest.
    """

    records: np.ndarray
    reads: np.ndarray
    room: int


def arrays_of(tape: Tape, batch: int) -> Arrays:
    """The arrays for a tape and examples in a step."""
    operations, widths = tape.operations, tape.widths
    records = np.zeros(len(widths), RECORD)
    records["width"], records["slope"], records["error"] = widths, -1, -1
    room = weights = statistics = read = 0

    def taken(count: int) -> int:
        nonlocal room
        room += -(-count // PAD) * PAD
        return room - -(-count // PAD) * PAD

    records[0]["value"] = taken(batch * tape.inputs)
    for record, one in zip(records[1:], operations, strict=True):
        record["sort"], record["first"], record["weights"] = SORTS.index(one.sort), read, weights
        record["statistics"] = statistics
        read, weights = read + len(one.reads), weights + sum(tensor.numel() for tensor in one.tensors)
        statistics += sum(tensor.numel() for tensor in one.statistics)
        record["last"], record["end"] = read, weights
        record["value"] = taken(batch * one.width)
        record["activation"] = CODES[one.activation]
        if not one.plain:
            record["slope"] = taken(batch * one.width)
        if one.dropout is not None:
            record["threshold"], record["scale"] = one.dropout.threshold, one.dropout.scale
        record["extra"] = taken(one.sort.memory(one.module, batch, one.width))
        record["epsilon"], record["momentum"] = (
            getattr(one.module, name, 0.0) for name in ("eps", "momentum")
        )
        record["factor"] = one.factor
    records[-1]["error"] = records[-1]["value"]  # the loss writes its derivatives there
    slots = _errors(operations, records)
    widest = max((widths[k] for k, slot in slots.items()), default=0)
    places = [taken(batch * widest) for _ in range(max(slots.values(), default=-1) + 1)]
    for k, slot in slots.items():
        records[k]["error"] = places[slot]
    reads = [value for one in operations for value in one.reads]
    return Arrays(records, np.array(reads, np.int64), room)


def _errors(operations: Sequence[Operation], records: np.ndarray) -> dict[int, int]:
    """Which of a few places the errors of which values are kept in: one is free again when its value has been passed.

    Errors are wanted of values that depend on any weights, but for the last.
    """
    wanted = {0: False}
    for k, one in enumerate(operations, 1):
        wanted[k] = bool(one.sort.tensors) or any(wanted[value] for value in one.reads)
    slots: dict[int, int] = {}
    free: list[int] = []
    most = 0
    for k in range(len(operations), 0, -1):
        for value in operations[k - 1].reads:
            if wanted[value] and value not in slots:
                most += not free
                slots[value] = free.pop() if free else most - 1
        if k in slots:
            free.append(slots[k])
    return slots


def weights_of(tape: Tape) -> np.ndarray:
    """All trained tensors, operation by operation; matrices are kept as (inputs, units)."""
    return np.concatenate([view.ravel() for view in _views(tape)])


def _views(tape: Tape) -> list[np.ndarray]:
    arrays = [(one.sort.turned, tensor.numpy()) for one in tape.operations for tensor in one.tensors]
    return [array.T if turned else array for turned, array in arrays]


def statistics_of(tape: Tape) -> np.ndarray:
    """All statistics, operation by operation."""
    parts = [tensor.numpy() for one in tape.operations for tensor in one.statistics]
    return np.concatenate([np.empty(0, np.float32), *parts])


def write_back(tape: Tape, weights: np.ndarray, statistics: np.ndarray, counted: int) -> None:
    """Write weights and statistics, which were changed so many times, into the tape's modules."""
    at = 0
    for target in _views(tape):
        target[...] = weights[at : at + target.size].reshape(target.shape)
        at += target.size
    at = 0
    for one in tape.operations:
        for tensor in one.statistics:
            target = tensor.numpy()
            target[:] = statistics[at : at + target.size]
            at += target.size
        if one.sort.counter:
            getattr(one.module, one.sort.counter).add_(counted)
