"""What a page shows of a champion's answers and of the columns of its table."""

from __future__ import annotations

import re

import numpy as np
import pytest
from small_reports import DATA

from speciate.data import Split
from speciate.evaluators.diagnostics import labels, values
from speciate.report import report_data, run_figures
from speciate.report.figures.answers import confusion
from speciate.report.page import render
from speciate.store import Diagnostics
from speciate.store.diagnostics import ColumnImportance, Importance, Measured

OWN = {"confusion", "calibration", "certainty", "predicted", "residuals", "importance"}
COLUMNS = Importance(
    50,
    10,
    40,
    (
        ColumnImportance("petal width", Measured(0.28, 0.13, 0.43)),
        ColumnImportance("<b>sepal</b>", Measured(-0.003, -0.03, 0.02)),
    ),
)


def split(y: np.ndarray) -> Split:
    return Split(np.zeros((len(y), 1), np.float32), y, None, np.arange(len(y)) + 1)


def classified(classes: int, sealed: bool = True) -> Diagnostics:
    rng = np.random.default_rng(0)
    y = rng.integers(classes, size=200)
    taken = np.where(rng.random(200) < 0.2, (y + 1) % classes, y)
    p = rng.dirichlet(np.ones(classes), size=200) + np.eye(classes)[taken]
    return Diagnostics(200, sealed, labels(split(y), p / 2), importance=COLUMNS)


def regressed() -> Diagnostics:
    rng = np.random.default_rng(0)
    y = rng.normal(size=700)
    return Diagnostics(700, True, values=values(split(y), y + rng.normal(size=700) / 4), importance=COLUMNS)


def page(tmp_path, whole, found: Diagnostics, **about: object) -> tuple[str, set[str]]:
    """The page, and the names of its pictures of answers and columns."""
    run = whole(tmp_path / "run", data={**DATA, **about})
    run.store.set(diagnostics=found.to_json())
    data = report_data(run.close())
    return render(data).decode(), OWN & set(run_figures(data, 820))


@pytest.mark.parametrize(
    ("classes", "names", "words"),
    [
        (2, "confusion calibration certainty importance", "ROC curve: how many"),
        (3, "confusion calibration importance", "area under the ROC curve is"),
        (40, "calibration importance", "The most frequent errors"),
    ],
)
def test_a_classification(tmp_path, whole, classes, names, words):
    labels = [f"kind {i}" for i in range(classes)]
    text, pictures = page(tmp_path, whole, classified(classes), classes=labels)
    assert pictures == set(names.split())
    assert "200 sealed test rows" in text
    assert "kind 1" in text
    assert "that are most certain" in text
    assert re.search(r"\d\.\d% \(\d+\.\d% to \d+\.\d%\)", text)
    assert "Wrong answers that it was most sure of" in text
    assert "petal width" in text
    assert "<b>sepal" not in text
    assert "Of 40 columns, the 2 that seem to matter most" in text
    assert words in text
    assert "10 more classes" in text if classes == 40 else "more class" not in text


def test_a_regression(tmp_path, whole):
    data = {"task": "regression", "metric": "neg_root_mean_squared_error", "classes": [], "target": "rent"}
    text, pictures = page(tmp_path, whole, regressed(), **data)
    assert pictures == {"predicted", "residuals", "importance"}
    assert "95% of the predictions are within 0." in text
    assert "The largest errors" in text
    assert re.search(r"\d+ of the 700 rows are drawn", text)
    assert "root mean squared error gets worse" in text


def test_validation_rows_are_said_to_flatter(tmp_path, whole):
    assert "by which it was chosen: they flatter it" in page(tmp_path, whole, classified(3, sealed=False))[0]


def test_pictures_say_what_they_show(tmp_path, whole):
    run = whole(tmp_path / "run")
    run.store.set(diagnostics=classified(3).to_json())
    data = report_data(run.close())
    drawn = run_figures(data, 820)
    assert drawn["confusion"].about.startswith("Confusion matrix of 3 classes: ")
    assert "of 0 were called 1" in drawn["confusion"].about
    assert "expected calibration error 0." in drawn["calibration"].about
    assert "most certain 50%" in drawn["calibration"].about
    assert "petal width 28.0 points; <b>sepal</b> " in drawn["importance"].about
    assert render(data).decode().count("<figure>") == render(data).decode().count("<figcaption>") == 12
    for name in ("confusion", "calibration", "importance"):  # nothing beyond the edges
        for width in (380.0, 820.0):
            for mark in run_figures(data, width)[name].marks:
                assert 0 <= getattr(mark, "x", 0) <= width


def test_a_large_matrix_fits():
    drawing = confusion(np.eye(26).tolist(), ["a long name of a class"] * 26, 380.0)
    assert max(getattr(mark, "x", 0) for mark in drawing.marks) <= 380
