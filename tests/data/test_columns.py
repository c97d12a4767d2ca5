"""How a column's text becomes values: in training, and again in rows to predict for, here and in every model.py."""

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import pytest

from speciate.champion.standalone import table as twin
from speciate.data import load_data, load_rows
from speciate.errors import DataError, DataWarning

N = 120
RNG = np.random.default_rng(0)
AMOUNTS = RNG.normal(50, 20, N).round(2)
POINTS = [f"{value:.2f}" for value in AMOUNTS]
COMMAS = [f"{value:.3f}".replace(".", ",") for value in RNG.uniform(0, 1, N)]
LARGE = RNG.uniform(-9000, 9000, N).round(2)
ANSWERS = RNG.choice(["no", "yes"], N).tolist()
DAYS = pd.Series(RNG.permutation(pd.date_range("2019-03-01", periods=N, freq="3D")))


def text(separator=",", **columns):
    quoted = [[f'"{cell}"' if separator in str(cell) else str(cell) for cell in c] for c in columns.values()]
    rows = [columns, *zip(*quoted, strict=True)]
    return "\n".join(separator.join(row) for row in rows) + "\n"


def uses(data):
    return {column.name: column.phrase for column in data.columns}


def warned(data):
    return " ".join(note.text for note in data.notes if note.level == "warning")


def both(preprocessing, path, sheet):
    """What the library and model.py make of rows: inputs and warnings, or what they refuse."""
    columns = preprocessing.to_json()["columns"]
    with warnings.catch_warnings(record=True) as here:
        warnings.simplefilter("always")
        found = load_rows(path, preprocessing)[1]
    rows = [dict(zip(sheet, row, strict=True)) for row in zip(*sheet.values(), strict=True)]
    with warnings.catch_warnings(record=True) as there:
        warnings.simplefilter("always")
        other = twin.table_inputs(rows, columns).numpy()
    assert np.array_equal(found, other)
    assert sorted(str(w.message) for w in here) == sorted(str(w.message) for w in there)
    return found, " ".join(str(w.message) for w in here)


@pytest.fixture
def trained(write):
    path = write(
        text(
            kg=POINTS,
            gap=[p if i % 9 else "" for i, p in enumerate(POINTS[::-1])],
            when=DAYS.dt.strftime("%d/%m/%Y"),
            kind=["u", "v", "w"] * 40,
            y=ANSWERS,
        )
    )
    return load_data(path, target="y").preprocessing


USUAL = {"kg": "7.5", "gap": "3.25", "when": "31/01/2021", "kind": "u"}


def sheet(rows=12, **cells):
    return {name: [cells.get(name, cell)] * rows for name, cell in USUAL.items()}


@pytest.mark.fault(65)
@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"kg": "8.5 kg"}, '12 of 12 values are not numbers, such as "8.5 kg"; in training they were'),
        ({"kg": "$8.5"}, "not numbers"),
        ({"kg": "abc"}, "not numbers"),
        ({"kg": ""}, '"kg" has no value in any of 12 rows; in training none was missing'),
        ({"gap": ""}, '"gap" has no value in any of 12 rows; in training it had values'),
        ({"gap": "n.a."}, "not numbers"),
        ({"when": "soon"}, '12 of 12 values are not dates, such as "soon"'),
        ({"when": ""}, '"when" has no value'),
        ({"kind": ""}, '"kind" has no value'),
        ({"kg": "1,234"}, "1,234 may be 1234 or 1.234; in training it had a decimal point"),
    ],
)
def test_a3_a_column_that_cannot_be_read_is_refused(trained, write, cells, message):
    path = write(text(";", **sheet(**cells)), "p.csv")
    with pytest.raises(DataError) as error:
        load_rows(path, trained)
    assert message in str(error.value)
    assert error.value.exit_code == 65
    with pytest.raises(ValueError, match=r"in training|may be|no value|not numbers|not dates"):
        both(trained, path, sheet(**cells))


def test_a3_several_columns_are_named_at_once(trained, write):
    with pytest.raises(DataError, match="2 columns cannot be read as in training") as error:
        load_rows(write(text(";", **sheet(kg="8 kg", when="soon")), "p.csv"), trained)
    assert '"kg"' in error.value.why
    assert '"when"' in error.value.why


def test_a3_a_frame_with_a_column_of_text(trained):
    with pytest.raises(DataError, match="12 of 12 values are not numbers"):
        trained.transform(pd.DataFrame(sheet()).assign(kg="abc"))


@pytest.mark.fault(65)
def test_a3_counts_are_said_and_another_decimal_mark_is_read(trained, write):
    mixed = sheet() | {"kg": ["8.5 kg", "7"] * 6, "kind": ["u"] * 12}
    _, said = both(trained, write(text(";", **mixed), "p.csv"), mixed)
    assert said == '"kg": 6 of 12 values are not numbers, such as "8.5 kg"; they count as missing'
    commas = sheet(kg="3,52")
    found, said = both(trained, write(text(";", **commas), "p.csv"), commas)
    assert said == '"kg" has a decimal comma here and had a decimal point in training'
    points = sheet(kg="3.52")
    assert np.array_equal(found, both(trained, write(text(";", **points), "p.csv"), points)[0])


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (["x"] * 12, '12 of 12 values are none of the 3 categories of the training rows, such as "x"'),
        (["x", "z", "u"] * 4, "8 of 12 values are none"),
        (["x", "u", "u"] * 4, ""),
        (["x"], "1 of 1 value is none of the 3 categories"),
    ],
)
def test_a3_categories_that_are_new_are_said(trained, write, kinds, said):
    rows = sheet(len(kinds)) | {"kind": kinds}
    assert said in both(trained, write(text(**rows), "p.csv"), rows)[1]


def test_a3_categories_that_are_all_new_are_refused(trained, write):
    rows = sheet() | {"kind": ["male", "female"] * 6}
    with pytest.raises(DataError, match="12 of 12 values are none of the 3 categories"):
        load_rows(write(text(**rows), "p.csv"), trained)


def test_a3_gaps_in_few_rows_are_as_in_training(trained, write):
    for rows in (sheet(1, gap=""), sheet(3) | {"gap": ["", "1", "2"]}):
        assert both(trained, write(text(**rows), "p.csv"), rows)[1] == ""
    rows = sheet(5, gap="")
    assert "no value in any of 5 rows" in both(trained, write(text(**rows), "p.csv"), rows)[1]


@pytest.mark.parametrize(
    "cells",
    [
        [dt.timedelta(hours=3), "2", "x"],
        [1.5, 1.5, "3,5"],
        [1.234, "3,5", "4,5"],
        [True, 3, None],
        [10**400, 2, 3],
        ["1e400", 2, 3],
        [np.float32(0.5), pd.NA, float("nan")],
    ],
)
def test_cells_that_are_numbers_by_their_type_are_never_read_as_text(trained, cells):
    frame = pd.DataFrame(sheet(3)).assign(kg=pd.Series(cells, dtype=object))
    with warnings.catch_warnings(record=True) as here:
        warnings.simplefilter("always")
        found = trained.transform(frame)
    with warnings.catch_warnings(record=True) as there:
        warnings.simplefilter("always")
        other = twin.table_inputs(frame.to_dict("records"), trained.to_json()["columns"]).numpy()
    assert np.array_equal(found, other)
    assert [str(w.message) for w in here] == [str(w.message) for w in there]
    if cells[0] == 1.234:
        entry = trained.state.columns[0]
        assert found[0, 0] == np.float32((1.234 - entry.mean) / entry.scale)


def swiss(value):
    return f"{value:,.2f}".replace(",", "'")


def german(value):
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


WAYS = {
    "percent": (lambda v: f"{v:.2f}%", "number, in %"),
    "euro behind": (lambda v: f"{german(v)} €", "number, decimal comma, digits grouped by points, in €"),
    "euro before": (lambda v: f"€{v:.2f}", "number, in €"),
    "kg": (lambda v: f"{v:.2f} kg", "number, in kg"),
    "kg without a space": (lambda v: f"{v:.2f}kg", "number, in kg"),
    "dollars": (
        lambda v: f"-${-v:,.2f}" if v < 0 else f"${v:,.2f}",
        "number, digits grouped by commas, in $",
    ),
    "swiss": (swiss, "number, digits grouped by apostrophes"),
    "typographic apostrophe": (
        lambda v: swiss(v).replace("'", "\u2019"),
        "number, digits grouped by apostrophes",
    ),
    "space": (lambda v: german(v).replace(".", " "), "number, decimal comma, digits grouped by spaces"),
    "no-break space": (
        lambda v: german(v).replace(".", "\xa0"),
        "number, decimal comma, digits grouped by spaces",
    ),
    "narrow space": (
        lambda v: german(v).replace(".", "\u202f"),
        "number, decimal comma, digits grouped by spaces",
    ),
    "german": (german, "number, decimal comma, digits grouped by points"),
    "english": (lambda v: f"{v:,.2f}", "number, digits grouped by commas"),
    "parentheses": (lambda v: f"({-v:.2f})" if v < 0 else f"{v:.2f}", "number"),
    "parentheses and a currency": (lambda v: f"(${-v:.2f})" if v < 0 else f"${v:.2f}", "number, in $"),
    "unicode minus": (lambda v: f"{v:.2f}".replace("-", "\u2212"), "number"),
    "plus": (lambda v: f"{v:+.2f}", "number"),
    "exponent": (lambda v: f"{v:.5e}", "number"),
    "comma": (lambda v: f"{v:.2f}".replace(".", ","), "number, decimal comma"),
}


@pytest.mark.fault(66)
@pytest.mark.parametrize("way", WAYS)
def test_a4_ways_to_write_a_number(write, way):
    """They are read as what they say, in training, and again."""
    show, phrase = WAYS[way]
    cells = [show(value) for value in LARGE.tolist()]
    data = load_data(write(text(";", x=cells, y=ANSWERS)), target="y")
    assert uses(data) == {"x": phrase}
    plain = load_data(write(text(x=LARGE, y=ANSWERS), "plain.csv"), target="y")
    assert np.allclose(data.train.x, plain.train.x, atol=1e-6)
    rows = {"x": cells[:20], "z": [1] * 20}
    found, said = both(data.preprocessing, write(text(";", **rows), "p.csv"), rows)
    assert said == ""
    number = plain.preprocessing.transform(pd.DataFrame({"x": LARGE[:20]}))
    assert np.allclose(found, number, atol=1e-6)


@pytest.mark.fault(66)
def test_a4_decimal_marks_are_decided_per_column(write):
    data = load_data(write(text(";", x=COMMAS, p=POINTS, y=ANSWERS)), target="y")
    assert uses(data) == {"x": "number, decimal comma", "p": "number"}
    assert warned(data) == ""


def test_a4_a_column_of_points_and_commas_is_said_loudly(write):
    cells = [p if i % 2 else p.replace(".", ",") for i, p in enumerate(POINTS)]
    data = load_data(write(text(x=cells, p=POINTS, y=ANSWERS)), target="y")
    assert 'column "x" mixes decimal points and decimal commas' in warned(data)


@pytest.mark.parametrize(
    ("separator", "phrase"), [(",", "number, digits grouped by commas"), (";", "number, decimal comma")]
)
def test_a4_what_may_be_two_numbers_is_said(write, separator, phrase):
    cells = [f"{value:,}" for value in RNG.integers(1000, 9999, N)]
    other = COMMAS if separator == ";" else POINTS
    data = load_data(write(text(separator, x=cells, p=other, y=ANSWERS)), target="y")
    assert uses(data)["x"] == phrase
    data = load_data(write(text("\t", x=cells, p=["a", "b"] * 60, y=ANSWERS)), target="y")
    assert "may be" in warned(data)
    assert "no other value decides it" in warned(data)


@pytest.mark.fault(66)
@pytest.mark.parametrize(
    ("show", "phrase"),
    [
        (lambda v: f"${v:,.0f}", "digits grouped by commas, in $"),
        (lambda v: f"{v:,.0f}" if v >= 1000 else f"{v:.0f}", "digits grouped by commas"),
        (lambda v: f"{v:.2f} €".replace(".", ","), "decimal comma, in €"),
    ],
)
def test_a4_targets_with_units_and_thousands(write, show, phrase):
    amounts = RNG.uniform(400, 9000, N).round()
    data = load_data(write(text(";", x=POINTS, y=[show(v) for v in amounts])), target="y")
    assert data.task == "regression"
    assert np.allclose(
        np.sort(np.concatenate([data.train.y, data.valid.y, data.test.open().y])), np.sort(amounts)
    )
    assert any(phrase in note.text for note in data.notes)


def test_a4_codes_with_letters_stay_categories(write):
    data = load_data(write(text(x=["1A", "2A", "3A"] * 40, p=POINTS, y=ANSWERS)), target="y")
    assert uses(data)["x"] == "3 categories"
    assert "looks like numbers with units" in warned(data)
    data = load_data(write(text(x=["1.5 l", "2 l", "3.5 l"] * 40, p=POINTS, y=ANSWERS)), target="y")
    assert uses(data)["x"] == "number, in l"


@pytest.mark.fault(67)
@pytest.mark.parametrize("word", ["None", "null", "NA", "nan"])
def test_a5_a_class_called_none(write, word):
    data = load_data(write(text(x=POINTS, y=["a", word, "b"] * 40)), target="y")
    assert set(data.classes) == {word, "a", "b"}
    assert "taken for a class" in warned(data)
    path = write(text(x=POINTS, y=["a", word, "b", ""] * 30))
    data = load_data(path, target="y")
    assert data.classes == ("a", "b")
    assert "--keep-none" in warned(data)
    assert set(load_data(path, target="y", keep_none=True).classes) == {word, "a", "b"}


@pytest.mark.fault(67)
def test_a5_a_folder_is_a_class_whatever_its_name(tmp_path):
    from PIL import Image

    for name in ("None", "nan", "NA", "01"):
        (tmp_path / name).mkdir()
        for i in range(6):
            Image.fromarray(RNG.integers(0, 255, (8, 8), dtype=np.uint8)).save(tmp_path / name / f"{i}.png")
    data = load_data(tmp_path)
    assert sorted(data.classes) == ["01", "NA", "None", "nan"]


LABELS = [
    ("False", "True"),
    ("FALSE", "TRUE"),
    ("01", "02"),
    ("1.0", "2.0"),
    ("1.50", "2.50"),
    ("007", "7"),
    ("1e5", "2e5"),
    ("12345678901234567890", "12345678901234567891"),
    ("9223372036854775809", "9223372036854775810"),
    ("+1", "-1"),
]


@pytest.mark.fault(68)
@pytest.mark.parametrize("labels", LABELS)
def test_a6_labels_are_as_they_are_written(write, labels):
    path = write(text(x=POINTS, y=[*labels] * 60))
    assert sorted(load_data(path, target="y", task="classification").classes) == sorted(labels)


@pytest.mark.parametrize("labels", LABELS)
def test_a6_labels_of_joined_files(write, labels):
    paths = [write(text(x=POINTS[i : i + 60], y=[*labels] * 30), f"{i}.csv") for i in range(3)]
    data = load_data(
        paths[0], target="y", task="classification", validation_file=paths[1], test_file=paths[2]
    )
    assert sorted(data.classes) == sorted(labels)
    assert (len(data.train), len(data.valid), data.test.rows) == (60, 60, 60)


def test_a6_the_same_number_written_twice_is_one_class(write):
    data = load_data(write(text(x=POINTS, y=["1", "1.0", "2"] * 40)), target="y")
    assert data.classes == ("1", "2")
    assert any("are one class" in note.text for note in data.notes)


def test_joined_files_with_categories_and_another_decimal_mark(write):
    first = write(text(k=["1", "x"] * 60, v=POINTS, y=ANSWERS), "a.csv")
    second = write(text(";", k=["1", "x"] * 60, v=[p.replace(".", ",") for p in POINTS], y=ANSWERS), "b.csv")
    data = load_data(first, target="y", validation_file=second)
    assert uses(data) == {"k": "2 categories", "v": "number"}
    assert data.classes == ("no", "yes")
    assert np.isclose(
        data.valid.x[0, -1], data.preprocessing.transform(pd.DataFrame({"k": ["1"], "v": POINTS[:1]}))[0, -1]
    )


FORMATS = {
    "%d/%m/%Y": "date, day first",
    "%m/%d/%Y": "date, month first",
    "%d.%m.%Y": "date, day first",
    "%d-%m-%Y": "date, day first",
    "%d/%m/%y": "date, day first",
    "%Y-%m-%d": "date",
    "%Y/%m/%d": "date",
    "%b %d, %Y": "date",
    "%B %d, %Y": "date",
    "%d-%b-%y": "date",
    "%d %b %Y": "date",
    "%d/%m/%Y %H:%M": "date, day first",
    "%m/%d/%Y %I:%M %p": "date, month first",
    "%Y-%m-%dT%H:%M:%SZ": "date",
    "%Y-%m-%d %H:%M:%S+02:00": "date",
}


@pytest.mark.fault(69)
@pytest.mark.parametrize("form", FORMATS)
def test_a8_ways_to_write_a_date(write, form):
    cells = DAYS.dt.strftime(form)
    data = load_data(write(text(d=cells, y=ANSWERS)), target="y")
    assert uses(data) == {"d": FORMATS[form]}
    plain = load_data(write(text(d=DAYS.dt.strftime("%Y-%m-%d"), y=ANSWERS), "plain.csv"), target="y")
    assert np.array_equal(data.train.x, plain.train.x)
    rows = {"d": cells[:20].tolist(), "z": [1] * 20}
    assert both(data.preprocessing, write(text(**rows), "p.csv"), rows)[1] == ""


@pytest.mark.fault(69)
def test_a8_dates_that_may_be_either_way_round(write):
    cells = [f"{1 + i % 12:02}/{1 + i % 11:02}/2020" for i in range(N)]
    data = load_data(write(text(d=cells, y=ANSWERS)), target="y")
    assert "day and month may be either way round" in warned(data)
    iso = load_data(write(text(d=DAYS.dt.strftime("%Y-%m-%d"), y=ANSWERS)), target="y").preprocessing
    with pytest.raises(DataError, match="day and month of 02/01/2020 may be either way round"):
        load_rows(write(text(d=["01/01/2020", "02/01/2020"], z=[1, 1]), "p.csv"), iso)
    with pytest.warns(DataWarning, match="has the day first here and had the year first in training"):
        load_rows(write(text(d=["31/01/2020", "02/01/2020"], z=[1, 1]), "p.csv"), iso)


def test_a8_dates_without_separators_are_said(write):
    data = load_data(write(text(d=DAYS.dt.strftime("%Y%m%d"), p=POINTS, y=ANSWERS)), target="y")
    assert 'column "d" looks like dates, such as 20' in warned(data)
    amounts = RNG.integers(20_000_000, 21_000_000, N)
    assert "dates" not in warned(load_data(write(text(d=amounts, y=ANSWERS)), target="y"))


@pytest.mark.parametrize(
    ("form", "last"), [("%H:%M", "23:30"), ("%H:%M:%S", "23:30:00"), ("%I:%M %p", "11:30 PM")]
)
def test_a8_times_of_day_are_parts_of_a_day(write, form, last):
    times = pd.Series(pd.date_range("2020-01-01", periods=N, freq="12min")).dt.strftime(form)
    data = load_data(write(text(t=times, p=POINTS, y=ANSWERS)), target="y")
    assert uses(data)["t"] == "number, in h:mm"
    entry = data.preprocessing.state.columns[0]
    rows = {"t": [last], "p": ["1"]}
    found, _ = both(data.preprocessing, write(text(**rows), "p.csv"), rows)
    assert np.isclose(found[0, 0], (23.5 / 24 - entry.mean) / entry.scale)


WORDS = {
    "gb18030": ["\u5317\u4eac", "\u4e0a\u6d77"],
    "shift_jis": ["\u6771\u4eac", "\u5927\u962a"],
    "cp1251": ["\u041c\u043e\u0441\u043a\u0432\u0430", "\u041a\u0438\u0435\u0432"],
    "euc_kr": ["\uc11c\uc6b8", "\ubd80\uc0b0"],
    "cp1253": ["\u0391\u03b8\u03ae\u03bd\u03b1", "\u03a3\u03cd\u03c1\u03bf\u03c2"],
}


@pytest.mark.fault(70)
@pytest.mark.parametrize("encoding", WORDS)
def test_a8_encodings_are_asked_for_where_they_cannot_be_known(write, encoding):
    path = write(text(x=POINTS, town=RNG.choice(WORDS[encoding], N), y=ANSWERS).encode(encoding))
    with pytest.raises(DataError, match="cannot be read as text") as error:
        load_data(path, target="y")
    assert "--encoding" in error.value.hint
    data = load_data(path, target="y", encoding=encoding)
    assert set(data.preprocessing.state.columns[1].levels) == set(WORDS[encoding])
    with pytest.raises(DataError, match="cannot be read as text"):
        load_rows(path, data.preprocessing)
    assert load_rows(path, data.preprocessing, encoding)[0]["town"][0] in WORDS[encoding]


@pytest.mark.fault(70)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a8_encodings_that_are_known(write, encoding):
    towns = ["K\u00f6ln", "Z\u00fcrich", "Bor\u00e5s"]
    path = write(text(x=POINTS, town=towns * 40, y=ANSWERS).encode(encoding))
    data = load_data(path, target="y")
    assert set(data.preprocessing.state.columns[1].levels) == set(towns)
    if encoding != "utf-8":
        assert any("the encoding is" in note.text for note in data.notes)
    with pytest.raises(DataError, match="no encoding 'klingon'"):
        load_data(path, target="y", encoding="klingon")


def test_a8_pooled_categories_are_counted(write):
    towns = [f"t{i}" for i in RNG.integers(0, 400, 1200)]
    data = load_data(write(text(town=towns, y=["a", "b"] * 600)), target="y")
    (column,) = data.columns
    assert column.pooled > 200
    assert uses(data)["town"] == f"49 categories, {column.pooled} rarer ones share an input"


def test_a8_large_whole_numbers_and_spans(write):
    ids = 2**60 + RNG.permutation(N) * 3
    data = load_data(write(text(n=ids, p=POINTS, y=ANSWERS)), target="y")
    assert "same value in every row" not in str(uses(data))
    spans = pd.DataFrame({"s": pd.to_timedelta(RNG.uniform(0, 9, N), unit="D"), "p": AMOUNTS, "y": ANSWERS})
    data = load_data(spans, target="y")
    assert uses(data)["s"] == "number"
    spans["y"] = pd.to_timedelta(AMOUNTS, unit="h")
    data = load_data(spans, target="y")
    assert data.task == "regression"
    assert np.isclose(data.target_mean, AMOUNTS.mean() / 24, rtol=0.2)


@pytest.mark.fault(71)
def test_columns_by_the_user(write):
    path = write(text(zip=RNG.choice(["01234", "09876"], N), x=POINTS, z=POINTS[::-1], y=ANSWERS))
    data = load_data(path, target="y", categorical=["zip"], ignore=["z"])
    assert uses(data) == {"zip": "2 categories", "x": "number", "z": "left out: as you say"}
    with pytest.raises(DataError, match="no column") as error:
        load_data(path, target="y", ignore=["zipp"])
    assert "zip" in error.value.hint
    with pytest.raises(DataError, match="two things"):
        load_data(path, target="y", ignore=["x"], numeric=["x"])
    half = write(text(x=[p if i % 3 else "none yet" for i, p in enumerate(POINTS)], y=ANSWERS))
    assert uses(load_data(half, target="y", numeric=["x"])) == {"x": "number, 40 missing"}
    with pytest.raises(DataError, match="cannot be used as numbers"):
        load_data(write(text(x=["a", "b"] * 60, p=POINTS, y=ANSWERS)), target="y", numeric=["x"])


@pytest.mark.parametrize(
    "show",
    [
        lambda d: d.strftime("%Y-%m"),
        lambda d: d.strftime("%b %Y"),
        lambda d: f"{d.year}Q{d.quarter}",
        lambda d: d.strftime("%d. M\u00e4rz %Y"),
        lambda d: d.strftime("%Y%m%dT%H%M"),
    ],
)
def test_a8_dates_that_cannot_be_read_are_said(write, show):
    cells = [show(day) for day in pd.date_range("2001-01-01", periods=24, freq="MS")] * 5
    data = load_data(write(text(d=cells, p=POINTS, y=ANSWERS)), target="y")
    assert 'column "d" looks like dates that cannot be read' in warned(data)


@pytest.mark.parametrize("suffix", ["k", "K", " mn", "B"])
def test_a4_multiples_are_no_units(write, suffix):
    cells = [f"{i / 10 + 1}{suffix}" if i % 3 else str(i) for i in range(N)]
    data = load_data(write(text(x=cells, p=POINTS, y=ANSWERS)), target="y")
    assert 'column "x" mixes numbers and text' in warned(data)
    assert not uses(data)["x"].startswith("number, in")


def test_a3_numbers_far_from_all_of_training_are_said() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"length": rng.normal(4, 1, 200), "other": rng.lognormal(0, 2, 200)})
    data = load_data(table.assign(y=table["length"] > 4), target="y")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data.preprocessing.transform(table)
        data.preprocessing.transform(table.assign(length=[400.0, *table["length"][1:]]))
    with pytest.warns(DataWarning, match='"length": 200 of 200 values are far from those of training'):
        data.preprocessing.transform(table.assign(length=table["length"] * 25.4))


def test_a5_words_that_are_left_out_of_a_target_are_named() -> None:
    rows = pd.DataFrame({"x": np.random.default_rng(0).normal(size=60), "y": ["None", "True", "01"] * 20})
    notes = [note.text for note in load_data(rows, target="y").notes]
    assert 'target "y": "None" (20) is taken for a missing target; --keep-none makes it a class' in notes
    assert load_data(rows, target="y", keep_none=True).classes == ("01", "None", "True")
    with pytest.raises(DataError, match="--keep-none"):
        load_data(rows.assign(y=["NA", "nan", "x"] * 20), target="y")
