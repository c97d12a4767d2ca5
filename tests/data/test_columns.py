"""How a column's text becomes values: in training, and again in rows to predict for."""

import numpy as np
import pandas as pd
import pytest

from speciate.data import load_data, load_rows
from speciate.errors import DataError, DataWarning

N = 120
RNG = np.random.default_rng(0)
POINTS = [f"{value:.4f}" for value in RNG.normal(50, 20, N)]
COMMAS = [f"{value:.3f}".replace(".", ",") for value in RNG.uniform(0, 1, N)]
ANSWERS = RNG.choice(["no", "yes"], N).tolist()


def text(separator=",", **columns):
    rows = [columns, *zip(*columns.values(), strict=True)]
    return "\n".join(separator.join(str(cell) for cell in row) for row in rows) + "\n"


def uses(data):
    return {column.name: column.phrase for column in data.columns}


@pytest.fixture
def trained(write):
    return load_data(write(text(kg=POINTS, x=POINTS[::-1], y=ANSWERS)), target="y").preprocessing


@pytest.mark.parametrize("cell", ["8.5 kg", "abc", "", "1,234"])
def test_a3_a_column_that_cannot_be_read_is_refused(trained, write, cell):
    with pytest.raises(DataError, match='"kg"') as error:
        load_rows(write("kg;x\n" + f"{cell};1\n" * 6, "p.csv"), trained)
    assert error.value.exit_code == 65


def test_a3_counts_are_said_and_another_decimal_mark_is_read(trained, write):
    with pytest.warns(DataWarning, match="3 of 6 values are not numbers"):
        load_rows(write("kg;x\n" + "8.5 kg;1\n7;1\n" * 3, "p.csv"), trained)
    with pytest.warns(DataWarning, match="decimal comma here"):
        _, inputs = load_rows(write("kg;x\n3,52;1\n", "p.csv"), trained)
    assert inputs[0, 0] == trained.transform(pd.DataFrame({"kg": [3.52], "x": [1]}))[0, 0]


def test_a4_decimal_marks_are_decided_per_column(write):
    data = load_data(write(text(";", x=COMMAS, p=POINTS, y=ANSWERS)), target="y")
    assert uses(data) == {"x": "number, decimal comma", "p": "number"}
    money = [f'"${float(p):,.2f}"' for p in np.random.default_rng(1).uniform(1, 3000, N)]
    data = load_data(write(text(x=money, y=ANSWERS)), target="y")
    assert uses(data) == {"x": "number, digits grouped by commas, in $"}


def test_a5_a_class_called_none(write):
    data = load_data(write(text(x=POINTS, y=["a", "None", "b"] * 40)), target="y")
    assert data.classes == ("None", "a", "b")
    path = write(text(x=POINTS, y=["a", "None", "b", ""] * 30))
    assert load_data(path, target="y").classes == ("a", "b")
    assert load_data(path, target="y", keep_none=True).classes == ("None", "a", "b")


@pytest.mark.parametrize("labels", [("False", "True"), ("01", "02"), ("1.0", "2.0"), ("FALSE", "TRUE")])
def test_a6_labels_are_as_they_are_written(write, labels):
    assert load_data(write(text(x=POINTS, y=[*labels] * 60)), target="y").classes == labels


def test_a8_dates_and_encodings(write):
    days = RNG.permutation(pd.date_range("2020-01-01", periods=N).strftime("%d/%m/%Y"))
    assert uses(load_data(write(text(d=days, y=ANSWERS)), target="y")) == {"d": "date, day first"}
    path = write(
        text(x=POINTS, town=RNG.choice(["\u5317\u4eac", "\u4e0a\u6d77"], N), y=ANSWERS).encode("gbk")
    )
    with pytest.raises(DataError, match="cannot be read as text"):
        load_data(path, target="y")
    assert uses(load_data(path, target="y", encoding="gbk"))["town"] == "2 categories"


def test_columns_by_the_user(write):
    path = write(text(zip=RNG.choice(["01234", "09876"], N), x=POINTS, z=POINTS[::-1], y=ANSWERS))
    data = load_data(path, target="y", categorical=["zip"], ignore=["z"])
    assert uses(data) == {"zip": "2 categories", "x": "number", "z": "left out: as you say"}
    with pytest.raises(DataError, match="no column") as error:
        load_data(path, target="y", ignore=["zipp"])
    assert "zip" in error.value.hint
