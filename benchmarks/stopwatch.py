"""Looks into the compiled engine's loop: a copy of it with a clock around every function that it calls.

The parts are timed where they happen, with the caches as the other parts leave them. The copy is made of the loop's own
code, so it cannot fall behind; only the functions that the code's names stand for are exchanged.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic

PARTS = ("products", "activations", "losses", "optimizers")
"""The modules whose functions the loop calls; functions of one module are timed together."""

EMPTY = len(PARTS)
"""The slot of a function that does nothing: what it takes is the clock's own."""

BOARD = np.zeros(2 + 2 * (len(PARTS) + 1), np.int64)
"""The time now in seconds and nanoseconds, then for every part nanoseconds and calls. One thread at a time may use it."""

ADDRESS, SIZE = BOARD.ctypes.data, len(BOARD)
CLOCK = time.CLOCK_MONOTONIC
clock_gettime: Any = ctypes.CDLL(None).clock_gettime
clock_gettime.argtypes, clock_gettime.restype = [ctypes.c_int, ctypes.c_size_t], ctypes.c_int


@intrinsic
def _at(context: Any, address: Any) -> Any:
    """The pointer to an address: machine code may not write to global arrays, so it is given this one's place."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], context.get_value_type(signature.return_type))

    return types.CPointer(types.int64)(types.intp), generate


def machine_code(function: Any) -> Any:
    """Compiled as the engine's functions are, but not kept on disk."""
    return numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})(function)


@machine_code
def now():
    """Nanoseconds of a clock that never goes back."""
    clock_gettime(CLOCK, ADDRESS)
    board = numba.carray(_at(ADDRESS), (SIZE,))
    return board[0] * 1_000_000_000 + board[1]


def timed(function: Any, slot: int) -> Any:
    """A function that writes down how long it takes."""

    @machine_code
    def run(*arguments):
        started = now()
        found = function(*arguments)
        taken = now() - started
        board = numba.carray(_at(ADDRESS), (SIZE,))
        board[2 + 2 * slot] += taken
        board[3 + 2 * slot] += 1
        return found

    return run


@cache
def watched() -> Any:
    """The copy of the loop."""
    from speciate.training.compiled import loop

    names: dict[str, Any] = dict(vars(loop))
    names |= {name: _watched(getattr(loop, name), slot) for slot, name in enumerate(PARTS)}
    for name, value in vars(loop).items():  # its own functions call each other, and the parts
        if isinstance(value, Dispatcher) and value.py_func.__module__ == loop.__name__:
            names[name] = machine_code(FunctionType(value.py_func.__code__, names))
    return names["train"]


def _watched(module: ModuleType, slot: int) -> ModuleType:
    """A module with the same content, its machine code timed."""
    found = ModuleType(module.__name__)
    for name, value in vars(module).items():
        setattr(found, name, timed(value, slot) if isinstance(value, Dispatcher) else value)
    return found


@contextmanager
def watching() -> Iterator[dict[str, float]]:
    """Let the engine run the copy inside; afterwards the dictionary has the seconds of every part.

    Under "loop" it has those of the whole copy, and under "clocks" those of the clocks, which are in none of the others.
    Only for an engine with one thread.
    """
    from speciate.training.compiled import loop

    found = {"loop": 0.0, "clocks": 0.0}
    copy, original = watched(), loop.train

    def train(*arguments: Any) -> Any:
        started = time.perf_counter()
        begun = copy(*arguments)
        found["loop"] += time.perf_counter() - started
        return begun

    loop.train = train
    BOARD[:] = 0
    try:
        yield found
    finally:
        loop.train = original
    board = BOARD.tolist()
    seen, taken = costs()
    for slot, name in enumerate(PARTS):
        seconds, calls = board[2 + 2 * slot] / 1e9, board[3 + 2 * slot]
        found[name] = seconds - calls * seen
        found["clocks"] += calls * taken
    found["loop"] -= found["clocks"]


def costs(calls: int = 100_000) -> tuple[float, float]:
    """Seconds that a timed function which does nothing seems to take, and those that it takes."""
    _nothing_often(1)
    BOARD[2 + 2 * EMPTY :] = 0
    started = time.perf_counter()
    _nothing_often(calls)
    taken = time.perf_counter() - started
    return float(BOARD[2 + 2 * EMPTY]) / 1e9 / calls, taken / calls


@machine_code
def _nothing():
    return None


_timed_nothing = timed(_nothing, EMPTY)


@machine_code
def _nothing_often(times):
    for _ in range(times):
        _timed_nothing()
