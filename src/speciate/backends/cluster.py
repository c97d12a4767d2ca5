"""The connection to a Ray cluster. The only place where Ray is imported, and late: all else works without it."""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from speciate.backends.node import Answer, NodeSettings, server_of
from speciate.backends.travel import unpack
from speciate.errors import ConfigurationError, EvaluationError, SpeciateError
from speciate.records import Candidate

INSTALL = "pip install 'speciate[ray]'"

LOCAL = "local"
"""The address of a Ray of our own on this machine, which begins and ends with the run."""

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 10.0
"""How long the cluster may take to accept a connection, and to speak."""

GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""How HTTP/2 begins, which gRPC and so Ray speak: the preface and an empty frame of settings (RFC 9113, 3.4 and 6.5)."""

SETTINGS_FRAME = 4
"""The type, in byte 3, of the frame with which a server has to answer."""


def look_for(address: str) -> None:
    """Refuse an address where no Ray cluster answers, and soon: Ray itself would try for minutes, deaf to Ctrl-C.

    Raises:
        ConfigurationError: Ray is not installed, nothing or something else answers, or it is no address.
    """
    if importlib.util.find_spec("ray") is None:
        raise ConfigurationError("the ray backend needs Ray, which is not installed", hint=INSTALL)
    if address in ("auto", LOCAL):
        return
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit() or not host:
        raise ConfigurationError(
            f"{address!r} is not the address of a Ray cluster", where="--address", hint="HOST:PORT, or auto"
        )
    hint = "ray status on one of its machines tells its address; --backend processes needs none"
    try:
        connection = socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS)
    except (OSError, OverflowError) as error:
        raise ConfigurationError(
            f"no Ray cluster answers at {address}", where="--address", why=str(error), hint=hint
        ) from None
    with connection:
        why = "" if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true") else _misfit(connection)
    if why:
        raise ConfigurationError(
            f"what answers at {address} is no Ray cluster", where="--address", why=why, hint=hint
        )


def _misfit(connection: socket.socket) -> str:
    """Why what answers cannot be Ray; empty if it can. Encrypted connections begin otherwise."""
    try:
        connection.settimeout(ANSWER_SECONDS)
        connection.sendall(GREETING)
        answer = connection.recv(9)
    except TimeoutError:
        return f"it says nothing for {ANSWER_SECONDS:g} s"
    except OSError as error:
        return str(error)
    return "" if len(answer) > 3 and answer[3] == SETTINGS_FRAME else "it does not speak gRPC"


def connect(address: str, cpus: int) -> tuple[Any, bool]:
    """Connect, unless there is a connection.

    Args:
        address: The cluster's, "auto" or "local".
        cpus: CPUs of a Ray of our own.

    Returns:
        The module of Ray, and whether the connection is ours to close.

    Raises:
        ConfigurationError: There is no cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a Ray of our own sends no reports
    import ray

    if ray.is_initialized():
        return ray, False
    _hush(ray)
    own = {"num_cpus": cpus, "include_dashboard": False} if address == LOCAL else {}
    try:
        with _our_signals():
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (OSError, RuntimeError, ValueError) as error:
        ray.shutdown()
        raise ConfigurationError(
            "cannot connect to a Ray cluster" if address == "auto" else f"cannot connect to Ray at {address}",
            where="--address",
            why=next(iter(str(error).splitlines()), ""),
            hint="ray start --head makes a cluster of this machine; without --address the run starts a Ray of its own",
        ) from None
    except BaseException:  # nothing stays of a Ray of our own that has begun to start
        ray.shutdown()
        raise
    return ray, True


def evaluate(
    settings: NodeSettings,
    packed: Sequence[Any],
    group: Sequence[Candidate],
    names: Sequence[str],
    *contents: bytes,
) -> list[Answer]:
    """The task, in a process of the cluster.

    Args:
        settings: What to know about the run.
        packed: Where the packed evaluator lies in the object store, in a list, so that Ray hands us the place and not the copy.
        group: What to evaluate.
        names: Names of weight files.
        contents: Their contents.
    """
    import ray

    server = server_of(settings, lambda: unpack(*ray.get(packed[0])))
    return server.serve(group, dict(zip(names, contents, strict=True)))


@contextmanager
def _our_signals() -> Iterator[None]:
    """Keep our way to stop: Ray sets a handler of its own."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit:
        if callable(before):
            before(signal.SIGTERM, None)
        raise
    finally:
        with suppress(ValueError):  # only the main thread has handlers, and may set them
            signal.signal(signal.SIGTERM, before)


def _hush(ray: Any) -> None:
    """Keep Ray from printing, on standard output, the logs of nodes that were lost; we say in a line that one was.

    There is no public way to do so. Where this one does not exist any more, they are printed.
    """
    worker: Any = getattr(getattr(ray, "_private", None), "worker", None)
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *_, **__: None


def explained(error: Any) -> SpeciateError:
    """What an error in a task means to the user."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, SpeciateError):
        return cause
    lines = [line for line in str(cause if cause is not None else error).strip().splitlines() if line.strip()]
    return EvaluationError(
        "a task in the cluster failed",
        why=lines[-1].strip() if lines else "",
        hint="every node needs speciate, in the same version; --backend inline shows errors directly",
    )
