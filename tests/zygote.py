"""A process that has imported what commands import, and forks real processes from itself: each begins at once, and can be killed.

`tests/forked.py` starts it and sends it orders. It imports nothing of the tests, so that it is no other than a command.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import tempfile
import threading
import traceback
import warnings
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from types import ModuleType
from typing import Any, NoReturn

MODULES = (
    "speciate.run.search",
    "speciate.config.building",
    "speciate.config.neuro_building",
    "speciate.compare",
    "speciate.report.comparison_page",
    "speciate.champion.exporting",
    "speciate.neat.evaluator",
    "speciate.store.salvage",
    "speciate.terminal.watch",
    "speciate.training.compiled.engine",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "sklearn.datasets",
    "sklearn.linear_model",
    "pandas",
    "torch",
)
"""What commands import."""

SMALL = ["--population", "2", "--generations", "1", "--finalists", "0", "--backend", "inline", "--quiet"]
WARM = [
    ["run", "sklearn:iris", *SMALL, "--examples", "50", "--final-examples", "50"],
    ["neat", "xor", *SMALL],
]
"""Runs that begin with what it takes a while to load."""


def obey(order: dict[str, Any], standard: list[int]) -> NoReturn:
    """Be the process that was ordered.

    Args:
        order: What to run, where, and in which environment.
        standard: What becomes standard input, output and error.
    """
    if order["leads"]:
        os.setsid()
    for ours, theirs in enumerate(standard):
        os.dup2(theirs, ours)
        os.close(theirs)
    sys.stdin = os.fdopen(0)
    sys.stdout = os.fdopen(1, "w", buffering=1 if os.isatty(1) else -1)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    path = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    sys.path[:] = list(dict.fromkeys(["", *path, *sys.path[1:]]))
    sys.modules["__main__"] = ModuleType("__main__")
    code = 0
    try:
        _run(order)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)  # as the command ends too


def _run(order: dict[str, Any]) -> None:
    sys.argv = order["argv"]
    for category in order["errors"]:
        warnings.filterwarnings("error", category=getattr(builtins, category), module="__main__")
    if order["code"] is not None:
        exec(compile(order["code"], "<string>", "exec"), vars(sys.modules["__main__"]))
    else:
        sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))  # noqa: PTH100, PTH120 - as Python does
        runpy.run_path(sys.argv[0], run_name="__main__")


def _prepare() -> None:
    """Load everything, and leave nothing that a fork would not survive."""
    for module in MODULES:
        importlib.import_module(module)
    from speciate.cli.main import command
    from speciate.registry import REGISTRIES
    from speciate.training.planner import engines

    before = os.getcwd()  # noqa: PTH109
    with tempfile.TemporaryDirectory() as place:  # compiled loops are loaded when they are first called
        os.chdir(place)
        for arguments in WARM:
            assert command(arguments) == 0
        os.chdir(before)
    for engine in engines():
        if "_pool" in vars(engine):
            vars(engine)["_pool"].shutdown()
    engines.cache_clear()
    for registry in REGISTRIES.values():
        registry._points = None  # what is installed is looked up where it is needed
    assert threading.active_count() == 1, "a fork has one thread only, whoever else may be needed"
    gc.collect()
    gc.freeze()


def serve(orders: socket.socket) -> None:
    """Fork a process for each order, say its number, and when it has ended, how."""
    ended: dict[int, int] = {}
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with DefaultSelector() as selector:
        for source in (orders.fileno(), reading):
            selector.register(source, EVENT_READ)
        while True:
            ready = [key.fd for key, _ in selector.select()]
            if reading in ready:
                os.read(reading, 1000)
                _reap(ended)
            if orders.fileno() not in ready:
                continue
            head, descriptors, _, _ = socket.recv_fds(orders, 4, 4)
            if not head:
                return
            order = json.loads(orders.recv(int.from_bytes(head), socket.MSG_WAITALL))
            *standard, status = descriptors
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for unwanted in (orders.fileno(), reading, writing, status, *ended.values()):
                    os.close(unwanted)
                obey(order, standard)
            for descriptor in standard:
                os.close(descriptor)
            ended[pid] = status
            os.write(status, f"{pid}\n".encode())


def _reap(ended: dict[int, int]) -> None:
    for pid in list(ended):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            with suppress(OSError), os.fdopen(ended.pop(pid), "w") as told:
                print(os.waitstatus_to_exitcode(status), file=told)


if __name__ == "__main__":
    _prepare()
    serve(socket.socket(fileno=int(sys.argv[1])))
