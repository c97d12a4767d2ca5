"""The model card: real numbers, and texts from the data that do nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from small_runs import champion_folder

from speciate.champion import LayersModel, load_model
from speciate.champion.writing import markdown, one_line
from speciate.run.search import Search
from speciate.store import stands_for


def card(of: Search) -> str:
    return (champion_folder(of) / "README.md").read_text()


def layers(of: Search) -> LayersModel:
    model = load_model(champion_folder(of))
    assert isinstance(model, LayersModel)
    return model


def changed(model: LayersModel, **values: Any) -> LayersModel:
    """The model with another description."""
    return LayersModel(model.description.model_copy(update=values), model.module)


@pytest.mark.parametrize("name", ["classifier", "regressor", "digits"])
def test_numbers_come_from_the_run(name: str, request: pytest.FixtureRequest) -> None:
    run: Search = request.getfixturevalue(name)
    text, champion = card(run), run.champion
    assert champion is not None
    assert champion.test_score is not None
    low, high = f"{champion.test_low:.4f}", f"{champion.test_high:.4f}"
    scores = f"| **this network** | {champion.valid_score:.4f} | {champion.test_score:.4f} [{low}, {high}] |"
    assert scores in text
    columns = text.partition("## Columns that matter most")[2].partition("##")[0]
    rows = re.findall(r"^\| (.*) \| -?\d+\.\d+ \[-?\d+\.\d+, -?\d+\.\d+\] \|$", columns, re.MULTILINE)
    assert rows == [one.name for one in layers(run).description.columns]
    assert 0 < len(rows) <= 5 or name == "digits"
    for baseline in run.store.baselines():
        assert baseline.test_score is not None
        assert f"| {baseline.valid_score:.4f} | {baseline.test_score:.4f} [" in text
        lead, low, high = (baseline.metrics[name] for name in ("lead", "lead_low", "lead_high"))
        assert lead == pytest.approx(champion.test_score - baseline.test_score)
        assert f"| {lead:.4f} [{low:.4f}, {high:.4f}] |" in text
    assert "the best of 2 networks" in text
    assert f"| parameters | {champion.parameters:,} (" in text
    assert f"`{run.evaluator.facts()['fingerprint']}`" in text
    assert f"{champion.examples:,} examples" in text
    assert "seed 0" in text
    assert "## License\n\nNot stated." in text
    assert not re.search(r"\b(None|nan)\b", text)


def test_a_better_baseline_is_said(classifier: Search) -> None:
    model = layers(classifier)
    (hardest,) = [b for b in model.description.baselines if b.name == "linear"]
    for value, said in (
        (-0.2, "**behind linear by 0.2000"),
        (0.2, "**ahead of linear by 0.2000"),
        (0.0, "**level with linear;"),
    ):
        scores = model.description.scores.model_copy(update={"test": hardest.scores.test + value})
        alone = [hardest.model_copy(update={"lead": None})]  # a card of an older run
        text = changed(model, scores=scores, baselines=alone).card()
        assert f"On the test rows it is {said}" in text
        assert "whether that is more than chance was not measured" in text


def test_frozen_layers_are_said(classifier: Search) -> None:
    model = layers(classifier)
    assert "frozen" not in model.card()
    for count, said in ((1, "1 layer of it was frozen:"), (2, "2 layers of it were frozen:")):
        run = model.description.run.model_copy(update={"ancestor": "first", "frozen": count})
        assert said in changed(model, run=run).card()


def test_every_column_is_described(classifier: Search) -> None:
    text = card(classifier)
    assert "| age | numeric, standardized | filled with" in text
    assert "| day | date (month), standardized |" in text
    assert "| job | 4 categories, one input each | an input of their own |" in text


def test_texts_from_data_are_inert(classifier: Search) -> None:
    assert "<b>" not in card(classifier)
    assert "&lt;b&gt;x&lt;/b&gt;" in card(classifier)
    assert "y\\|z" in card(classifier)
    assert markdown("a`<img onerror=x>\n# b\u202e|[x](y)") == "a\\`&lt;img onerror=x&gt; \\# b \\|\\[x\\](y)"
    assert one_line('"""\nimport os\\') == "''' import os/"


def test_code_in_names_stays_text(classifier: Search) -> None:
    model = layers(classifier)
    evil = '"""\nraise SystemExit(7)\n"""\\'
    other = changed(
        model,
        target=evil,
        classes=[evil, "'"],
        data=model.description.data.model_copy(update={"name": evil}),
        versions={"speciate": evil},
    )
    names = {"__name__": "model", "__file__": "model.py"}
    exec(compile(other.source(), "model.py", "exec"), names)
    assert names["CLASSES"] == [evil, "'"]


def test_few_test_rows_are_said_to_be_few(classifier: Search) -> None:
    model = layers(classifier)
    words = "12 test rows are few: intervals are wide"
    assert words not in model.card()
    data = model.description.data.model_copy(update={"rows": {"train": 40, "valid": 8, "test": 12}})
    assert words in changed(model, data=data).card()


def test_a_loaded_champion_says_what_it_is_in_four_lines(classifier: Search) -> None:
    model, d = layers(classifier), layers(classifier).description
    lines = repr(model).splitlines()
    assert lines[0] == f"{d.layers}, {d.parameters:,} parameters"
    assert lines[1].endswith(f"to {d.target}, one of {len(d.classes)} classes")
    assert lines[2].startswith(f"accuracy {d.scores.test:.4g} on {d.data.rows['test']} test rows")
    assert lines[3].endswith(f"module takes standardized inputs (rows, {d.input_shape[0]})")
    assert len(lines) == 4
    scores = d.scores.model_copy(update={"test": None})
    untested = repr(changed(model, scores=scores)).splitlines()
    assert untested[2] == f"accuracy {d.scores.valid:.4g} on {d.data.rows['valid']} validation rows"


def test_without_test_rows(classifier: Search) -> None:
    model = layers(classifier)
    scores = model.description.scores.model_copy(update={"test": None, "test_low": None, "test_high": None})
    text = changed(model, scores=scores).card()
    assert "nothing here says how good the network is on new data" in text
    assert "not measured |" in text
    run = model.description.run.model_copy(update={"rungs": [800], "folds": 5})
    rows = {"train": 100, "valid": 25, "test": 0}
    data = model.description.data.model_copy(update={"rows": rows, "split": 'the latest by "when"'})
    numbers = {"out-of-fold score": 0.8125}
    text = changed(model, scores=scores, refit=True, run=run, numbers=numbers, data=data).card()
    assert text.count(stands_for(1, False)) == 1
    assert "answers for all 125 rows, in 5 folds" in text
    assert "On the test rows" not in text
    assert "the test rows were" not in text
    assert 'drawn as the validation rows were, from the same source: the latest by "when".' in text


def test_what_was_trained_again_on_all_rows(classifier: Search) -> None:
    model = layers(classifier)
    assert "again on all rows" not in model.card()
    assert not {"refit", "rungs", "folds"} & set(
        model.description.model_dump() | model.description.run.model_dump()
    )
    run = model.description.run.model_copy(update={"rungs": [800, 3200], "folds": 5, "finalists": 6})
    numbers = {**model.description.numbers, "out-of-fold score": 0.8125}
    other = changed(model, refit=True, run=run, numbers=numbers)
    text = other.card()
    assert text.count(stands_for(1, True)) == 1
    assert (
        "trained again on 800, then 3,200 examples, of which the better went on (successive halving), 6 trainings in all;"
        in text
    )
    run = run.model_copy(update={"finalists": 1, "trainings": 6})
    assert "(successive halving), 1 network in 6 trainings in all;" in changed(model, run=run).card()
    assert "not for test, in 5 folds, each given by networks that were not trained on it: 0.8125." in text
    assert "its out-of-fold score" not in text  # that is not of the test rows
    assert type(model.description).model_validate(other.description.model_dump()) == other.description
