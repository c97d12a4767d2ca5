"""The configuration: flags, keys and keywords are one model, and every mistake is found with its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from speciate.algorithms import ALGORITHMS
from speciate.backends import BACKENDS, ProcessBackend
from speciate.compare import Comparison
from speciate.config import (
    KINDS,
    NeuroConfig,
    RunConfig,
    Setting,
    Settings,
    build,
    choices,
    configure,
    evolve,
    from_toml,
    to_toml,
)
from speciate.config import configured as configured_as
from speciate.config.building import absolute, build_algorithm
from speciate.config.checking import expected, in_keywords
from speciate.config.settings import seconds_of
from speciate.errors import ConfigurationError, SpeciateError, StorageError


def configured(**settings: Any) -> RunConfig:
    return configure({key: Setting(value) for key, value in {"data": "d.csv", **settings}.items()})


def test_the_choices_are_what_there_is() -> None:
    assert set(choices("algorithm")) == set(ALGORITHMS)
    assert set(choices("backend")) == {"auto", *BACKENDS}


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in RunConfig.model_fields.values())


TYPOS = [
    ("populaton = 24", 2, "populaton = 24: there is no such setting", "did you mean population?"),
    ("final-examples = 5", 2, "there is no such setting", "did you mean final_examples?"),
    ("zzz = 1", 2, "zzz = 1: there is no such setting", ""),
    ("[search]\npopulation = 5", 2, "settings are not in sections", ""),
    ('population = "24"', 2, 'population = "24": must be a whole number of at least 2', ""),
    ("population = 24.5", 2, "population = 24.5: must be a whole number", ""),
    ("population = true", 2, "population = true: must be a whole number", ""),
    ("population = 1", 2, "of at least 2 and at most 100,000", ""),
    ("test = 1.0", 2, "must be a number of at least 0 and less than 1", ""),
    ("test = nan", 2, "test = NaN: must be a number", ""),
    ("\n\nseed = -1", 4, "seed = -1: must be a whole number of at least 0", ""),
    ('algorithm = "agin"', 2, '"agin": must be one of "aging", "tournament", "random", "local", "guided"', "did you mean aging?"),
    ('space = "con"', 2, 'must be one of "auto", "mlp", "conv", "graph", "table"', "did you mean conv?"),
    ('form = "d"', 2, 'form = "d": there is no such setting', "did you mean from?"),
    ('from = ""', 2, 'from = "": must be the name of a run, or the folder of a run or a champion', ""),
    ("freeze = true", 2, "there is nothing to freeze without a network to start from (from)", ""),
    ('from = "d"\ninherit = "none"', 3, 'nothing can start from a network (from) if inherit = "none"', ""),
    ('inherit = "all"', 2, 'must be one of "none"', ""),
    ('time = "soon"', 2, "must be a time greater than 0", ""),
    ("time = 0", 2, "must be a time greater than 0", ""),
    ('depth = "4-1"', 2, "the first number must not be greater", ""),
    ("depth = [0, 3]", 2, "must be a range of whole numbers from 1", ""),
    ('final_examples = "all"', 2, 'must be "auto" or a whole number', ""),
    ("elites = 5", 2, 'only algorithm = "tournament" has it', ""),
    ('backend = "inline"\nworkers = 4', 3, 'only backend = "processes" or "ray" has it, backend is "inline"', ""),
    ("generations = 3\nevaluations = 4", 3, "give generations or evaluations, not both", ""),
    ("tournament_size = 60", 2, "must be at most population = 20", ""),
]  # fmt: skip


@pytest.mark.fault(22)
@pytest.mark.parametrize(("line", "number", "what", "hint"), TYPOS)
def test_a_mistake_is_named_with_its_line(
    line: str, number: int, what: str, hint: str, tmp_path: Path
) -> None:
    file = tmp_path / "my.toml"
    file.write_text(f'data = "d.csv"\n{line}\n')
    with pytest.raises(ConfigurationError) as caught:
        from_toml(file)
    assert what in caught.value.what
    assert caught.value.where == f"{file}:{number}"
    assert caught.value.hint == hint
    assert caught.value.exit_code == 78


@pytest.mark.fault(22)
def test_all_mistakes_at_once(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    lines = [
        'data = "d"',
        "populaton = 3",
        "examples = 0",
        'algorithm = "tournament"',
        "elites = 50",
        "p = 2",
    ]
    file.write_text("\n".join(lines))
    with pytest.raises(ConfigurationError, match="4 settings cannot be used") as caught:
        from_toml(file)
    found = caught.value.where.splitlines()
    assert [line.split("  ")[0] for line in found] == [f"{file}:{n}" for n in (2, 3, 5, 6)]


def test_what_is_not_toml(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text('data = "d.csv"\nalgorithm = aging\n')
    with pytest.raises(ConfigurationError) as caught:
        from_toml(file)
    assert caught.value.where == f"{file}:2"
    file.write_bytes(b"data = '\xff'")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        from_toml(file)
    with pytest.raises(StorageError):
        from_toml(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), (" 1.5 H ", 5400), ("2d", 172800), (7, 7)],
)
def test_times(text: Any, seconds: float) -> None:
    assert seconds_of(text) == seconds
    assert configured(time=text).time == seconds


@pytest.mark.parametrize("value", ["2-5", "2 - 5", [2, 5], (2, 5)])
def test_ranges(value: Any) -> None:
    assert configured(depth=value).depth == (2, 5)
    assert configured(depth="3").depth == (3, 3)


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def leaves(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas of the numbers that a setting is made of."""
    for part in (
        *schema.get("anyOf", ()),
        *schema.get("prefixItems", ()),
        *filter(None, [schema.get("items")]),
    ):
        yield from leaves(part)
    if schema.get("type") in ("integer", "number"):
        yield schema


EVERY_NUMBER = [
    (kind, key, schema)
    for kind in KINDS
    for key, schema in kind.model_json_schema(by_alias=False)["properties"].items()
    if list(leaves(schema))
]


@pytest.mark.fault(62)
@pytest.mark.parametrize(
    ("kind", "key", "schema"), EVERY_NUMBER, ids=[f"{k.command}-{key}" for k, key, _ in EVERY_NUMBER]
)
def test_b16_every_number_has_bounds_on_both_sides(
    kind: type[Settings], key: str, schema: dict[str, Any]
) -> None:
    for leaf in leaves(schema):
        assert {"minimum", "exclusiveMinimum"} & set(leaf), f"{key} has no lower bound"
        assert {"maximum", "exclusiveMaximum"} & set(leaf), f"{key} has no upper bound"
        assert leaf.get("maximum", 0) <= (1e300 if leaf["type"] == "number" else 2**63 - 1)
    needed = {"data": "d.csv"} if kind is RunConfig else {"task": "xor"}
    one = next(leaves(schema))
    most = one.get("maximum", one.get("exclusiveMaximum"))
    for absurd in (
        10**400,
        2**63,
        -(10**30),
        1e301,
        -1e301,
        float("inf"),
        float("nan"),
        "9" * 5000,
        f"1-{10**20}",
        [1, 10**20],
    ):
        with pytest.raises(ConfigurationError, match=f"{key} = ") as caught:
            configured_as(kind, {name: Setting(value) for name, value in {**needed, key: absurd}.items()})
        assert caught.value.exit_code == 78
        said = expected(key, kind)
        assert any(text in said for text in (f"{most:,}", f"{most / 1e12:,.0f} TB")), (
            f"{key}: {said} does not say {most:,}"
        )


PAIRS = st.tuples(st.integers(1, 9), st.integers(1, 9)).map(lambda pair: tuple(sorted(pair)))
GOOD = st.fixed_dictionaries(
    {"data": WORDS},
    optional={
        "target": WORDS,
        "task": st.sampled_from(choices("task")),
        "validation": st.floats(0.01, 0.99),
        "test": st.floats(0, 0.99),
        "depth": PAIRS,
        "units": PAIRS,
        "mutation": st.sampled_from(choices("mutation")),
        "algorithm": st.sampled_from(choices("algorithm")),
        "population": st.integers(2, 100_000),
        "generations": st.integers(1, 10**6),
        "time": st.floats(0.001, 1e9),
        "examples": st.integers(1, 10**12),
        "final_examples": st.integers(1, 10**12) | st.just("auto"),
        "seed": st.integers(0, 2**63 - 1),
        "workers": st.integers(1, 64),
        "device": st.sampled_from(choices("device")),
        "name": WORDS,
        "space": st.sampled_from(choices("space")),
        "from": WORDS,
    },
)


@given(GOOD)
def test_a_configuration_survives_being_written(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, Any]
) -> None:
    config = configured(**settings)
    file = tmp_path_factory.getbasetemp() / "written.toml"
    file.write_text(to_toml(config), encoding="utf-8", newline="")
    assert from_toml(file) == config


NUMBERS = ["validation", "test", "population", "tournament_size", "elites", "p", "generations", "evaluations", "time",
           "examples", "final_examples", "finalists", "repeats", "batch_size", "seed", "workers"]  # fmt: skip
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(max_value=-1),
    st.text(),
    st.lists(st.integers(), max_size=3),
)


@pytest.mark.fault(23)
@given(
    st.dictionaries(st.sampled_from(sorted(RunConfig.model_fields)) | st.text(), JUNK, min_size=1, max_size=4)
)
def test_junk_is_refused_in_words_or_accepted(settings: dict[str, Any]) -> None:
    with suppress(ConfigurationError):  # and nothing else
        configure({key: Setting(value, "here") for key, value in settings.items()})


@pytest.mark.fault(23)
@pytest.mark.parametrize("key", NUMBERS)
def test_numbers_out_of_range_are_refused_with_the_range(key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{key} = -1: must be") as caught:
        configured(**{key: -1, "algorithm": "tournament"})
    assert any(word in caught.value.what for word in ("at least", "greater than"))


def test_paths_become_absolute_and_names_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("d.csv").write_text("a,b\n")
    assert absolute("d.csv") == str(tmp_path / "d.csv")
    assert absolute("idx:mnist") == f"idx:{tmp_path / 'mnist'}"
    assert absolute("sklearn:iris") == "sklearn:iris"


@pytest.mark.parametrize("name", choices("algorithm"))
def test_algorithms_get_their_settings(name: str) -> None:
    assert build_algorithm(configured(algorithm=name, population=7)).population_size == 7


def test_tournament_settings() -> None:
    built = build_algorithm(configured(algorithm="tournament", tournament_size=4, elites=1, p=0.5))
    assert (built.tournament_size, built.elites, built.p) == (4, 1, 0.5)  # type: ignore[attr-defined]
    assert build_algorithm(configured(tournament_size=4)).sample_size == 4  # type: ignore[attr-defined]


SMALL = {
    "population": 2,
    "generations": 1,
    "examples": 64,
    "final_examples": 64,
    "finalists": 0,
    "backend": "inline",
}


def test_evolve_in_five_lines(tmp_path: Path) -> None:
    search = evolve("sklearn:iris", runs=str(tmp_path), name="mine", **SMALL)
    assert search.status == "finished"
    assert search.champion is not None
    assert search.folder is not None
    assert search.folder.path == tmp_path / "mine"
    assert from_toml(search.folder.configuration).population == 2
    assert "mine" in (tmp_path / "mine" / "report.html").read_text("utf-8")


def test_a_report_that_cannot_be_written_does_not_spoil_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(folder: Path, run: object = None) -> Path:
        raise StorageError("cannot write report.html", why="No space left", where=str(folder))

    monkeypatch.setattr("speciate.report.write_report", full)
    search = evolve("sklearn:iris", runs=str(tmp_path), **SMALL)
    assert search.status == "finished"
    assert "the report could not be written: cannot write report.html" in caplog.text


def test_evolve_arrays(tmp_path: Path, rng: Any) -> None:
    x, y = rng.normal(size=(80, 3)), rng.integers(2, size=80)
    search = evolve((x, y), runs=str(tmp_path), task="classification", **SMALL)
    assert search.champion is not None


def test_mistakes_in_keywords() -> None:
    with pytest.raises(SpeciateError, match="did you mean population") as caught:
        evolve("sklearn:iris", populaton=3)
    assert isinstance(caught.value, ValueError)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_device_that_is_not_there_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="device cuda is not there"):
        evolve("sklearn:iris", device="cuda", runs=str(tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()


def test_errors_of_python_speak_of_keywords_and_the_commands_of_flags() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2
    with pytest.raises(ConfigurationError) as caught:
        evolve(rows, space="conv")
    assert caught.value.where == "space"
    assert caught.value.hint == 'space="mlp", graph or table'
    with pytest.raises(ConfigurationError) as caught, in_keywords(RunConfig):
        raise ConfigurationError(
            "it", where="--worker-memory", hint="--workers 1, --from it, --runs or --salvage"
        )
    assert (caught.value.where, caught.value.hint) == (
        "worker_memory",
        "workers=1, from_ it, runs or --salvage",
    )


@pytest.mark.fault(62)
@pytest.mark.parametrize(
    "settings",
    [
        {"depth": f"1-{10**20 - 1}"},
        {"examples": 2**63},
        {"units": f"1-{10**12}"},
        {"units": "1-65536", "depth": "1-1000"},
        {"workers": 10**6},
        {"time": "9" * 400 + "d"},
        {"image_size": "99999x99999"},
        {"memory": "9" * 99 + "GB"},
    ],
)
def test_b16_absurd_settings_are_refused_before_anything_happens(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        configured(**settings)


@pytest.mark.fault(62)
@pytest.mark.parametrize(
    ("algorithm", "hidden"),
    [("genetic", (60000, 60000)), ("openai-es", (999, 999, 999)), ("cma-es", (200, 200))],
)
def test_b16_networks_of_fixed_shape_have_a_most(algorithm: str, hidden: tuple[int, ...]) -> None:
    config = configured_as(
        NeuroConfig, {"task": Setting("xor"), "algorithm": Setting(algorithm), "hidden": Setting(hidden)}
    )
    with pytest.raises(ConfigurationError, match="weights"):
        build(config)


@pytest.mark.fault(62)
@pytest.mark.parametrize("seeds", [10**9, 1001, 0, -1, True, 2.0])
def test_b16_a_comparison_has_a_most(seeds: Any, tmp_path: Path) -> None:
    settings = {"data": Setting("sklearn:iris"), "runs": Setting(str(tmp_path))}
    with pytest.raises(ConfigurationError, match="at least 1 and at most 1,000"):
        Comparison.start(settings, ["aging", "random"], seeds)


@pytest.mark.fault(62)
@pytest.mark.parametrize("workers", [3, 1000])
def test_b16_no_more_workers_than_candidates(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[FakeWorker] = []

    class FakeWorker:
        def __init__(self, evaluator: bytes, *, warm: bool, candidate: Any) -> None:
            self.ready, self.candidate, self.began = False, candidate, None
            made.append(self)

    monkeypatch.setattr("speciate.backends.processes.WorkerProcess", FakeWorker)
    monkeypatch.setattr("speciate.backends.processes.pack", lambda evaluator: b"")
    backend = ProcessBackend(workers)
    backend.expected = 2
    backend.start(None)  # type: ignore[arg-type]
    assert len(made) == 2
    backend.submit([None, None])  # type: ignore[list-item]
    assert len(made) == 2
    backend.submit([None, None, None])  # type: ignore[list-item]
    assert len(made) == min(workers, 5)
