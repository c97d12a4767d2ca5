"""`--backend ray` from the command: one that is not there is one line, one that is there stops in good order."""

from __future__ import annotations

import importlib.util
import re
import shlex
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from speciate.backends import RayBackend, cluster
from speciate.backends.cluster import INSTALL
from speciate.cli.main import load
from speciate.config import RunConfig, Setting, configure, from_toml, remember, resume
from speciate.config.building import build_backend
from speciate.errors import ConfigurationError
from speciate.store import RunFolder

from .conftest import results, shown, speciate
from .test_stopping import assert_gone, start, stop

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason=f"Ray is not installed; {INSTALL}"
)


def configured(**settings: Any) -> RunConfig:
    return configure(
        {key: Setting(value) for key, value in {"data": "d.csv", "backend": "ray", **settings}.items()}
    )


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Ray were installed, which makes no difference before the start."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.mark.fault(35)
def test_without_ray_the_command_to_install_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="needs Ray, which is not installed") as caught:
        RayBackend()
    assert caught.value.hint == INSTALL == "pip install 'speciate[ray]'"


@needs_ray
@pytest.mark.fault(35)
def test_a_cluster_that_does_not_answer_is_one_line_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = speciate("run", "sklearn:iris", "--backend", "ray", "--address", address, cwd=tmp_path)
    assert done.returncode == 78
    assert f"no Ray cluster answers at {address}" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("there")
@pytest.mark.fault(35)
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak gRPC"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "does not speak gRPC"),
        (b"-E", "does not speak gRPC"),
        (b"", "does not speak gRPC"),  # it hangs up
        (None, r"says nothing for 0\.2 s"),
    ],
)
def test_somebody_else_who_answers_is_one_line(
    answer: bytes | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if answer is None:
        monkeypatch.setattr(cluster, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        thread = threading.Thread(target=reply, args=(server, answer), daemon=True)
        thread.start()
        with pytest.raises(
            ConfigurationError, match=f"what answers at {address} is no Ray cluster"
        ) as caught:
            RayBackend(address)
        thread.join()
    assert re.search(why, caught.value.why)
    assert "--backend processes" in caught.value.hint


def reply(server: socket.socket, answer: bytes | None) -> None:
    """Answer whoever connects, or wait until he leaves."""
    connection, _ = server.accept()
    with connection:
        while part := connection.recv(1000):
            if answer is not None and part.endswith(cluster.GREETING[-9:]):
                connection.sendall(answer)
                return


@pytest.mark.usefixtures("there")
@pytest.mark.fault(35)
@pytest.mark.parametrize("address", ["somewhere", "host:", ":6379", "host:port", "host:99999999"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is not the address|no Ray cluster answers"):
        RayBackend(address)


@pytest.mark.usefixtures("there")
def test_settings_reach_the_backend() -> None:
    backend = build_backend(
        configured(workers=3, cpus=2.0, gpus=0.5, candidate_time="60s", examples=500, device="cpu")
    )
    assert isinstance(backend, RayBackend)
    assert (backend.address, backend.workers, backend.cpus, backend.gpus) == ("local", 3, 2.0, 0.5)
    assert backend._limits == {"candidate_time": 60.0, "worker_memory": None, "examples": 500}
    plain = build_backend(configured(device="cpu"))
    assert isinstance(plain, RayBackend)
    assert (plain.cpus, plain.gpus, plain._limits) == (1.0, 0.0, None)


@pytest.mark.fault(23)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"gpus": 1.5}, "a fraction of one such as 0.25, or"),
        ({"cpus": 0.0}, "a fraction of one such as 0.5, or"),
        ({"backend": "processes", "address": "auto"}, 'only backend = "ray" has it'),
        ({"backend": "auto", "gpus": 0.5}, 'only backend = "ray" has it'),
    ],
)
def test_contradictions_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        configured(**settings)


ONE_WAIT = """
import time
from speciate.backends.ray import RayBackend
wait = RayBackend.wait
def once(self):
    RayBackend.wait = lambda self: time.sleep(600)
    return wait(self)
RayBackend.wait = once
"""
"""So that it is still at its search when it is stopped, however late that is: the whole run takes less time than looking for its processes."""


@needs_ray
@pytest.mark.slow
@pytest.mark.fault(32)
@pytest.mark.fault(33)
def test_a_run_on_ray_that_is_stopped_leaves_nothing_and_goes_on_elsewhere(
    runs: Path, first: dict[str, Any]
) -> None:
    process = start("on-ray", runs, "--backend", "ray", workers="2", before=ONE_WAIT)
    everything = stop(process, runs / "runs" / "on-ray", signal.SIGINT)
    assert process.wait() == 130
    assert_gone(everything)
    assert len(everything) > 4  # Ray has processes of its own
    assert shown("on-ray", runs)["status"] == "interrupted"
    done = speciate("resume", "on-ray", "--backend", "processes", "--workers", "1", "--quiet", cwd=runs)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    found = shown("on-ray", runs)
    assert results(found) == results(first)
    assert (found["backend"], found["workers"]) == ("processes", 1)


def moved(tmp_path: Path, config: RunConfig, **settings: Any) -> RunConfig:
    """What the run.toml of a run says after it was resumed with other settings."""
    folder = RunFolder(tmp_path)
    remember(config, folder)
    resume(folder, **settings)
    return from_toml(folder.configuration)


@pytest.mark.usefixtures("there")
def test_a_run_moves_to_a_cluster_and_back(tmp_path: Path) -> None:
    config = configured(data="sklearn:iris", backend="processes", workers=2, generations=3, device="cpu")
    there = moved(tmp_path, config, backend="ray", address="auto")
    assert (there.backend, there.address, there.workers, there.generations) == ("ray", "auto", None, 3)
    more = moved(tmp_path, there, workers=5, evaluations=70)
    assert (more.backend, more.address, more.workers) == ("ray", "auto", 5)
    assert (more.generations, more.evaluations) == (None, 70)
    back = moved(tmp_path, more, backend="inline")
    assert (back.backend, back.address, back.workers, back.evaluations) == ("inline", None, None, 70)


@pytest.mark.usefixtures("there")
def test_an_address_needs_ray(tmp_path: Path) -> None:
    config = configured(data="sklearn:iris", backend="processes", device="cpu")
    with pytest.raises(ConfigurationError, match='only backend = "ray" has it'):
        moved(tmp_path, config, address="auto")


def test_the_commands_in_the_docs_are_understood(there: None, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text()
    commands = [shlex.split(line) for line in re.findall(r"^\$ speciate (run .*)$", page, re.MULTILINE)]
    found: list[RunConfig] = []
    monkeypatch.setattr("speciate.config.start", lambda config, watch: found.append(config))
    monkeypatch.setattr("speciate.cli.start.conduct", lambda prepare, **_: prepare([]))
    for command in commands:
        load("run").main(command[1:], standalone_mode=False)
    assert [config.backend for config in found] == ["ray"] * len(commands) == ["ray", "ray"]
    assert all(isinstance(build_backend(config), RayBackend) for config in found)
    assert flags_of("run") >= set(re.findall(r"`(--[a-z-]+)", page)) - {"--num-cpus"}
    moves = [shlex.split(line) for line in re.findall(r"^\$ speciate resume (.*)$", page, re.MULTILINE)]
    assert len(moves) == 2
    assert flags_of("resume") >= {word for move in moves for word in move if word.startswith("--")}


def flags_of(command: str) -> set[str]:
    return {flag for parameter in load(command).params for flag in parameter.opts}
