"""The final of tables: halving on folds, several networks that answer together, and their training again on all rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.interrupting import StopAfter
from tests.run.test_search import results

from speciate.algorithms import AgingEvolution
from speciate.algorithms.halving import cost_of
from speciate.backends import InlineBackend, ProcessBackend
from speciate.champion import load_model, run_facts
from speciate.data import Data, Split, load_data
from speciate.errors import ConfigurationError, EvaluationError
from speciate.evaluators import RunContext, SupervisedEvaluator
from speciate.evaluators import finish as finish_module
from speciate.evaluators.champion import Chosen
from speciate.evaluators.finish import Together, budget_of
from speciate.evaluators.pooling import tempered
from speciate.evaluators.views import Views
from speciate.records import Budget, Candidate, Evaluation, Phase, Status
from speciate.run.search import Search
from speciate.run.stored import candidate_of, recorded
from speciate.spaces import NetworkSpace
from speciate.store import WeightFolder

FIRST: dict[int, SupervisedEvaluator] = {}
"""By folds of the data: it has fitted what a champion is compared with, and has the data as networks take them."""


@pytest.fixture(scope="module")
def iris() -> Data:
    return load_data("sklearn:iris")


def on_iris(data: Data, folder: Path | None, finish: Together | None = None, **more: Any) -> Search:
    given: dict[str, Any] = {"backend": InlineBackend(), "finalists": 3, **more}
    space = NetworkSpace.table(features=4, rows=90, outputs=3, units=(4, 16))
    evaluator = SupervisedEvaluator(data, finish=finish or Together())
    first = FIRST.setdefault(data.parts, evaluator)
    evaluator._fitted, evaluator.views = first._fitted, first.views
    return Search(space, AgingEvolution(4), evaluator, store=folder, examples=100, **given)


@pytest.fixture(scope="module")
def whole(iris: Data, tmp_path_factory: pytest.TempPathFactory) -> Search:
    """A run that nothing happens to."""
    return on_iris(iris, tmp_path_factory.mktemp("whole") / "run").run(generations=2)


def phases(search: Search) -> dict[str, int]:
    return {str(phase): sum(row.phase == phase for row in search.rows) for phase in Phase}


def weights_of(search: Search) -> bytes:
    assert search.folder is not None
    return (search.folder.path / "champion/model.safetensors").read_bytes()


def same(one: Search, other: Search) -> bool:
    """Rows, champion and its weights; a row's weight file may be gone."""
    return (
        results(one) == results(other)
        and one.champion == other.champion
        and weights_of(one) == weights_of(other)
    )


def test_it_goes_its_whole_way_within_its_budget(whole: Search, iris: Data) -> None:
    champion, count = whole.champion, phases(whole)
    assert champion is not None
    assert count["search"] == 8
    assert count["champion"] == 0
    assert count["refit"] == len(champion.trainings) == len(champion.members) <= 8
    assert champion.refit
    run = run_facts(whole.store)["run"]
    final_rows = [row for row in whole.rows if row.phase == Phase.FINAL]
    assert run["trainings"] == len(final_rows) > run["finalists"] == len({row.parents for row in final_rows})
    refits = [row for row in whole.rows if row.phase == Phase.REFIT]
    assert [row.id for row in refits] == list(champion.trainings)
    final = {row.id: row for row in whole.rows if row.phase == Phase.FINAL}
    for row in refits:
        (trained,) = row.parents
        more = (len(iris.train) + len(iris.valid) + iris.test.rows) / len(iris.train)
        assert (row.key, row.examples) == (final[trained].key, round(final[trained].examples * more))
    assert len({row.seed for row in whole.rows}) == len(whole.rows)
    spent = sum(cost_of(r.parameters, r.examples_seen) for r in whole.rows if r.phase == Phase.SEARCH)
    rest = sum(cost_of(r.parameters, r.examples_seen) for r in whole.rows if r.phase != Phase.SEARCH)
    least = (
        2 * 5 + 8
    )  # two networks on five folds, and again on all rows, at twice the examples of the search
    assert rest < max(
        budget_of(RunContext(0, 100, spent=spent)),
        2 * least * 100 * (max(r.parameters for r in whole.rows) + 30_000),
    )


def test_the_networks_that_are_kept_are_judged_by_rows_that_they_were_not_trained_on(
    whole: Search, iris: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluator = SupervisedEvaluator(iris, finish=Together())
    evaluator.weights = WeightFolder(Path("nowhere"))
    final = [recorded(row) for row in whole.rows if row.phase == Phase.FINAL]
    asked: list[tuple[int, np.ndarray]] = []

    def predict(fold: int, x: np.ndarray) -> np.ndarray:
        asked.append((fold, x))
        return np.random.default_rng(fold).dirichlet(np.ones(3), len(x))

    monkeypatch.setattr(evaluator, "load", lambda candidate, weights: candidate.fold)
    monkeypatch.setattr(evaluator, "predict", predict)
    chosen = evaluator.select_champion(final[0], final, [])
    assert {fold for fold, _ in asked} == set(range(5))
    for fold, x in asked:
        assert np.array_equal(x, iris.fold(fold).valid.x)
    networks: dict[str, list[int]] = {}
    for member in chosen.members:  # copies of a network are those of different folds
        networks.setdefault(member.candidate.genome.key, []).append(member.candidate.fold)
    assert all(folds == sorted(set(folds)) for folds in networks.values())
    said = [
        tempered(predict(fold, iris.fold(fold).valid.x), chosen.temperature) for fold in range(iris.parts)
    ]
    assert chosen.score == pytest.approx(
        iris.score(iris.valid, said[0])
    )  # on the rows of the baselines' scores
    every = reduce(Split.joined, (iris.fold(fold).valid for fold in range(iris.parts)))
    assert chosen.numbers == {"out-of-fold score": pytest.approx(iris.score(every, np.concatenate(said)))}


def test_networks_are_trained_on_their_fold_and_then_on_all_rows(
    iris: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[Phase, set[int]] = {}
    now: list[Phase] = []
    evaluate, training = SupervisedEvaluator.evaluate, Views.training

    def evaluating(self: Any, candidates: list[Candidate]) -> list[Evaluation]:
        now[:] = {c.phase for c in candidates}
        return evaluate(self, candidates)

    def trained(self: Any, *view: int) -> Any:
        found = training(self, *view)
        seen.setdefault(now[0], set()).add(len(found[0]))
        return found

    monkeypatch.setattr(SupervisedEvaluator, "evaluate", evaluating)
    monkeypatch.setattr(Views, "training", trained)
    on_iris(iris, None).run(generations=2)
    hand_made = {Phase.CHAMPION: {96}}
    assert seen == {Phase.SEARCH: {96}, Phase.FINAL: {96}, Phase.REFIT: {150}} | hand_made


@pytest.mark.parametrize("class_weights", ["none", "balanced"])
def test_a_network_with_a_temperature_has_it_in_its_weights(tmp_path: Path, class_weights: str) -> None:
    data = load_data("sklearn:iris", class_weights=class_weights)
    evaluator = SupervisedEvaluator(data, finish=Together())
    evaluator.weights = WeightFolder(tmp_path)
    genome = NetworkSpace.table(features=4, rows=90, outputs=3, units=(4, 16)).sample(
        np.random.default_rng(1)
    )
    trained = evaluator.evaluate([Candidate(0, genome, 1, Budget(500), phase=Phase.FINAL)])[0]
    plain = evaluator.predict(evaluator.chosen(Chosen(trained, (trained,))), data.valid.x)
    calm = evaluator.chosen(Chosen(trained, (trained, trained), temperatures=(2.0, 1.0)))
    assert np.allclose(evaluator.predict(calm, data.valid.x), (tempered(plain, 2) + plain) / 2, atol=1e-6)
    assert not np.allclose(tempered(plain, 2), plain, atol=1e-3)


@pytest.mark.parametrize(("most", "refits"), [(1, True), (3, True), (3, False)])
def test_settings(iris: Data, whole: Search, tmp_path: Path, most: int, refits: bool) -> None:
    search = on_iris(iris, tmp_path / "run", Together(most, refits)).run(generations=2)
    champion = search.champion
    assert champion is not None
    assert len(champion.trainings) == most
    assert len(champion.members) == (most if most > 1 else 0)
    assert champion.refit == refits
    assert phases(search)["refit"] == (most if refits else 0)
    final = phases(whole)["search"] + phases(whole)["final"]
    assert results(search)[:final] == results(whole)[:final]  # they decide nothing before
    assert set(champion.trainings) <= {
        r.id for r in search.rows if r.phase == ("refit" if refits else "final")
    }
    model = load_model(tmp_path / "run")
    assert len(model.predict_table("sklearn:iris")) == 150


def test_a_worker_more_changes_nothing(iris: Data, whole: Search, tmp_path: Path) -> None:
    other = on_iris(iris, tmp_path / "run", backend=ProcessBackend(2)).run(generations=2)
    assert same(other, whole)


@pytest.mark.fault(32)
@pytest.mark.parametrize("phase", ["final", "refit"])
@pytest.mark.parametrize("place", [1, -1])
def test_an_interrupted_run_ends_like_an_uninterrupted_one(
    iris: Data, whole: Search, tmp_path: Path, phase: str, place: int
) -> None:
    ids = [row.id for row in whole.rows if row.phase == phase]
    first = on_iris(iris, tmp_path / "run", callbacks=[StopAfter(ids[place] + 1)])
    with pytest.raises(KeyboardInterrupt):
        first.run(generations=2)
    assert first.store.get("status") == "interrupted"
    assert (first.champion is not None) == (phase == "refit")
    assert same(on_iris(iris, tmp_path / "run").run(generations=2), whole)


@pytest.mark.fault(32)
@pytest.mark.parametrize("name", ["select_champion", "examine", "refit"])
def test_interrupted_between_phases_too(
    iris: Data, whole: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def interrupted(self: Any, *arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SupervisedEvaluator, name, interrupted)
        with pytest.raises(KeyboardInterrupt):
            on_iris(iris, tmp_path / "run").run(generations=2)
    assert same(on_iris(iris, tmp_path / "run").run(generations=2), whole)


def test_a_longer_run_takes_the_final_back_and_goes_on(iris: Data, whole: Search, tmp_path: Path) -> None:
    longer = on_iris(iris, tmp_path / "longer").run(generations=3)
    search = on_iris(iris, tmp_path / "run").run(generations=2)
    assert same(search, whole)
    search = on_iris(iris, tmp_path / "run").run(generations=3)
    assert same(search, longer)
    assert phases(search)["search"] == 12


def test_lost_weights_are_trained_again(iris: Data, whole: Search, tmp_path: Path) -> None:
    for finish in (Together(), Together(refits=False), Together(1)):
        folder = tmp_path / str(finish)
        search = on_iris(iris, folder, finish).run(generations=2)
        before = weights_of(search)
        for file in [*(folder / "weights").iterdir(), *(folder / "champion").iterdir()]:
            file.unlink()
        again = on_iris(iris, folder, finish).run(generations=2)
        assert weights_of(again) == before
        assert again.champion == search.champion
        assert "restored" in {kind for _, kind, _ in again.store.events()}


@pytest.mark.parametrize("status", [Status.DIVERGED, Status.ERROR])
def test_where_training_again_fails_the_networks_stay_that_were_scored(
    iris: Data, whole: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: Status
) -> None:
    evaluate: Callable[..., list[Evaluation]] = SupervisedEvaluator.evaluate

    def failing(self: Any, candidates: list[Candidate]) -> list[Evaluation]:
        if candidates[0].phase is Phase.REFIT:
            return [Evaluation(c, status, error="too large") for c in candidates]
        return evaluate(self, candidates)

    monkeypatch.setattr(SupervisedEvaluator, "evaluate", failing)
    search = on_iris(iris, tmp_path / "run").run(generations=2)
    assert search.status == "finished"
    assert search.champion is not None
    assert not search.champion.refit
    assert "refit" in {kind for _, kind, _ in search.store.events()}
    assert len(load_model(tmp_path / "run").predict_table("sklearn:iris")) == 150
    events = search.store.events()
    assert on_iris(iris, tmp_path / "run").run(generations=2).store.events() == events


@pytest.mark.parametrize(("failures", "kept"), [(1, False), (2, True)])
def test_a_network_whose_training_again_fails_has_another_try_and_else_all_stay_as_they_were_scored(
    iris: Data, whole: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int, kept: bool
) -> None:
    assert whole.champion is not None
    refits = [row for row in whole.rows if row.phase == Phase.REFIT]
    (source,) = refits[1].parents
    evaluate: Callable[..., list[Evaluation]] = SupervisedEvaluator.evaluate
    left = [failures]

    def failing(self: Any, candidates: list[Candidate]) -> list[Evaluation]:
        found = evaluate(self, candidates)
        for i, candidate in enumerate(candidates):
            if candidate.phase is Phase.REFIT and candidate.parents == (source,) and left[0]:
                left[0] -= 1
                found[i] = Evaluation(candidate, Status.DIVERGED)
        return found

    monkeypatch.setattr(SupervisedEvaluator, "evaluate", failing)
    search = on_iris(iris, tmp_path / "run").run(generations=2)
    monkeypatch.undo()
    champion, last = search.champion, search.rows[-1]
    assert champion is not None
    assert champion.refit != kept
    assert (last.parents, last.seed != refits[1].seed) == ((source,), True)
    sources, trained = [row.parents[0] for row in refits], [row.id for row in refits]
    assert champion.trainings == tuple(sources if kept else [trained[0], last.id, *trained[2:]])
    said = [message for _, kind, message in search.store.events() if kind == "refit"]
    assert len(said) == kept
    assert not kept or said[0].startswith(f"1 network of {len(refits)} could not be trained again")
    model = load_model(tmp_path / "run")
    assert len(model.predict_table("sklearn:iris")) == 150


def test_what_is_made_of_the_final_needs_one(iris: Data) -> None:
    with pytest.raises(ConfigurationError, match="finalists must be at least 1"):
        on_iris(iris, None, finalists=0)


def test_a_final_in_which_all_fails_says_so(iris: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate: Callable[..., list[Evaluation]] = SupervisedEvaluator.evaluate

    def failing(self: Any, candidates: list[Candidate]) -> list[Evaluation]:
        if candidates[0].phase is Phase.FINAL:
            return [Evaluation(c, Status.DIVERGED) for c in candidates]
        return evaluate(self, candidates)

    monkeypatch.setattr(SupervisedEvaluator, "evaluate", failing)
    with pytest.raises(EvaluationError, match="the trainings of the final failed"):
        on_iris(iris, None).run(generations=2)


def test_where_rows_cannot_be_exchanged_networks_have_several_seeds(iris: Data) -> None:
    search = on_iris(replace(iris, folds=None), None).run(generations=2)
    assert search.champion is not None
    assert search.champion.refit
    assert {candidate_of(row).fold for row in search.rows} == {0}


def test_its_own_numbers_are_part_of_what_a_run_is(iris: Data) -> None:
    of = {str(f): SupervisedEvaluator(iris, finish=f).describe()["finish"] for f in (Together(), Together(1))}
    assert list(of.values()) == [{"ensemble": 8, "refit": True}, {"ensemble": 1, "refit": True}]
    assert "finish" not in SupervisedEvaluator(iris).describe()
    assert finish_module.LARGEST == 8


def test_finalists_take_part_with_bins_and_without() -> None:
    data = load_data("sklearn:wine")
    assert data.bins
    evaluator = SupervisedEvaluator(data, finish=Together())
    recipes = NetworkSpace.table(features=13, rows=100, outputs=3, bins=data.bins).recipes()
    plain, binned = recipes["hand-made"], recipes["MLP with bins"]
    others = (
        recipes["linear"],
        recipes["RealMLP-like"],
    )  # what is linear in bins is another recipe; waves take no bins
    best = [Candidate(i, g, 1, Budget(10)) for i, g in enumerate((plain, binned, *others))]
    first = [(c.id, c.genome) for c in evaluator.finish.entrants(evaluator, best)]
    assert first[:4] == [(c.id, c.genome) for c in best]
    (one, with_bins), (two, without) = first[4:]
    assert (one, two) == (0, 1)
    assert with_bins.bins in data.bins
    assert without.bins == 0
    assert [with_bins.layers, without.layers] == [plain.layers, binned.layers]
    assert SupervisedEvaluator(data).finish.entrants(evaluator, best) == best
