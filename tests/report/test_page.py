"""The page of a run: complete, self-contained, and there even when hardly anything is."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET

import pytest

from speciate.records import Phase
from speciate.report import report_data, run_figures, write_report
from speciate.report.drawing import Drawing, fitted
from speciate.report.page import render
from speciate.report.png import png
from speciate.report.scores import Scale

PNG = b"\x89PNG\r\n"


def rendered(folder):
    """The page of a folder, without the pictures beside it."""
    return render(report_data(folder)).decode()


def test_a_whole_run(tmp_path, whole):
    page = write_report(whole(tmp_path / "run").close())
    text = page.read_text()
    for words in (
        "90.0%",
        "The final",
        "layer 1: units 16 → 24",
        "ValueError: out of luck",
        "speciate resume run",
    ):
        assert words in text
    assert (
        "It is ahead of hand-made by 4.0 points; whether that is more than chance was not measured." in text
    )  # an older run
    assert "It has 5.0 times fewer parameters than hand-made." in text
    pictures = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    names = "baselines champion generations-density generations-box best-so-far lineage final training operators step-5"
    assert pictures == {f"{name}.png" for name in names.split()}
    assert all(path.read_bytes().startswith(PNG) for path in (tmp_path / "run" / "figures").iterdir())


@pytest.mark.parametrize(
    ("test", "low", "high", "said"),
    [
        (
            0.9,
            0.01,
            0.07,
            "It is ahead of hand-made by 4.0 points [1.0, 7.0].",
        ),
        (0.9, -0.01, 0.09, "It is level with hand-made (difference 4.0 points [\N{MINUS SIGN}1.0, 9.0])."),
        (0.82, -0.07, -0.01, "It is behind hand-made by 4.0 points [1.0, 7.0]."),
        (0.86, -0.02, 0.02, "It is level with hand-made (difference 0.0 points [\N{MINUS SIGN}2.0, 2.0])."),
    ],
)
def test_how_sure_a_difference_is(tmp_path, whole, test, low, high, said):
    run = whole(tmp_path / "run", {"test": test})
    run.baseline("hand-made", 0.78, 0.86, test_low=0.84, test_high=0.88, lead_low=low, lead_high=high)
    text = write_report(run.close()).read_text()
    assert said in text
    assert f"{Scale('accuracy').changes(low, high)}</td>" in text  # of the champion's lead, in the table


def test_nothing_is_loaded_and_nothing_runs(tmp_path, whole):
    text = render(report_data(whole(tmp_path / "run").close())).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert policy
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy[1]
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert "<script" not in text
    assert " style=" not in text
    assert not re.findall(r'(?:src|href)="(?!#|data:)', text)
    assert "http://" not in text


def test_the_page_is_the_same_every_time(tmp_path, whole):
    folder = whole(tmp_path / "run").close()
    first = write_report(folder).read_bytes()
    pictures = {p.name: p.read_bytes() for p in (folder / "figures").iterdir()}
    assert write_report(folder).read_bytes() == first
    assert {p.name: p.read_bytes() for p in (folder / "figures").iterdir()} == pictures


def test_every_picture_says_what_it_shows(tmp_path, whole):
    text = render(report_data(whole(tmp_path / "run").close())).decode()
    for picture in re.findall(r"<svg[^>]*>", text):
        assert 'role="img"' in picture
        assert re.search(r'aria-label="[^"]{20,}"', picture)
    assert text.count("<figure>") == text.count("<figcaption>") == 9


def test_pictures_of_another_lineage_go(tmp_path, whole):
    folder = whole(tmp_path / "run").close()
    (folder / "figures").mkdir()
    for name in ("step-99.png", "step-by-step.png"):
        (folder / "figures" / name).touch()
    write_report(folder)
    assert sorted(p.name for p in (folder / "figures").glob("step*")) == ["step-5.png", "step-by-step.png"]


def test_a_run_with_nothing_in_it(tmp_path, make):
    text = rendered(make(tmp_path / "run", status="running").close())
    assert "no network has been evaluated" in text
    assert "has not proposed any network yet" in text
    assert "not finished" in text


def test_a_folder_without_any_facts(tmp_path, make):
    run = make(tmp_path / "bare")
    run.store._db.execute("DELETE FROM run")
    run.add(0.5)
    assert "This run has not begun" in rendered(run.close())


def test_a_run_in_which_everything_failed(tmp_path, make):
    run = make(tmp_path / "run", status="failed")
    for kind in ("error", "oom", "timeout", "crashed", "diverged"):
        run.add(None, status=kind, error=f"{kind} happened")
    text = rendered(run.close())
    assert "all 5 evaluations failed" in text
    assert "No candidate of the search has a score yet" in text
    assert "oom happened" in text


def test_one_network_and_one_generation(tmp_path, make, perceptron):
    run = make(tmp_path / "run", status="interrupted")
    run.add(0.5)
    run.add(status="pending")
    text = rendered(run.close())
    assert "There is no champion yet" in text
    assert "interrupted" in text


def test_a_run_without_data_final_or_test(tmp_path, make, perceptron):
    run = make(tmp_path / "run", data={"kind": "function"})
    for score in (1.0, 2.0, 2.0, -1e6):
        run.add(score)
    run.crown(1, perceptron(()), 2.0, None, weights=None)
    text = rendered(run.close())
    assert "This run has no test rows" in text
    assert "drawn at random" in text


def test_a_final_that_is_going_on(tmp_path, make):
    run = make(tmp_path / "run", status="running")
    for score in (0.5, 0.6):
        run.add(score)
    run.add(0.6, parents=[1], phase=Phase.FINAL)
    run.add(parents=[0], phase=Phase.FINAL, status="pending")
    assert "The final is not decided yet" in rendered(run.close())


@pytest.mark.fault(18)
def test_a_lost_weight_file_is_said(tmp_path, whole):
    assert "weight file is lost" in rendered(whole(tmp_path / "run").close())


def test_a_long_run(tmp_path, make, perceptron):
    run = make(tmp_path / "run")
    parents = []
    for i in range(120):
        number = run.add(i / 200, generation=i, parents=parents, operator="change_units" if i else "sample")
        parents = [number]
    run.crown(119, perceptron(), 0.6, 0.6)
    text = rendered(run.close())
    assert "The first 108 steps" in text
    assert "Of the 119 steps, 12 are drawn" in text
    assert text.count('<details open="">') == 3
    assert len(text) < 600_000


def test_a_branching_network_is_drawn(tmp_path, make, perceptron):
    run, made = make(tmp_path / "run"), perceptron((16, 32))
    edges = [("input", "mark0"), ("input", "mark1"), ("mark0", "output"), ("mark1", "output")]
    branching = {**made.to_json(), "edges": [list(edge) for edge in edges]}
    run.add(0.5, made)
    run.crown(0, made, 0.5, 0.5, genome=branching)
    data = report_data(run.close())
    assert data.findings.network.edges == ((0, 1), (0, 2), (1, 3), (2, 3))
    assert "32 relu" in run_figures(data, 820)["champion"].about


@pytest.mark.parametrize("metric", ["neg_root_mean_squared_error", "r2", "neg_log_loss", "unheard_of"])
def test_other_metrics(tmp_path, whole, facts, metric):
    folder = whole(tmp_path / "run", data={**facts, "metric": metric, "task": "regression"}).close()
    text = render(report_data(folder)).decode()
    assert ("lower is better" in text) == metric.startswith("neg_")


def test_errors_are_shown_without_their_minus(tmp_path, make):
    run = make(
        tmp_path / "run", data={"name": "x", "metric": "neg_mean_absolute_error", "task": "regression"}
    )
    run.add(-2.5)
    run.add(-1.5)
    text = render(report_data(run.close())).decode()
    assert "best 1.500" in text


def test_a_drawing_is_a_whole_svg_and_a_png():
    drawing = Drawing(100, 50, "a <b> & c")
    drawing.line([(0, 0), (10, 10)], dash=(2.0, 2.0))
    drawing.area([(0, 0), (10, 0), (5, 5)], "accent", 0.5)
    drawing.rect(1, 1, 5, 5, "wash", stroke="accent", radius=2)
    drawing.dot(5, 5, 2, "accent", hollow=True, title="<dot>")
    drawing.text(5, 20, "$x^2$ <i>")
    root = ET.fromstring(drawing.standalone())
    assert root.tag.endswith("svg")
    assert "$x^2$ <i>" in "".join(root.itertext())
    assert png(drawing, "title").startswith(PNG)


def test_text_is_cut_to_the_room():
    assert fitted("short", 12, 100) == "short"
    assert fitted("a long text that does not fit", 12, 60).endswith("…")
