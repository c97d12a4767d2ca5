"""Reads a module as a tape: the operations on vectors that it does one after another, which is what the fast engines can train."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from speciate.layers.activations import activations
from speciate.layers.modules import BatchNorm1d, Dropout, Graph, Join, Linear, Periodic, Scaling, Sum

ACTIVATIONS = {cls: name for name, cls in activations().items() if name != "linear"}
"""The activation modules that the fast engines know, in their default form."""


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of operations.

    Attributes:
        name: As engines know it.
        width: Units that come out of a module for the units that come in, or 0 where the module cannot be taken.
        tensors: Names of the module's trained tensors, in order.
        statistics: Names of the tensors that it changes by itself, in order; their mean follows `momentum`.
        counter: Name of the tensor that counts how often it did.
        turned: Whether engines keep its matrices (units, inputs) as (inputs, units).
        memory: How many numbers it remembers on the way forward for a module, a batch and the units that come out.
    """

    name: str
    width: Callable[[Any, Sequence[int]], int]
    tensors: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    counter: str = ""
    turned: bool = False
    memory: Callable[[Any, int, int], int] = lambda module, batch, width: 0


def _dense(module: nn.Linear, widths: Sequence[int]) -> int:
    return module.out_features if [module.in_features] == [*widths] and module.bias is not None else 0


def _batch_norm(module: BatchNorm1d, widths: Sequence[int]) -> int:
    known = module.affine and module.track_running_stats and module.momentum is not None
    return module.num_features if known and [module.num_features] == [*widths] else 0


def _layer_norm(module: nn.LayerNorm, widths: Sequence[int]) -> int:
    known = module.weight is not None and module.bias is not None
    return widths[0] if known and [module.normalized_shape] == [tuple(widths)] else 0


def _normed(_: object, batch: int, width: int) -> int:
    return batch * width + 2 * max(batch, width)


def _periodic(module: Periodic, widths: Sequence[int]) -> int:
    numbers, more, _ = module.mix.shape
    return numbers * (more + 1) if [numbers] == [*widths] else 0


def _waves(module: Periodic, batch: int, _: int) -> int:
    return 2 * batch * module.frequency.numel()


NORMS = ("weight", "bias")
DENSE = Sort("dense", _dense, ("weight", "bias"), turned=True)
COPY = Sort("copy", lambda _, widths: widths[0])
BATCH_NORM = Sort(
    "batch_norm", _batch_norm, NORMS, ("running_mean", "running_var"), "num_batches_tracked", memory=_normed
)
LAYER_NORM = Sort("layer_norm", _layer_norm, NORMS, memory=_normed)
ADD = Sort("add", lambda module, widths: max(widths) if len(module.gain) == len(widths) else 0, ("gain",))
CONCAT = Sort("concat", lambda _, widths: sum(widths))
SCALE = Sort("scale", lambda module, widths: widths[0] * ([len(module.weight)] == [*widths]), ("weight",))
PERIODIC = Sort("periodic", _periodic, ("frequency", "phase", "mix", "shift"), memory=_waves)

SORTS: dict[type[nn.Module], Sort] = {
    nn.Linear: DENSE,
    Linear: DENSE,
    BatchNorm1d: BATCH_NORM,
    nn.LayerNorm: LAYER_NORM,
    Sum: ADD,
    Join: CONCAT,
    Scaling: SCALE,
    Periodic: PERIODIC,
}
"""What the modules do that the fast engines know, by their exact class: a subclass may compute something else."""


@dataclass(slots=True)
class Operation:
    """One operation, and what happens to each of its units after it.

    Attributes:
        sort: What it does.
        module: What has its tensors and settings.
        reads: The values that it takes: 0 is the example, k what operation number k gives, counted from 1.
        width: Units that come out.
        activation: A name.
        dropout: After the activation, or None.
    """

    sort: Sort
    module: nn.Module
    reads: tuple[int, ...]
    width: int
    activation: str = "linear"
    dropout: Dropout | None = None

    @property
    def plain(self) -> bool:
        """Whether nothing happens after it."""
        return self.activation == "linear" and self.dropout is None

    @property
    def tensors(self) -> list[Tensor]:
        """Its trained tensors, in order."""
        return [getattr(self.module, name).detach() for name in self.sort.tensors]

    @property
    def statistics(self) -> list[Tensor]:
        """What it changes by itself, in order."""
        return [getattr(self.module, name) for name in self.sort.statistics]

    @property
    def factor(self) -> float:
        """It learns so many times as fast as others."""
        return float(getattr(self.module, "learning_rate_factor", 1.0))


@dataclass(slots=True)
class Tape:
    """The operations of a network, each after those whose values it reads; the last gives the network's outputs.

    Attributes:
        inputs: Width of an example.
        operations: In the order in which the module does them, so that dropout's masks come in the same order.
    """

    inputs: int
    operations: list[Operation] = field(default_factory=list)

    @property
    def widths(self) -> list[int]:
        """Of every value: the example, then what the operations give."""
        return [self.inputs, *(operation.width for operation in self.operations)]

    @property
    def is_stack(self) -> bool:
        """Whether it is a stack of dense layers."""
        return all(one.sort is DENSE and one.reads == (k,) for k, one in enumerate(self.operations))


class _Unknown(Exception):  # noqa: N818  # never leaves this file
    """A module does something that no operation does."""


def tape_of(module: nn.Module, inputs: int) -> Tape | None:
    """A module as a tape, or None if it does anything that the fast engines do not understand to the letter.

    Args:
        module: From (batch, *shape) to (batch, outputs).
        inputs: The product of the shape.
    """
    tape = Tape(inputs)
    try:
        result = _read(tape, module, (0,), False)
    except _Unknown:
        return None
    operations = tape.operations
    parameters = [p for p in module.parameters() if p.requires_grad and p.dtype == torch.float32]
    taken = sum(len(one.sort.tensors) for one in operations)
    read = {value for one in operations for value in one.reads}
    if not operations or result != len(operations) or not operations[-1].plain or not parameters:
        return None
    if len(read) < len(operations) or not taken == len(parameters) == len([*module.parameters()]):
        return None  # what nobody reads; a layer that is used twice; weights that are not trained
    return tape


def _read(tape: Tape, module: nn.Module, values: tuple[int, ...], private: bool) -> int:
    """Write down what a module does to values, and return the number of what it gives.

    Args:
        tape: Where to.
        module: What is read.
        values: What it takes.
        private: Whether nobody else takes it, so that an activation may take place where the value was made.
    """
    kind, operations = type(module), tape.operations
    if isinstance(module, nn.Sequential) and kind is nn.Sequential:
        for part in module:
            result = _read(tape, part, values, private)
            values, private = (result,), private or result not in values
        return values[0]
    if isinstance(module, Graph) and kind is Graph:
        return _read_graph(tape, module, values)
    if kind is nn.Identity or (
        isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) == (1, -1)
    ):
        return values[0]
    if kind in SORTS:
        width = SORTS[kind].width(module, [tape.widths[value] for value in values])
        if not width:
            raise _Unknown
        operations.append(Operation(SORTS[kind], module, values, width))
        return len(operations)
    (value,) = values
    made = operations[value - 1] if private and value else None
    if isinstance(module, Dropout):
        # Masks are drawn in the order of the tape.
        if made is None or made.dropout is not None or value != len(operations):
            made = _copy(tape, value)
        made.dropout = module
    elif kind in ACTIVATIONS and _default(module):
        if made is None or not made.plain:
            made = _copy(tape, value)
        made.activation = ACTIVATIONS[kind]
    else:
        raise _Unknown
    return next(k for k, one in enumerate(operations, 1) if one is made)


def _read_graph(tape: Tape, module: Graph, values: tuple[int, ...]) -> int:
    numbers, private = {module.input: values[0]}, {module.input: False}
    readers = Counter(chain.from_iterable(module.sources.values()))
    result = 0
    for mark, part in module.named_children():
        sources = module.sources[mark]
        given = tuple(numbers[source] for source in sources)
        alone = all(private[source] for source in sources)
        result = _read(tape, part, given, alone)
        numbers[mark], private[mark] = result, readers[mark] == 1 and (alone or result not in given)
    return result


def _copy(tape: Tape, value: int) -> Operation:
    tape.operations.append(Operation(COPY, nn.Identity(), (value,), tape.widths[value]))
    return tape.operations[-1]


def _default(part: nn.Module) -> bool:
    return getattr(part, "alpha", 1.0) == 1.0 and getattr(part, "approximate", "none") == "none"
