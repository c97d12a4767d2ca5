"""The benchmarks' own machinery: statistics, turns, records, the page, what is kept and what is skipped."""

import json

import numpy as np
import pytest
from benchmarks import __main__ as command
from benchmarks import intervals, places, results, runner, tables, timing
from benchmarks.benchmark import Benchmark, SkippedError
from benchmarks.cache import kept
from benchmarks.registry import BENCHMARKS


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
