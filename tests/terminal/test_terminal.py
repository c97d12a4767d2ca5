"""What the terminal shows: small pieces, the live view and its plain twin, at any width."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from speciate import FunctionEvaluator, ParameterSpace, RandomSearch, Real, Search
from speciate.backends import InlineBackend
from speciate.errors import DataError
from speciate.spaces import NetworkGenome
from speciate.terminal.output import Block, bar, error_block, harmless, is_plain, number, reference, sparkline
from speciate.terminal.progress import Leader, Progress
from speciate.terminal.screens import comparison
from speciate.terminal.watch import LiveWatcher, PlainWatcher, line, view
from speciate.text import duration


class Clock:
    """A clock that tests set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def printed(thing: Any, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=True, color_system=None, markup=False).print(thing)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (3725, "1 h 2 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.5, "0.5000"), (-2.5, "-2.5000"), (-12345.678, "-12,345.7")]
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


def test_sparklines() -> None:
    assert sparkline([], 10) == ""
    assert sparkline([None], 10) == ""
    assert sparkline([0, 1], 2) == "▁█"
    assert sparkline([0, 1], 6) == "▁▁▁███"
    assert sparkline([0, None, 1], 3) == "▁ █"
    assert sparkline([5, 5], 2) == "▄▄"
    assert sparkline([0, 0, 1, 1], 2) == "▁█"


@given(st.lists(st.none() | st.floats(-1e9, 1e9), max_size=300), st.integers(1, 60))
def test_a_sparkline_fits(values: list[float | None], width: int) -> None:
    assert len(sparkline(values, width)) <= width


@given(st.floats(0, 2), st.integers(1, 100))
def test_a_bar_fits(share: float, width: int) -> None:
    assert len("".join(bar(share, width))) == width


def test_a_run_is_named_as_a_shell_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert reference(tmp_path / "runs" / "quiet-heron") == "quiet-heron"
    assert reference(tmp_path / "my runs" / "a") == "'my runs/a'"
    assert reference(Path("/elsewhere/b")) == "/elsewhere/b"


def test_nothing_that_a_user_wrote_is_obeyed() -> None:
    lines = printed(Block([("error", "[red]x[/red] \x1b[31m\x07 [/]")]), 80)
    assert lines == ["error   [red]x[/red] \N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER} [/]"]
    assert harmless("a\x9bb‮c").plain == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"


@given(st.text(), st.integers(20, 120))
def test_blocks_fit(text: str, width: int) -> None:
    from rich.cells import cell_len

    assert all(cell_len(row) <= width for row in printed(error_block(DataError("x", why=text)), width))


@pytest.mark.fault(39)
@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_where_lines_are_plain(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert not is_plain(Terminal())
    assert is_plain(io.StringIO())
    monkeypatch.setenv(name, value)
    assert is_plain(Terminal())


def score(genome: NetworkGenome) -> float:
    """A score with its best at a third; some fail."""
    x = float(genome.hyper_parameters["x"])
    if x > 0.9:
        raise ValueError("too large")
    return -abs(x - 1 / 3)


def searched(watcher: Any, **limits: Any) -> Search:
    space = ParameterSpace({"x": Real(0, 1)})
    search = Search(
        space, RandomSearch(5), FunctionEvaluator(score), backend=InlineBackend(), callbacks=[watcher]
    )
    return search.run(**limits)


def test_progress_follows_a_run() -> None:
    watcher = PlainWatcher(Console(file=io.StringIO()))
    search = searched(watcher, evaluations=23)
    p, rows = watcher.progress, search.rows
    scores = [row.score for row in rows if row.score is not None]
    assert p.leader is not None
    assert p.leader.score == max(scores) == p.best[-1]
    assert p.done == p.limit == 23
    assert [p.generations[g].count for g in range(5)] == [5, 5, 5, 5, 3]
    assert p.best == [max(r.score for r in rows[: 5 * (g + 1)] if r.score is not None) for g in range(5)]
    assert p.failures["error"] == 23 - len(scores) > 0


@pytest.mark.fault(39)
def test_plain_lines_come_at_most_every_ten_seconds() -> None:
    out, clock = io.StringIO(), Clock()
    watcher = PlainWatcher(Console(file=out, width=10_000, force_terminal=False), clock=clock)
    search = searched(watcher, evaluations=5)
    before = len(out.getvalue().splitlines())
    for seconds in range(1, 35):
        clock.now = seconds
        watcher.on_told(search, [])
    assert len(out.getvalue().splitlines()) == before + 3
    assert "\x1b" not in out.getvalue()


def far() -> Progress:
    """A long way into a run in which everything happened."""
    clock = Clock()
    p = Progress(clock, phase="search", done=187, limit=500, population=50, seconds=3600.0, before=120.0)
    for generation in range(4):
        for i in range(50):
            p._note(
                generation,
                "ok" if i % 7 else "diverged",
                (generation + i / 50) / 5 if i % 7 else None,
                {},
                lambda score: Leader(187, score, 123_456, "64 relu → 32 tanh · adam lr 0.01 " * 3),
            )
    p.baselines = [("majority", 0.1), ("linear", 0.9)]
    p.trainings = [(10_000, 0.91), (20_000, None)]
    p.event("[bold]a long message about something[/bold] that happened a while ago in this very run")
    return p


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("phase", ["ready", "search", "final", "champion", "end"])
def test_the_view_fits(width: int, phase: str) -> None:
    p = far()
    p.phase = phase
    lines = printed(view(p), width)
    assert max(len(row.rstrip()) for row in lines) <= width
    assert len(lines) <= (30 if width == 40 else 18)
    assert any("187" in row for row in lines)


def test_the_view_of_nothing_yet() -> None:
    assert len(printed(view(Progress(Clock())), 40)) < 8


def test_a_plain_line_says_the_same() -> None:
    p = far()
    assert "generation 4 of 10: 187 of 500 networks, best 0.7920" in line(p)
    p.leader = Leader(3, 0.5, 10, "x")
    assert "best 0.5000" in line(p)


def test_the_live_view_goes_away() -> None:
    out = io.StringIO()
    searched(LiveWatcher(Console(file=out, width=80, force_terminal=True)), evaluations=5)
    assert out.getvalue().endswith(("\x1b[2K", "\x1b[?25h")) or "\x1b[2K" in out.getvalue()


@given(st.integers(24, 120), st.floats(-3e4, 1.0))
def test_the_table_of_scores_cuts_no_name_and_no_number(width: int, score: float) -> None:
    row = {
        "valid_score": score, "test_score": score, "test_low": score, "test_high": score, "parameters": 1_234_567,
    }  # fmt: skip
    summary = {"champion": row, "baselines": [{"name": "hand-made", **row}]}
    lines = [line.rstrip() for line in printed(comparison(summary, width), width) if line.strip()]
    assert [line.split()[0] for line in lines[2:]] == ["hand-made", "champion"]
    assert all(len(line) <= width for line in lines)
    assert all(number(score) in line for line in lines[2:])
    assert ("1,234,567" in lines[2]) == ("parameters" in lines[0])
    assert "\N{HORIZONTAL ELLIPSIS}" not in "".join(lines)


def test_what_a_search_starts_from_is_said_with_what_to_be_careful_about() -> None:
    from torch import nn

    from speciate import NetworkSpace, SupervisedEvaluator, from_module, load_data
    from speciate.terminal.plan import print_plan
    from speciate.terminal.screens import _heading

    data = load_data("sklearn:wine")
    module = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3))
    search = Search(
        NetworkSpace.mlp(features=13, rows=100, outputs=3),
        RandomSearch(4),
        SupervisedEvaluator(data, inherit="preserve"),
        ancestor=from_module(module, 4, name="mine", examples=160_000),
        freeze=True,
    )
    start = "mine: 8 relu → 6 tanh, 160,000 examples, frozen"
    warning = "layer 1 of mine cannot be taken over, because the inputs are others: fresh weights, not frozen"
    out = io.StringIO()
    print_plan(search, Console(file=out, width=200, color_system=None))
    lines = out.getvalue().splitlines()
    assert f"from        {start}" in lines
    assert f"warning     {warning}" in lines
    assert any("on top of 2 layers" in line for line in lines)
    assert search.ancestry is not None
    summary = {
        "name": "run", "status": "finished", "data": {}, "algorithm": "random", "seed": 0, "champion": None,
        "ancestor": search.ancestry.to_json("0" * 64),
    }  # fmt: skip
    shown = printed(Block(_heading(summary), 12), 200)
    assert f"from        {start}" in shown
    assert f"warning     {warning}" in shown
