"""The benchmarks' own machinery: statistics, turns, records, the page, what is kept and what is skipped; and tiny runs."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from benchmarks import __main__ as command
from benchmarks import (
    ablation,
    asynchronous,
    broods,
    demo,
    experiment,
    idiomatic,
    inheritance,
    intervals,
    mnist,
    on_ray,
    places,
    results,
    roofline,
    runner,
    sooner,
    stopwatch,
    table_curves,
    tables,
    timing,
    training,
)
from benchmarks.benchmark import Benchmark, SkippedError
from benchmarks.cache import kept
from benchmarks.registry import BENCHMARKS

from speciate.backends import InlineBackend
from speciate.evaluators import FunctionEvaluator


def toy(name="toy", measure=lambda settings, say: {"value": settings["size"]}, data=()):
    return Benchmark(
        name, "Why?", {"size": 3}, lambda s: 2.0 * s["size"], measure, lambda r: f"value {r['value']}", data
    )


def test_an_interval_is_students():
    found = intervals.mean_interval([1.0, 2.0, 3.0])
    assert found["mean"] == 2.0
    assert found["high"] - 2.0 == pytest.approx(4.3027 / 3**0.5, rel=1e-4)  # t of 2 degrees of freedom
    assert intervals.shown(intervals.mean_interval([0.5]), factor=100) == "50.00"


def test_pairs_are_compared_by_hand():
    found = intervals.compare_pairs([3.0, 5.0, 7.0], [1.0, 4.0, 4.0])  # differences 2, 1, 3
    assert found["mean"] == 2.0
    assert found["d_z"] == pytest.approx(2.0)
    assert found["p_t"] == pytest.approx(0.0742, abs=1e-4)
    assert found["p_wilcoxon"] == pytest.approx(0.25)
    assert intervals.compare_pairs([1.0, 1.0], [1.0, 1.0])["p_t"] is None


def test_contenders_take_turns():
    calls = []
    contenders = {name: lambda n=name: calls.append(n) or 1.0 for name in "abc"}
    found = timing.take_turns(contenders, 3, lambda text: None)
    assert "".join(calls) == "abcbcacab"
    assert found == {name: [1.0] * 3 for name in "abc"}
    assert timing.median_ratio([2.0, 9.0, 4.0], [1.0, 1.0, 1.0]) == 4.0


def test_a_record_makes_a_section_and_others_are_kept(tmp_path):
    known = [toy("one"), toy("two"), toy("three")]
    runner.run(known[:1], {}, tmp_path)
    runner.run(known[1:2], {"size": 7}, tmp_path)
    page = results.page(known, tmp_path)
    assert "value 3" in page
    assert "value 7" in page
    assert "## three\n\nWhy?\n\nNot measured yet." in page
    assert page.count("* Machine") == 1


def test_a_duration_is_scaled_from_the_last_one(tmp_path, capsys):
    benchmark = toy()
    assert runner.expected_seconds(benchmark, {"size": 3}, tmp_path) == (6.0, "estimated")
    runner.run([benchmark], {}, tmp_path)
    assert "toy: about 6 s (estimated). Why?" in capsys.readouterr().out
    record = results.load(tmp_path, "toy") | {"seconds": 30.0}
    results.save(tmp_path, "toy", record)
    assert runner.expected_seconds(benchmark, {"size": 3}, tmp_path) == (30.0, "as last time")
    assert runner.expected_seconds(benchmark, {"size": 6}, tmp_path) == (60.0, "from last time")


def test_what_lacks_its_data_is_skipped_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SPECIATE_DATA", str(tmp_path))
    assert runner.run([toy(data=("absent.npz",))], {}, tmp_path) == ["toy"]
    assert "absent.npz not found" in capsys.readouterr().out
    assert results.load(tmp_path, "toy") is None


def test_what_cannot_run_here_is_skipped(tmp_path, capsys):
    def measure(settings, say):
        raise SkippedError("no such thing here")

    assert runner.run([toy(measure=measure)], {}, tmp_path) == ["toy"]
    assert "skipped: no such thing here" in capsys.readouterr().out


def test_finished_parts_are_kept(tmp_path):
    first = kept(tmp_path, {"size": 1}, "a", lambda: {"x": 1})
    assert first["x"] == 1
    assert first["commit"]
    assert kept(tmp_path, {"size": 1}, "a", lambda: pytest.fail("done before")) == first
    assert kept(tmp_path, {"size": 2}, "a", lambda: {"x": 2})["x"] == 2


def test_every_benchmark_is_described_and_its_record_can_be_shown():
    for name, benchmark in BENCHMARKS.items():
        assert benchmark.name == name
        assert benchmark.purpose.endswith("?")
        assert benchmark.estimate(benchmark.settings) > 0
        if record := results.load(places.RESULTS, name):
            assert record["settings"].keys() == benchmark.settings.keys()
            assert benchmark.show(json.loads(json.dumps(record["result"])))


def test_the_page_is_what_the_records_say():
    assert places.PAGE.read_text() == results.page(BENCHMARKS.values(), places.RESULTS)


def test_the_command_refuses_what_it_does_not_know(capsys):
    for arguments in (["nonsense"], ["startup", "--population", "3"], ["startup", "--rounds", "0"]):
        with pytest.raises(SystemExit, match="2"):
            command.main(arguments)
    assert "at least 1" in capsys.readouterr().err


def test_a_search_on_a_table_finds_the_best_of_few():
    seen = np.arange(9.0)
    space = tables.Table("toy", 40, (3, 3), seen[:, None], seen, None, {})
    for make in tables.algorithms().values():
        assert tables.search(make(), space, seed=1) == 8


@pytest.mark.parametrize("name", ["aging", "guided", "Optuna, the same without repeats"])
def test_regrets_of_a_search_on_a_table_are_worked_by_hand(name):
    worth = np.arange(12.0)
    curve = table_curves.Curve("toy", ((3, False), (4, True)), worth[:, None], worth, worth[::-1])
    assert curve.regrets(np.array([0, 11] * 25), np.array([0.0, 5.0] * 25)) == {
        "found": [0.0],
        "regret": [2.0],
    }
    if name.startswith("Optuna"):
        pytest.importorskip("optuna")
    found = table_curves.follow(table_curves.searches()[name], curve, 1, 50)
    assert found["found"] == [0.0]
    assert "@50" in table_curves.show({"random": {part: [found[part]] for part in ("found", "regret", "ms")}})


SMALL = broods.BROODS["small"]


def quiet(text):
    """Progress that nobody reads."""


def test_a_sample_is_spread_evenly_over_sizes():
    sizes = [5, 1, 3, 2, 4, 0]
    assert broods.spread("fbdcea", sizes, 3) == ["b", "d", "f"]  # ranks 1, 3 and 5 of 0 to 5
    assert sorted(broods.spread("fbdcea", sizes, 10)) == list("abcdef")


def test_a_brood_is_the_same_every_time_and_within_its_ranges():
    genomes = SMALL.genomes(30)
    assert genomes[:5] == SMALL.genomes(5)
    assert {genome.hyper_parameters["optimizer"] for genome in genomes} == set(broods.OPTIMIZERS)
    layers = [dict(node.genes) for genome in genomes for node in genome.layers]
    assert {genes["activation"] for genes in layers} == set(broods.ACTIVATIONS)
    assert all(16 <= genes["units"] <= 64 for genes in layers)


def test_both_sides_build_the_same_network():
    genome = SMALL.genomes(1)[0]
    ours = SMALL.jobs([genome], 64)[0].module
    theirs = idiomatic.build(genome.to_json(), 20, broods.CLASSES)
    shapes = [[tuple(p.shape) for p in module.parameters()] for module in (ours, theirs)]
    assert shapes[0] == shapes[1]
    assert sum(p.numel() for p in theirs.parameters()) == broods.parameters(genome, 20)


def test_the_idiomatic_loop_learns():
    genome = {
        "nodes": [{"kind": "dense", "genes": {"units": 32, "activation": "relu", "dropout": 0.0}}],
        "hyper": {"optimizer": "adam", "learning_rate": 0.01, "weight_decay": 0.0},
    }
    x, y = SMALL.problem()
    torch.manual_seed(0)
    network = idiomatic.build(genome, 20, broods.CLASSES)
    before = idiomatic.accuracy(network, x, y)
    idiomatic.train(network, genome["hyper"], x, y, examples=12_000, batch=32)
    assert idiomatic.accuracy(network, x, y) > before + 0.3


def test_operations_are_counted_by_hand():
    nodes = [SimpleNamespace(genes=(("units", 3),)), SimpleNamespace(genes=(("units", 5),))]
    genome = SimpleNamespace(layers=nodes)
    # Products 2-3, 3-5 and 5-10 of an example: forward and by the weights all, by the inputs all but the first.
    assert roofline.floating_point_operations(genome, 2, 7) == 2 * 7 * (2 * (6 + 15 + 50) + 15 + 50)


@pytest.fixture(scope="module")
def clocked():
    """A network trained by the loop as it is, the same by the copy with clocks, and what these have counted."""
    from speciate.training.compiled.engine import CompiledEngine

    engine, (x, y) = CompiledEngine(threads=1), SMALL.problem()
    one, other = (SMALL.jobs(SMALL.genomes(2), 320) for _ in range(2))
    engine.train(one, x, y)
    with stopwatch.watching() as parts:
        engine.train(other, x, y)
    return one, other, parts


def test_clocks_change_nothing_and_every_part_is_seen(clocked):
    from speciate.training.compiled import loop

    one, other, parts = clocked
    for a, b in zip(one, other, strict=True):
        for p, q in zip(a.module.parameters(), b.module.parameters(), strict=True):
            torch.testing.assert_close(p, q)
    assert parts.keys() == {"loop", "clocks", *stopwatch.PARTS}
    assert stopwatch.BOARD[3 : 3 + 2 * len(stopwatch.PARTS) : 2].all()  # each has been called
    assert loop.train is not stopwatch.watched()


TINY = {"rounds": 1, "networks": 3, "sample": 2, "article": 1, "examples": 96}


def test_broods_are_measured(real_data):
    pytest.importorskip("PIL")
    found = training.measure(TINY, quiet)
    assert set(found["broods"]) == set(training.BARS)
    assert found["broods"]["small"]["sample"] == 3  # whole
    assert found["broods"]["wide"]["sample"] == 2
    text = training.show(json.loads(json.dumps(found)))
    assert text.count("MNIST (784 inputs)") >= 4


def test_broods_are_measured_without_real_data():
    found = training.measure_brood("small", TINY, quiet)
    assert all(rate > 0 for rates in found["pairs"].values() for who in rates.values() for rate in who)
    assert found["cores"].keys() == found["pairs"].keys()


def test_a_training_that_stops_early_is_no_measure(monkeypatch):
    from speciate.training.compiled.engine import CompiledEngine

    measured = training.ours(SMALL, SMALL.genomes(1), 64, 1)
    monkeypatch.setattr(CompiledEngine, "train", lambda *_: [SimpleNamespace(diverged=True)])
    with pytest.raises(RuntimeError, match="diverged"):
        measured()


def test_steps_are_taken_apart(real_data, monkeypatch, clocked):
    monkeypatch.setattr(roofline, "PEAK_SIZES", (96,))
    monkeypatch.setattr(roofline, "PEAK_SECONDS", 0.01)
    found = roofline.measure({"rounds": 1, "networks": 2, "sample": 1, "examples": 96}, quiet)
    assert found["steps"]["small"]["parts"].keys() == {*roofline.LABELS, "gathering", "loop", "clocks"}
    assert all(times["whole"][0] > 0 for times in found["evaluations"].values())
    assert "GFLOP/s" in roofline.show(json.loads(json.dumps(found)))


@pytest.fixture
def script():
    """The script, where Optuna is installed."""
    pytest.importorskip("optuna")
    from benchmarks import script

    return script


def article_genome(units, optimizer="adam"):
    from speciate.spaces import NetworkGenome, Node, mark

    genes = {"units": units, "activation": "linear", "dropout": 0.25}
    hyper = {"optimizer": optimizer, "learning_rate": 0.001, "weight_decay": 1e-4}
    return NetworkGenome.path([Node.make(mark("dense", "input", "output"), "dense", genes)], hyper).to_json()


def test_the_script_is_given_the_same_networks(script):
    genome = article_genome(200, "rmsprop")
    study = script.optuna.create_study()
    study.enqueue_trial(script.parameters(genome))
    found = script.suggest(study.ask())
    assert found["hyper"] == genome["hyper"]
    assert [node["genes"] for node in found["nodes"]] == [genome["nodes"][1]["genes"]]


@pytest.mark.parametrize("number", range(3))
def test_the_script_scores_networks_in_every_way(script, number):
    way = list(script.WAYS)[number]
    task = script.Task("sklearn:digits", seed=0, examples=2_000, batch=32)
    found = script.run(way, [article_genome(units) for units in (128, 160, 200)], task, cores=2)
    assert len(found.scores) == 3
    assert min(found.scores) > 0.5
    assert 0 < found.evaluating < found.seconds


def test_the_experiment_is_run_beside_the_script(script, monkeypatch, tmp_path):
    rows = [
        SimpleNamespace(genome=article_genome(n), parameters=n, phase="search", repeat_of=same, status="ok")
        for n, same in ((130, None), (140, None), (150, 0))
    ]
    run = {"seconds": 2.0, "trained": 2, "best_valid": 0.9}
    monkeypatch.setattr(mnist, "run", lambda *_, **__: (run, rows))
    monkeypatch.setattr(places, "CACHE", tmp_path)
    monkeypatch.setattr(experiment, "_task", lambda: script.Task("sklearn:digits", 0, 200, 32))
    threads = {name: way for name, way in script.WAYS.items() if "processes" not in name}
    monkeypatch.setattr(script, "WAYS", threads)
    settings = {"population": 3, "generations": 1, "networks": 5, "trial": 1}
    found = experiment.measure(settings, quiet)
    assert found["networks"] == 2  # the repeat is not trained again
    assert "times** as long" in experiment.show(json.loads(json.dumps(found)))
    capped = experiment.measure({**settings, "networks": 1}, quiet)
    assert capped["networks"] == 1
    assert "not comparable" in experiment.show(capped)


def test_every_arm_of_inheritance_is_run_for_every_seed(monkeypatch, tmp_path):
    run = {"test": 0.98, "lineage": 1000, "examples": 5000, "seconds": 2.0, "champion": "8 relu"}
    asked = []

    def toy_run(algorithm, seed, population, how, **limit):
        asked.append((population, how.space, limit["generations"]))
        return {**run, "seed": seed}, []

    monkeypatch.setattr(mnist, "run", toy_run)
    monkeypatch.setattr(places, "CACHE", tmp_path)
    found = inheritance.measure(
        {"seeds": 2, "scratch_seeds": 1, "population": 5, "conv_population": 3, "generations": 4}, quiet
    )
    assert sorted(set(asked)) == [(3, "conv", 4), (5, "mlp", 4)]
    assert len(asked) == 2 * 2 + 2 * 1
    assert "98.00 / 98.00" in inheritance.show(json.loads(json.dumps(found)))


def test_arms_of_the_ablation_differ_from_the_first_by_one_thing_after_another():
    arms = ablation.arms(10)
    assert arms["from scratch"] == ablation.Arm()
    assert arms["from scratch, as many examples as a line"] == ablation.Arm(times=11)
    part = {"test": 0.9, "lineage": 1000, "examples": 5000, "parameters": 10}
    runs = {name: [part, {**part, "test": 0.8}] for name in arms}
    assert "+0.00 [+0.00, +0.00]" in ablation.show({"runs": runs})


def test_who_is_not_there_in_time_takes_longer_than_that():
    there, late = (
        {"goal": goal, "seconds": s, "score": 0.9, "networks": 7} for goal, s in ((True, 10.0), (False, 32.0))
    )
    text = sooner.show(
        {"runs": {"inheritance": [there], "from scratch": [late], "Optuna": [{**there, "seconds": 25.0}]}}
    )
    assert "from scratch takes more than 3.2 times as long" in text
    assert "Optuna takes 2.5 times as long" in text
    assert "not in 32 s (90.00%)" in text


@pytest.mark.slow
def test_a_demo_is_run_with_each_engine(monkeypatch):
    settings = "--population 2 --generations 1 --examples 200 --finalists 0 --final-examples 200 --seed 0"
    monkeypatch.setattr(demo, "COMMAND", ("run", "sklearn:digits", *settings.split(), "--quiet"))
    found = {"runs": {engine: [demo.once(engine)] for engine in demo.ENGINES}}
    assert all(run["networks"] >= 2 for runs in found["runs"].values() for run in runs)
    assert "the command, networks/s" in demo.show(json.loads(json.dumps(found)))


def test_costs_of_candidates_differ_as_they_should():
    genomes = [SimpleNamespace(key=f"{(2 * i + 1) * 16**12 // 4000:012x}") for i in range(2000)]
    equal, different = ([asynchronous.cost(g, spread) for g in genomes] for spread in (0.1, 1.2))
    assert np.mean(equal) == pytest.approx(asynchronous.MEAN, rel=0.01)
    assert np.mean(different) == pytest.approx(asynchronous.MEAN, rel=0.05)
    assert max(equal) / min(equal) < 2.5
    assert np.quantile(different, 0.95) / np.quantile(different, 0.05) == pytest.approx(51.8, rel=0.05)


def test_every_way_to_wait_is_measured_on_the_same_costs(monkeypatch):
    monkeypatch.setattr(asynchronous, "MEAN", 0.0)  # for this process; nobody has to sleep
    backend = InlineBackend()
    backend.start(FunctionEvaluator(asynchronous.very_different))
    ways = asynchronous.arms(8, 2)
    found = {
        name: [asynchronous.once(make(), backend, 30, seed, 1.2) for seed in (0, 1)]
        for name, make in ways.items()
    }
    assert all(run["best"] > -3 for runs in found.values() for run in runs)
    text = asynchronous.show({"costs": {"very different": found}})
    assert text.count("very different: ") == 4
    assert "asynchronous is better by" in text


def test_rays_overhead_is_told_for_each_candidate():
    times = {"first": [2.0], "brood": [1.0], "end": [0.1]}
    work = {"digits": {"processes": times, "ray": {**times, "brood": [1.5], "end": [1.5]}, "equal": True}}
    text = on_ray.show({"brood": 100, "work": work})
    assert "| digits | 1.00 s | 1.50 s | 1.50 x | +5.00 ms | 2 s | 2 s | 1.5 s | yes |" in text


def test_both_backends_are_given_the_same_broods():
    taken, found = on_ray.once("inline", "digits, 2,000 examples, weights inherited", 3)
    again = on_ray.once("inline", "digits, 2,000 examples, weights inherited", 3)[1]
    assert set(taken) == set(on_ray.PARTS)
    assert found == again
    assert [number for number, _, _ in found] == [3, 4, 5]
    assert all(weights for _, _, weights in found)
