"""Limits of time and memory for single networks, as settings of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.inside import shown, speciate

from speciate.backends import ProcessBackend
from speciate.config import RunConfig, Setting, configure, from_toml, to_toml
from speciate.config.building import build_backend
from speciate.config.settings import bytes_of
from speciate.errors import ConfigurationError


def configured(**settings: Any) -> RunConfig:
    return configure({key: Setting(value) for key, value in {"data": "d.csv", **settings}.items()})


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("4GB", 4 * 10**9),
        (" 1.5 gib ", 3 * 2**29),
        ("500M", 500 * 10**6),
        ("512MiB", 2**29),
        ("2000000", 2 * 10**6),
        ("2000000B", 2 * 10**6),
        (3_000_000, 3 * 10**6),
    ],
)
def test_sizes(text: Any, count: int) -> None:
    assert bytes_of(text) == count
    assert configured(worker_memory=text).worker_memory == count


@pytest.mark.fault(23)
@pytest.mark.parametrize("value", ["much", "4 iB", "-4GB", "4", 4, -1, 0, 4e9, "", "1.GB", True])
def test_what_is_no_size_is_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="must be a size of at least 1 MB such as") as caught:
        configured(worker_memory=value)
    assert "worker_memory" in caught.value.what


@pytest.mark.fault(23)
@pytest.mark.parametrize("value", ["soon", "0s", 0, -1])
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"candidate_time = .*must be a time greater than 0"):
        configured(candidate_time=value)


def test_limits_survive_being_written(tmp_path: Path) -> None:
    config = configured(candidate_time="1m", worker_memory="4GB")
    file = tmp_path / "run.toml"
    file.write_text(to_toml(config))
    assert from_toml(file) == config


def test_limits_make_worker_processes() -> None:
    backend = build_backend(configured(candidate_time="60s", device="cpu", examples=500))
    assert isinstance(backend, ProcessBackend)
    assert (backend.candidate_time, backend.worker_memory, backend.examples) == (60.0, None, 500)
    backend = build_backend(configured(worker_memory="1GB", workers=3, device="cuda"))
    assert isinstance(backend, ProcessBackend)
    assert (backend.candidate_time, backend.worker_memory, backend.workers) == (None, 10**9, 3)
    assert build_backend(configured(device="cpu")) is None


def test_an_accelerator_is_not_shared_by_workers_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speciate.config.building.device", lambda name: "cuda")
    with pytest.raises(ConfigurationError, match="candidate_time needs worker processes") as caught:
        build_backend(configured(candidate_time="60s"))
    assert "--workers 1" in caught.value.hint


@pytest.mark.fault(7)
@pytest.mark.parametrize(("flag", "value"), [("--candidate-time", "60s"), ("--worker-memory", "4GB")])
def test_this_process_cannot_stop_itself(flag: str, value: str, tmp_path: Path) -> None:
    done = speciate("run", "sklearn:iris", "--backend", "inline", flag, value, cwd=tmp_path)
    assert done.returncode == 78
    said = " ".join(done.stderr.split())
    assert 'only backend = "processes" or "ray" has it, backend is "inline"' in said
    assert not (tmp_path / "runs").exists()


SMALL = ["sklearn:iris", "--population", "3", "--generations", "1", "--finalists", "0", "--quiet"]


@pytest.mark.fault(7)
@pytest.mark.slow
def test_networks_that_take_too_long_are_stored_and_not_tried_again(tmp_path: Path) -> None:
    # A millisecond for what takes many: it is not the clock that decides.
    settings = [
        *SMALL,
        "--population",
        "5",
        "--examples",
        "200000",
        "--candidate-time",
        "0.001",
        "--workers",
        "1",
    ]
    done = speciate("run", *settings, "--name", "slow", cwd=tmp_path)
    assert done.returncode == 70, done.stderr
    assert "the 0.001 s that candidate_time allows" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    before = shown("slow", tmp_path)
    assert [row["status"] for row in before["scores"]] == ["timeout"] * 5
    again = speciate("resume", "slow", "--quiet", cwd=tmp_path)
    assert again.returncode == 70
    assert "no candidate could be evaluated" in again.stderr
    assert shown("slow", tmp_path)["scores"] == before["scores"]


@pytest.mark.fault(8)
def test_too_little_memory_for_any_worker_is_one_line(tmp_path: Path) -> None:
    done = speciate("run", *SMALL, "--worker-memory", "50MB", cwd=tmp_path)
    assert done.returncode == 78
    assert "worker_memory = 50MB is too little" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_limits_that_nobody_reaches_change_nothing(tmp_path: Path) -> None:
    limits = ["--candidate-time", "1h", "--worker-memory", "1TB", "--workers", "2"]
    scores = []
    for name, more in (("plain", ["--backend", "inline"]), ("limited", limits)):
        done = speciate("run", *SMALL, "--examples", "500", "--name", name, *more, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        scores.append([(row["id"], row["score"], row["status"]) for row in shown(name, tmp_path)["scores"]])
    assert scores[0] == scores[1]
