"""Timings that survive a busy machine: rivals take turns, and what counts is the median over turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

from benchmarks.benchmark import Say


def seconds(action: Callable[[], object]) -> float:
    """How long something takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def take_turns(
    contenders: Mapping[str, Callable[[], float]], rounds: int, say: Say
) -> dict[str, list[float]]:
    """Measure every contender once a round, each round beginning with another one.

    Args:
        contenders: What measures itself once, by name.
        rounds: How often.
        say: Where progress goes.

    Returns:
        The measurements by name; equal positions were measured within the same round.
    """
    names = list(contenders)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(contenders[name]())
        say(f"round {turn + 1} of {rounds}: " + ", ".join(f"{name} {found[name][-1]:.4g}" for name in names))
    return found


def median_ratio(ours: list[float], theirs: list[float]) -> float:
    """The median over rounds of ours divided by theirs."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))
