"""Rows 24 to 30 of the fault table: tables as people have them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from speciate.data import load_data
from speciate.errors import DataError

COUNTS = "size,rooms,kind,sold"


def notes(data, level=None):
    return "\n".join(note.text for note in data.notes if level in (None, note.level))


@pytest.mark.fault(24)
def test_missing_values(table, write):
    table["kind"] = table["kind"].astype(object)
    table.loc[:9, "size"] = np.nan
    table.loc[5:8, "kind"] = "?"
    table["empty"] = np.nan
    data = load_data(write(table), target="sold")
    assert 'missing values in "size" (10): filled with the median' in notes(data)
    assert 'missing values in "kind" (4): a level of its own' in notes(data)
    assert 'left out 1 column (no value in any row): "empty"' in notes(data)
    inputs = data.preprocessing.transform(pd.DataFrame({"size": [None], "rooms": [1], "kind": ["NA"]}))
    state = data.preprocessing.to_json()["columns"]
    assert [column["name"] for column in state] == ["size", "rooms", "kind"]
    assert inputs[0, 0] == pytest.approx((state[0]["fill"] - state[0]["mean"]) / state[0]["scale"])
    assert inputs[0, 1] == 1
    assert inputs[0, 3:].tolist() == [0, 0, 0, 1]


@pytest.mark.fault(24)
def test_no_usable_column(write):
    rows = pd.DataFrame({"a": 1, "b": np.nan, "y": [0, 1] * 30})
    with pytest.raises(DataError, match="no column") as error:
        load_data(write(rows), target="y")
    assert "same value" in error.value.why
    assert "no value" in error.value.why


@pytest.mark.fault(25)
def test_missing_targets(table, write):
    table["sold"] = table["sold"].astype(object)
    table.loc[3:7, "sold"] = None
    data = load_data(write(table), target="sold")
    assert 'target "sold" is missing in 5 rows of 300: left out' in notes(data, "warning")
    assert len(data.train) + len(data.valid) + data.test.rows == 295
    table["sold"] = None
    with pytest.raises(DataError, match="missing in all 300 rows"):
        load_data(write(table), target="sold")


@pytest.mark.fault(26)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: "yes", 'one class only: "yes" in all 300 rows'),
        (lambda t: ["maybe", *t["sold"][1:]], '1 class of "sold" has fewer than 3 rows: "maybe" 1'),
        (
            lambda t: [f"p{i}" for i in range(300)],
            "looks like an identifier: 300 different values in 300 rows",
        ),
        (lambda t: range(1000, 1300), "looks like an identifier: 300 different values in 300 rows"),
    ],
)
def test_targets_that_cannot_be_learned(table, write, change, message):
    table["sold"] = change(table)
    with pytest.raises(DataError, match=message) as error:
        load_data(write(table), target="sold")
    assert error.value.hint
    assert error.value.exit_code == 65


@pytest.mark.fault(26)
def test_a_regression_target_with_one_value(table, write):
    table["sold"] = 2.5
    with pytest.raises(DataError, match=r"is 2\.5 in all 300 rows"):
        load_data(write(table), target="sold", task="regression")


@pytest.mark.fault(27)
def test_useless_columns_are_dropped_by_name(table, write):
    table.insert(0, "row", range(1, 301))
    table["patient_id"] = np.random.default_rng(1).permutation(300) * 7
    table["name"] = [f"Ann {i}" for i in range(300)]
    table["constant"] = "same"
    table["again"] = table["size"]
    table["kind again"] = table["kind"]
    table.loc[4, "sold"] = None  # row numbers are recognized although a row is left out
    data = load_data(write(table), target="sold")
    assert data.preprocessing.columns == ("size", "rooms", "kind")
    text = notes(data)
    for name in ("row", "patient_id", "name", "constant", "again", "kind again"):
        assert f'"{name}"' in text
    assert '(the same as "size"): "again"' in text


@pytest.mark.fault(27)
def test_leaks_are_loud(table, write):
    table["copy"] = table["sold"]
    table["code"] = table["sold"].map({"no": 7, "yes": 3})
    data = load_data(write(table), target="sold")
    assert 'LEAK? "code" and "copy" tell the target "sold" exactly' in notes(data, "warning")
    price = np.random.default_rng(0).lognormal(size=300)
    amounts = table[["size", "rooms"]].assign(price=price, euros=price * 0.9 + 2, log=np.log(price))
    data = load_data(write(amounts), target="price")
    assert 'LEAK? "euros" and "log" tell' in notes(data, "warning")


@pytest.mark.fault(27)
def test_no_false_alarm(real):
    repeated = {
        "wine": "937 of 4,898 rows",
        "letter": "1,332 of 20,000 rows",
    }  # they are there more than once
    for name, target in (
        ("adult", "income"),
        ("housing", "medianHouseValue"),
        ("wine", "quality"),
        ("letter", "class"),
    ):
        found = notes(load_data(real(f"tabular/{name}.csv"), target=target), "warning").splitlines()
        assert [line.partition(" repeat the inputs")[0] for line in found] == (
            [repeated[name]] if name in repeated else []
        )


@pytest.mark.fault(28)
def test_infinite_numbers_count_as_missing(table, write):
    table["size"] = table["size"].astype(object)
    table.loc[4, "size"], table.loc[5, "size"], table.loc[6, "size"] = "inf", "1e400", "-Infinity"
    data = load_data(write(table), target="sold")
    assert 'counted as missing: "size" (3)' in notes(data, "warning")
    for split in (data.train, data.valid, data.test.open()):
        assert np.isfinite(split.x).all()


@pytest.mark.fault(28)
def test_text_among_numbers(table, write):
    rows = pd.concat([table] * 10, ignore_index=True)
    rows["size"] = rows["size"].astype(object)
    rows.loc[2000, "size"] = "abc"
    rows.loc[2500, "size"] = "de"
    rows["rooms"] = rows["rooms"].astype(object)
    rows.loc[::4, "rooms"] = "many"
    rows.loc[1::4, "rooms"] = "few"
    data = load_data(write(rows), target="sold")
    text = notes(data, "warning")
    assert (
        'column "size" mixes numbers and text: 2 of 3,000 values are text, first "abc" in row 2,001' in text
    )
    assert 'column "rooms" mixes numbers and text' in text
    types = {column["name"]: column["type"] for column in data.preprocessing.to_json()["columns"]}
    assert types == {"size": "numeric", "rooms": "category", "kind": "category"}


@pytest.mark.fault(28)
def test_text_in_a_regression_target(table, write):
    table["size"] = table["size"].astype(object)
    table.loc[10, "size"] = "n.a."
    data = load_data(write(table), target="size")
    assert data.task == "regression"
    assert 'is not a number in 1 row of 300, first "n.a." in row 11: left out' in notes(data, "warning")
    with pytest.raises(DataError, match="not a number in 300 rows of 300"):
        load_data(write(table), target="kind", task="regression")


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    ("encoding", "options", "said"),
    [
        ("utf-8", {"sep": ";", "decimal": ","}, "separated by a semicolon, numbers have a decimal comma"),
        ("utf-8", {"sep": "\t"}, "separated by a tab"),
        ("utf-8", {"sep": "|"}, "separated by a vertical bar"),
        ("utf-8", {"decimal": ","}, "numbers have a decimal comma"),
        ("utf-8-sig", {}, "UTF-8 with a byte-order mark"),
        ("utf-16", {}, "UTF-16"),
        ("latin-1", {}, "Windows-1252 (Latin-1)"),
        ("utf-8", {"lineterminator": "\r\n"}, ""),
        ("utf-8", {"lineterminator": "\r"}, ""),
    ],
)
def test_ways_to_write_a_table(table, write, encoding, options, said):
    table["kind"] = table["kind"].replace("hut", "Hütte")
    expected = load_data(table, target="sold")
    content = table.to_csv(index=False, **options).encode(encoding)
    data = load_data(write(content), target="sold")
    assert said in notes(data)
    assert data.fingerprint == expected.fingerprint


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"a,y\n", "no rows"),
        (b"a,y\n1,2\n", "one row only"),
        (b"a\n1\n2\n", "one column only"),
        (b"a,b,a,y\n1,2,3,4\n5,6,7,8\n", 'line 1: more than one column is named "a"'),
        (b"a,y\n1,2\n1\n1,2,3\n", "line 3: 1 field, the header has 2; line 4: 3 fields"),
        (b"a,y\n1,2\n3,\x004\n", "line 3"),
        (b'a,y\n1,2\n"3,4\n5,6\n', "line 3"),
        (b"1.5,2,3\n2.5,3,4\n1,2,3\n", "looks like data"),
        (b"\xff\xfea,y\n1", "its first bytes announce"),
        (b"\x89PNG\r\n\x1a\n\0\0", "NUL"),
    ],
)
def test_files_that_are_no_tables(write, content, message):
    with pytest.raises(DataError) as error:
        load_data(write(content), target="y")
    assert message in str(error.value)
    assert "data.csv" in str(error.value)


@pytest.mark.fault(29)
def test_all_problems_of_a_file_at_once(write):
    lines = ["a,a,y"] + ["1,2,3"] * 5 + ["1,2"] * 8
    with pytest.raises(DataError) as error:
        load_data(write("\n".join(lines)), target="y")
    why = error.value.why
    assert "line 1:" in why
    assert "line 7:" in why
    assert "3 more lines" in why


@pytest.mark.fault(29)
def test_spaces_quotes_and_blank_lines(write):
    lines = ["a, b , y"] + ['1.5, "x, z", no', "2.5 ,w, yes", "   ", ""] * 20
    data = load_data(write("\n".join(lines) + "\n  \n"), target="y")
    assert data.preprocessing.to_json()["columns"][1]["levels"] == ["w", "x, z"]
    assert data.classes == ("no", "yes")


@pytest.mark.slow
@pytest.mark.fault(29)
def test_fifty_thousand_columns(write):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.integers(0, 1000, (12, 50_000))).add_prefix("g").assign(y=["a", "b"] * 6)
    data = load_data(write(rows), target="y")
    assert data.input_shape[0] > 49_000
    assert "more inputs than training rows" in notes(data, "warning")


@pytest.mark.fault(30)
def test_imbalance(write):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {"a": rng.normal(size=1000), "y": ["rare" if i % 100 == 0 else "common" for i in range(1000)]}
    )
    data = load_data(write(rows), target="y")
    assert data.metric == "balanced_accuracy"
    assert "always answering common would already be 99.1% accurate" in notes(data)
    for split in (data.train, data.valid, data.test.open()):
        assert 0.005 < np.mean(split.y == 1) < 0.02
    counts = np.bincount(data.train.y)
    assert data.class_weights == pytest.approx(tuple(len(data.train) / (2 * counts)))
    assert load_data(write(rows), target="y", metric="accuracy").metric == "accuracy"


def test_which_column_is_the_target(write, table):
    path = write(table)
    with pytest.raises(DataError) as error:
        load_data(path)
    assert '"size", "rooms", "kind" and "sold"' in error.value.why
    assert "--target sold" in error.value.hint
    with pytest.raises(DataError, match='no column "Sould"') as error:
        load_data(path, target="Sould")
    assert error.value.hint == 'did you mean "sold"?'


def test_dates(table, write):
    table["day"] = pd.date_range("2020-01-30", periods=300, freq="5h").strftime("%Y-%m-%d %H:%M")
    table.loc[7, "day"] = None
    data = load_data(write(table), target="sold")
    entries = [column for column in data.preprocessing.to_json()["columns"] if column["type"] == "date"]
    assert [entry["part"] for entry in entries] == ["days", "month", "weekday", "hour"]
    row = pd.DataFrame({"size": [0], "rooms": [0], "kind": ["hut"], "day": ["2021-03-14T06:30:00"]})
    inputs = data.preprocessing.transform(row)[0]
    parts = inputs[-4:] * [e["scale"] for e in entries] + [e["mean"] for e in entries]
    assert parts == pytest.approx([18700 + 6.5 / 24, 3, 6, 6.5], rel=1e-3)
    table["day"] = pd.to_datetime(table["day"])
    assert load_data(table, target="sold").fingerprint == data.fingerprint


def test_hostile_names_are_shown_harmlessly(write):
    rows = pd.DataFrame({"a\x1b[31m": [1.0] * 60, "b": np.arange(60) ** 2, "y": [0, 1] * 30})
    data = load_data(rows, target="y")
    assert "\x1b" not in notes(data) + "".join(data.summary())


@pytest.mark.fault(29)
@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_is_survived_or_named(table, write, data):
    content = bytearray(table.head(40).to_csv(index=False).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.sampled_from([0, 1, 30]))
        content[at : at + length] = data.draw(
            st.sampled_from([b'"', b"\0", b"\xff", b",", b"\n", b"1e999", b"", b"'", b";"])
        )
    try:
        found = load_data(write(bytes(content)), target="sold")
    except DataError:
        return
    assert np.isfinite(found.train.x).all()
