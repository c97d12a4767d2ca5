"""The modules that layers are made of: torch's own, with weights and masks from our streams, and those of merges."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from speciate.layers.activations import GAINS, activation


class SameAsTorch:
    """A module that computes, in evaluation mode, what its base class of torch does: that can stand in its place."""


class Linear(SameAsTorch, nn.Linear):
    """`torch.nn.Linear` that draws no weights: torch's would come from its global generator, to be thrown away at once."""

    def reset_parameters(self) -> None:
        """Nothing: the weights are set by `linear`."""


def linear(inputs: int, outputs: int, gain: float, rng: np.random.Generator) -> Linear:
    """A linear map whose initial weights come from `rng`: normal, variance `gain**2 / inputs`; zero biases."""
    module = Linear(inputs, outputs)
    draw = rng.standard_normal((outputs, inputs), dtype=np.float32)
    with torch.no_grad():
        torch.mul(torch.from_numpy(draw), gain / math.sqrt(inputs), out=module.weight)
        module.bias.zero_()
    return module


class Conv2d(SameAsTorch, nn.Conv2d):
    """`torch.nn.Conv2d` that draws no weights."""

    def reset_parameters(self) -> None:
        """Nothing: the weights are set by `convolution`."""


def convolution(
    inputs: int, outputs: int, kernel: int, stride: int, name: str, rng: np.random.Generator, groups: int = 1
) -> nn.Sequential:
    """A convolution padded with zeros and its activation. The weights come from `rng`.

    They are normal, of variance `gain**2 / inputs of a unit`, the gain being that of the activation; biases are zero.
    """
    module = Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups)
    draw = rng.standard_normal(tuple(module.weight.shape), dtype=np.float32)
    fan = inputs // groups * kernel**2
    with torch.no_grad():
        torch.mul(torch.from_numpy(draw), GAINS[name] / math.sqrt(fan), out=module.weight)
        if module.bias is not None:
            module.bias.zero_()
    parts: OrderedDict[str, nn.Module] = OrderedDict(conv=module)
    if name != "linear":
        parts["activation"] = activation(name)
    return nn.Sequential(parts)


class BatchNorm1d(SameAsTorch, nn.BatchNorm1d):
    """`torch.nn.BatchNorm1d`, but a batch of one is normalized as in evaluation mode instead of being refused.

    The last step of a training may have one example left.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(batch, units) to the same shape."""
        return super().forward(x) if not self.training or len(x) > 1 else _evaluated(self, x)


class BatchNorm2d(SameAsTorch, nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d`, with the same exception for one example of one place."""

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) to the same shape."""
        several = x.numel() > x.shape[1]
        return super().forward(x) if not self.training or several else _evaluated(self, x)


def _evaluated(module: nn.BatchNorm1d | nn.BatchNorm2d, x: Tensor) -> Tensor:
    statistics = module.running_mean, module.running_var
    return functional.batch_norm(x, *statistics, module.weight, module.bias, eps=module.eps)


GAMMA = np.uint64(0x9E3779B97F4A7C15)
MIX1, MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""SplitMix64's constants (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", figure 15)."""

CHANCES = 65_536
"""A unit is dropped in so many of this many equal cases: sixteen random bits are enough for it."""


class Masks:
    """The random bits of one training's dropout: word i is the SplitMix64 output number i + 1 of the key.

    Every word depends on its number alone, so an engine may make them in any order, many at once.

    Args:
        key: The stream's seed, below 2**64.

    Attributes:
        words: How many have been used.
    """

    def __init__(self, key: int) -> None:
        self.key, self.words = np.uint64(key), 0

    def draw(self, count: int) -> np.ndarray:
        """The next `count` numbers below 65,536, shape (count,), uint16.

        Of W words, the lowest sixteen bits of all come first, then the next sixteen of all, and so on.
        """
        words = -(-count // 4)
        z = self.key + np.arange(self.words + 1, self.words + words + 1, dtype=np.uint64) * GAMMA
        z = (z ^ (z >> np.uint64(30))) * MIX1
        z = (z ^ (z >> np.uint64(27))) * MIX2
        z ^= z >> np.uint64(31)
        self.words += words
        quarters = [(z >> np.uint64(shift)).astype(np.uint16) for shift in (0, 16, 32, 48)]
        return np.concatenate(quarters)[:count]


class Dropout(SameAsTorch, nn.Dropout):
    """`torch.nn.Dropout`, with masks from `masks` when there are any.

    Two reasons: results must not depend on a global state, and sixteen bits a unit are cheaper than torch's Bernoulli
    numbers. The probability is therefore rounded to 1 / 65,536.

    Attributes:
        masks: Where masks come from in training; None falls back to torch's own dropout.
    """

    masks: Masks | None = None

    @property
    def threshold(self) -> int:
        """How many of the 65,536 equal cases drop a unit."""
        return round(self.p * CHANCES)

    @property
    def scale(self) -> float:
        """What the units that stay are multiplied by."""
        return 1.0 / (1.0 - self.p)

    def forward(self, x: Tensor) -> Tensor:
        """Zero each element with probability `p` and scale the others by 1 / (1 - p), in training only."""
        if not self.training or self.masks is None:
            return super().forward(x)
        kept = self.masks.draw(x.numel()).reshape(x.shape) >= self.threshold
        return x * torch.from_numpy(kept.astype(np.float32)).mul_(self.scale).to(x.device)


@contextmanager
def torch_seeded(rng: np.random.Generator) -> Iterator[None]:
    """Torch's own generator begins with a number that depends on `rng`, and is afterwards what it was. `rng` does not move.

    Modules that are made inside are of single precision.
    """
    before = torch.get_rng_state()
    torch.default_generator.manual_seed(int(deepcopy(rng).integers(2**63)))
    try:
        with single_precision():
            yield
    finally:
        torch.set_rng_state(before)


@contextmanager
def single_precision() -> Iterator[None]:
    """What is made inside is float32, as in worker processes, whatever the program has set as torch's default."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def with_own_masks(module: nn.Module) -> nn.Module:
    """The module, with dropout whose masks come from the training's own stream in place of torch's."""
    for parent in list(module.modules()):
        for name, part in parent.named_children():
            if type(part) is nn.Dropout:
                setattr(parent, name, Dropout(part.p))
    return Dropout(module.p) if type(module) is nn.Dropout else module


class Sum(nn.Module):
    """`gain[0] * first + gain[1] * second + ...`, channels that an input lacks being zero.

    Args:
        inputs: How many.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(inputs))

    def forward(self, *inputs: Tensor) -> Tensor:
        """Each (batch, channels, ...), to (batch, most channels, ...)."""
        return weighted_sum(self.gain, inputs)

    def extra_repr(self) -> str:
        """How many inputs."""
        return f"inputs={len(self.gain)}"


def weighted_sum(gain: Tensor, inputs: tuple[Tensor, ...]) -> Tensor:
    """What `Sum` computes."""
    width = max(x.shape[1] for x in inputs)
    wide = [
        functional.pad(x, padding(x.ndim, width - x.shape[1])) if x.shape[1] < width else x for x in inputs
    ]
    total = gain[0] * wide[0]
    for i, x in enumerate(wide[1:], 1):
        total = total + gain[i] * x
    return total


def padding(axes: int, lacking: int) -> tuple[int, ...]:
    """What `pad` takes for channels of zeros behind the others of (batch, channels, ...); it begins with the last axis."""
    return (0, 0) * (axes - 2) + (0, lacking)


class Scaling(nn.Module):
    """`x * weight`, a factor for each unit.

    Args:
        units: How many.

    Attributes:
        learning_rate_factor: It learns so many times as fast as other layers.
    """

    learning_rate_factor = 6.0

    def __init__(self, units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(units))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, units) to the same shape."""
        return x * self.weight


class Periodic(nn.Module):
    """For each number x: x itself, then `mix @ cos(2 pi frequency x + phase) + shift`.

    Args:
        numbers: How many.
        waves: Of each number.
        size: Units of each number, itself included.

    Attributes:
        learning_rate_factor: It learns so many times as fast as other layers.
    """

    learning_rate_factor = 0.1

    def __init__(self, numbers: int, waves: int, size: int) -> None:
        super().__init__()
        self.frequency = nn.Parameter(torch.zeros(numbers, waves))
        self.phase = nn.Parameter(torch.zeros(numbers, waves))
        self.mix = nn.Parameter(torch.zeros(numbers, size - 1, waves))
        self.shift = nn.Parameter(torch.zeros(numbers, size - 1))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, numbers) to (batch, numbers * size), the units of a number side by side."""
        waves = torch.cos(math.tau * x.unsqueeze(2) * self.frequency + self.phase)
        mixed = torch.einsum("bnw,nsw->bns", waves, self.mix) + self.shift
        return torch.cat([x.unsqueeze(2), mixed], dim=2).flatten(1)


def drawn(parameter: nn.Parameter, values: np.ndarray) -> None:
    """Give a parameter its first values."""
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(values))


class Join(nn.Module):
    """All channels of the first input, then those of the second, and so on."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Each (batch, channels, ...), to (batch, all channels, ...)."""
        return torch.cat(inputs, dim=1)


class Graph(nn.Module):
    """Layers that take the outputs of other layers.

    Args:
        modules: The layers by mark, in topological order, the head last.
        sources: By mark, the marks that a layer takes its inputs from, in the order in which it takes them; one that is no layer's
            stands for what comes in.
    """

    def __init__(self, modules: Mapping[str, nn.Module], sources: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        for mark, module in modules.items():
            self.add_module(mark, module)
        self.sources = {mark: tuple(sources[mark]) for mark in modules}
        self.last_use = {source: mark for mark, marks in self.sources.items() for source in marks}
        self.input = next(source for source in self.last_use if source not in modules)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, *shape) to (batch, outputs)."""
        values = {self.input: x}
        for mark, module in self.named_children():
            x = module(*(values[source] for source in self.sources[mark]))
            values[mark] = x
            for source in self.sources[mark]:
                if self.last_use[source] == mark:  # its memory is not needed any more
                    values.pop(source, None)
        return x


def made(layer: Any, genes: Mapping[str, Any], inputs: Sequence[tuple[int, ...]], seed: int = 0) -> nn.Module:
    """A layer of a type for measuring, in evaluation mode."""
    rng = np.random.default_rng(seed)
    with torch_seeded(rng):
        return with_own_masks(layer.module(genes, inputs, rng)).eval()


def measured(layer: Any, genes: Mapping[str, Any], inputs: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Trainable parameters, and multiplications of one example, of a layer that is built for it."""
    return _measured(layer, tuple(sorted(genes.items())), tuple(inputs))


@lru_cache(10_000)
def _measured(
    layer: Any, genes: tuple[tuple[str, object], ...], inputs: tuple[tuple[int, ...], ...]
) -> tuple[int, int]:
    from torch.utils.flop_counter import (
        FlopCounterMode,  # only layers of one's own are counted by running them
    )

    module = made(layer, dict(genes), inputs)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        module(*(torch.zeros(1, *shape) for shape in inputs))
    return sum(p.numel() for p in module.parameters() if p.requires_grad), counter.get_total_flops() // 2
