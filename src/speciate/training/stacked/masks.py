"""The dropout masks of `speciate.layers.modules`, for many networks at once, on any device."""

from __future__ import annotations

import torch
from torch import Tensor

from speciate.layers import modules


def _signed(number: int) -> int:
    """The int64 with the bits of a uint64: devices multiply the former, modulo 2**64, and many lack the latter."""
    return number - 2**64 if number >= 2**63 else number


GAMMA, MIX1, MIX2 = (_signed(int(constant)) for constant in (modules.GAMMA, modules.MIX1, modules.MIX2))


def words_of(rows: Tensor, units: Tensor) -> Tensor:
    """How many words, of four numbers each, the masks of activations (rows, units) take."""
    return (rows * units + 3) >> 2


def draws(keys: Tensor, starts: Tensor, rows: Tensor, units: Tensor, shape: tuple[int, int]) -> Tensor:
    """What every network's `Masks` would draw for a layer's activations.

    Args:
        keys: Of the networks' masks, shape (networks,), int64.
        starts: Words that each has used before, shape (networks,), int64.
        rows: Examples in each one's batch, shape (networks,), int64.
        units: Units of each one's layer, shape (networks,), int64.
        shape: Rows and units of the padded activations.

    Returns:
        Numbers below 65,536, shape (networks, *shape), int64; beyond a network's own rows and units they mean nothing.
    """
    batch, widest = shape
    most = -(-batch * widest // 4)
    words, units = words_of(rows, units)[:, None, None], units[:, None, None]
    row = torch.arange(batch, device=keys.device)[:, None]
    element = row * units + torch.arange(widest, device=keys.device)
    # The network's quarters are `words` long, those in `_bits` are `most` long. Comparing replaces a division, which
    # is slow, and inexact where a device divides whole numbers as floating-point ones.
    gap = most - words
    place = element.clone()
    for quarter in (1, 2, 3):
        place += gap * (element >= quarter * words)
    place = place.clamp_(max=4 * most - 1).flatten(1)
    return _bits(keys, starts, most).flatten(1).gather(1, place).reshape(len(keys), batch, widest)


def _bits(keys: Tensor, starts: Tensor, words: int) -> Tensor:
    """The four quarters of the words from `starts` on, shape (networks, 4, words), the lowest first."""
    number = starts[:, None] + torch.arange(1, words + 1, device=keys.device)
    z = keys[:, None] + number * GAMMA
    z = (z ^ _shifted(z, 30)) * MIX1
    z = (z ^ _shifted(z, 27)) * MIX2
    z = z ^ _shifted(z, 31)
    shifts = torch.arange(0, 64, 16, device=keys.device)[:, None]
    return (z[:, None] >> shifts) & 0xFFFF


def _shifted(z: Tensor, places: int) -> Tensor:
    """`z >> places` as of unsigned numbers: int64's shift copies the sign into the places that it frees."""
    return (z >> places) & ((1 << (64 - places)) - 1)
