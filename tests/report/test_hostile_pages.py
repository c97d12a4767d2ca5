"""A run folder from a stranger: every string and number in it tries something. Nothing happens."""

from __future__ import annotations

import contextlib
import html.parser
import os
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from speciate.records import Phase
from speciate.report import comparison_lines, report_data, write_comparison, write_report
from speciate.report.page import render
from speciate.spaces import NetworkGenome, Node
from speciate.store import Diagnostics
from speciate.text import clean

SIGN = "owned-by-a-stranger"
ATTACKS = [
    f"<img src=x onerror=\"document.title='{SIGN}';alert(1)\">",
    f"</script><script>document.title='{SIGN}'</script>",
    f"</style><script>document.title='{SIGN}'</script>",
    f"</title></svg><svg onload=\"document.title='{SIGN}'\">",
    f"' onmouseover='document.title=1' \" onfocus=\"document.title='{SIGN}'\" autofocus x=\"",
    "=cmd|'/c calc'!A0",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200f",
    "$\\frac{1}{0}$ \\x00 \x00\x07\x1b[31m",
    "a" * 10_000,
    "\u6f22\u5b57 \U0001f98a \u05d0\u05d1",
]
EVERY = "".join(ATTACKS[:8])
"""All of them at once; cut off somewhere by every limit on lengths."""


def twisted(number: int, attack: str) -> NetworkGenome:
    """A genome with branches in which every name and value is an attack."""
    genes = {
        "kernel": attack,
        "channels": 10**300,
        "size": -1,
        "units": 0.1,
        "mode": attack,
        attack[:40]: 1e99,
    }
    kinds = ["conv", "depthwise", "pool", "add", "concat", "output", "<b>kind</b>", attack]
    nodes = [Node.make(f"{attack[:30]}{i}", kind, genes) for i, kind in enumerate(kinds)]
    marks = ["input", *(node.mark for node in nodes)]
    edges = [(a, b) for i, a in enumerate(marks) for b in marks[i + 1 :: 1 + (i + number) % 3]]
    return NetworkGenome((Node("input", attack), *nodes), tuple(edges), ((attack[:50], attack),))


def hostile(folder: Path, make, perceptron):
    """A run in which every field is an attack, and some have types that they should not have."""
    data = {
        "name": ATTACKS[0],
        "source": ATTACKS[1],
        "task": "classification",
        "metric": ATTACKS[2],
        "target": ATTACKS[3],
        "classes": ATTACKS,
        "input_shape": [10**400, "x", -3],
        "rows": {ATTACKS[0]: 10**300, "test": "many"},
        "fingerprint": ATTACKS[4],
        "notes": [[ATTACKS[0], ATTACKS[1]], "x", 3, *[[a, a] for a in ATTACKS]],
        "summary": ATTACKS,
    }
    run = make(
        folder,
        name=EVERY,
        data=data,
        algorithm=ATTACKS[1],
        versions={a: a for a in ATTACKS},
        identity={a: [a, {a: a}] for a in ATTACKS},
        created=ATTACKS[0],
        status=ATTACKS[0],
        backend=ATTACKS[4],
        workers="lots",
        population_size=1e308,
        seconds="long",
    )
    for i, attack in enumerate(ATTACKS):
        made = perceptron((10**15, 8), activation=attack, **{attack: attack, f"{attack}2": 1e300})
        run.add(
            0.1 * i, made, operator=attack, parents=[i - 1] if i else [], engine=attack, parameters=10**15
        )
        run.add(None, perceptron(activation=attack), status="error", error=f"{attack}\n{attack}")
    run.add(0.5, made, parents=[18], phase=Phase.FINAL)
    run.add(0.5, made, parents=[18], phase=Phase.CHAMPION, weights="0" * 64)
    for attack in ATTACKS:
        run.baseline(attack, 0.5, 0.5, test_low=0.1, test_high=0.9)
        run.store.event(attack, attack)
    estimate = {"value": 0.5, "low": 1e14, "high": -1e14}
    scores = {"label": 10**9, "rows": 10**14, "precision": estimate, "recall": None, "f1": -1e14, "auc": 1e14}
    labels = {
        "matrix": [[1e14, 1e-14], [0, 0]],
        "confused": [[0, 1, 3], [10**9, 2, 3]],
        "scores": [scores, {**scores, "label": 1}],
        "bins": [{"rows": 0, "predicted": 1, "seen": estimate}],
        "calibration_error": -1e14,
        "auc": estimate,
        "roc": [[1, 0], [0, 1]],
        "certain": [{"share": 1, "rows": 0, "accuracy": estimate}],
        "wrong": [{"row": 10**14, "label": 0, "called": 7, "probability": 1}],
    }
    values = {
        "points": [[0, 0]],
        "residuals": {"low": 1e14, "high": -1e14, "counts": [0], "below": 1, "above": 10**14, "mean": 0},
        "within": [[1, 1e14]],
        "largest": [{"row": 1, "value": 1e14, "predicted": -1e14}],
    }
    columns = [{"name": attack, "fall": estimate} for attack in ATTACKS]
    importance = {"rows": 0, "repeats": 0, "columns": 10**14, "found": columns}
    found = {"rows": 10**14, "sealed": True, "labels": labels, "values": values, "importance": importance}
    assert Diagnostics.of(found) is not None
    run.store.set(diagnostics=found)
    run.crown(18, made, 0.9, 0.9, description=EVERY, weights="0" * 64, parameters="many", test_low="low")
    return run


class Tags(html.parser.HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.fault(20)
def test_strings_do_not_become_markup(tmp_path, make, perceptron):
    page = write_report(hostile(tmp_path / "run", make, perceptron).close())
    content = page.read_text("utf-8")
    found = Tags()
    found.feed(content)
    assert not found.tags & {"script", "img", "iframe", "object", "form", "base", "foreignobject"}
    assert not {
        name for name in found.attributes if name.startswith("on") or name in ("style", "src", "autofocus")
    }
    assert not set(content) & set("\u202e\u202c\u2066\u2069\u200f\x00\x07\x1b")


@pytest.mark.fault(20)
def test_wrong_types_in_the_tables(tmp_path, make, perceptron):
    folder = hostile(tmp_path / "run", make, perceptron).close()
    with sqlite3.connect(folder / "run.sqlite") as db:
        db.execute(
            "UPDATE evaluations SET score = 'best', metrics = '[1]', parameters = 'x' WHERE candidate = 0"
        )
        db.execute(
            "UPDATE evaluations SET score = 9e999, examples_seen = 1e300, seconds = -9e999 WHERE candidate = 2"
        )
        db.execute("UPDATE evaluations SET score = 1.7e308 WHERE candidate = 4")
        db.execute("UPDATE evaluations SET score = -1.7e308 WHERE candidate = 6")
        db.execute(
            "UPDATE candidates SET generation = 'first', parents = '[\"x\", 1e300, null]' WHERE id = 8"
        )
        db.execute("UPDATE candidates SET generation = 9223372036854775807 WHERE id = 10")
        db.execute("UPDATE genomes SET json = '{\"nodes\": 3, \"edges\": [[1]]}' WHERE phenotype > '8'")
        db.execute("UPDATE baselines SET valid_score = 'good', metrics = '3'")
    assert write_report(folder).is_file()


@pytest.mark.fault(20)
@pytest.mark.parametrize("policy", ["preserve", ATTACKS[0], 3, None])
def test_a_lineage_of_twisted_graphs(tmp_path, make, policy):
    run = make(tmp_path / "run", identity={"evaluator": {"inherit": policy}})
    for i, attack in enumerate(ATTACKS):
        run.add(0.1 * i, twisted(i, attack), operator=attack, parents=[i - 1, i - 2], generation=i)
    last = run.count - 1
    run.crown(last, twisted(last, ATTACKS[-1]), 0.9, 0.9)
    content = render(report_data(run.close())).decode()
    found = Tags()
    found.feed(content)
    assert not found.tags & {"script", "img", "b"}
    assert not {name for name in found.attributes if name.startswith("on") or name in ("style", "src")}
    assert not set(content) & set("\u202e\u202c\u2066\u2069\u200f\x00\x07\x1b")
    assert "The steps, drawn" in content
    assert len(content) < 3_000_000


@pytest.mark.fault(20)
def test_deep_nesting(tmp_path, make):
    run = make(tmp_path / "run")
    run.add(0.5)
    deep = "[" * 400 + "]" * 400
    run.store._db.execute("INSERT OR REPLACE INTO run VALUES ('identity', ?)", (f'{{"x": {deep}}}',))
    assert write_report(run.close()).is_file()


@pytest.mark.fault(20)
def test_a_real_browser_shows_it_and_nothing_happens(tmp_path, make, perceptron):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium here to show the page in")
    folder = tmp_path / "comparison"
    for name in ("<img src=x onerror=alert(1)>-0", "aging-0", "aging-1"):
        hostile(folder / name, make, perceptron).close()
    for seed in (0, 1):
        with sqlite3.connect(folder / f"aging-{seed}" / "run.sqlite") as db:
            db.execute("UPDATE run SET value = '\"finished\"' WHERE key = 'status'")
    pages = [write_report(folder / "aging-0"), write_comparison(folder)]
    assert comparison_lines(folder)
    control = tmp_path / "control.html"
    control.write_text(f"<title>x</title>{ATTACKS[1]}<script>console.error('heard')</script>")
    for page in [*pages, control]:
        dom, log = browse(chromium, page, tmp_path / "profile")
        assert ("CONSOLE" in log) == (page == control), log
        assert (f"<title>{SIGN}" in dom) == (page == control)
        assert "</html>" in dom


def browse(chromium: str, page: Path, profile: Path) -> tuple[str, str]:
    """The page's document after it was loaded, and what the browser logged."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    options += ["--disable-background-networking", "--enable-logging=stderr", f"--user-data-dir={profile}"]
    command = [chromium, *options, "--virtual-time-budget=2000", "--dump-dom", page.as_uri()]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            return process.communicate(timeout=60)
        finally:  # a dialog would keep it waiting for ever
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_clean_keeps_what_people_write():
    assert clean("naïve \u6f22\u5b57 \U0001f98a \u05d0") == "naïve \u6f22\u5b57 \U0001f98a \u05d0"
    assert clean("a\nb\tc") == "a b c"
    assert clean("a\nb", lines=True) == "a\nb"
    assert clean("\ud800") == "\N{REPLACEMENT CHARACTER}"
    assert clean("x" * 300, 10) == "x" * 10 + "…"
    assert clean(None) == "None"
