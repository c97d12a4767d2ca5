"""Every kind of source gives the rows that are in it."""

import gzip
import socket
import struct
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from speciate.data import load_data, load_rows
from speciate.errors import DataError


def rows_of(data):
    return len(data.train), len(data.valid), data.test.rows


@pytest.mark.parametrize(
    ("name", "rows", "shape", "outputs"),
    [
        ("digits", 1797, (1, 8, 8), 10),
        ("wine", 178, (13,), 3),
        ("breast_cancer", 569, (30,), 2),
        ("iris", 150, (4,), 3),
        ("diabetes", 442, (10,), 1),
    ],
)
def test_scikit_learns_data_sets(name, rows, shape, outputs):
    data = load_data(f"sklearn:{name}")
    assert (data.name, data.input_shape, data.outputs) == (name, shape, outputs)
    assert sum(rows_of(data)) == rows
    assert data.train.x.shape[1:] == shape
    assert data.train.x.dtype == np.float32
    assert data.train.x.flags.c_contiguous
    assert len(data.classes) == (outputs if outputs > 1 else 0)


def test_the_same_rows_from_every_format(table, write, tmp_path):
    table.to_parquet(tmp_path / "t.parquet")
    packed = gzip.compress(table.to_csv(index=False).encode())
    sources = [
        write(table),
        write(table, "t.tsv", sep="\t"),
        write(table, "t.txt", sep=";", decimal=","),
        write(packed, "t.csv.gz"),
        tmp_path / "t.parquet",
        table,
    ]
    prints = {load_data(source, target="sold").fingerprint for source in sources}
    prints.add(load_data((table.drop(columns="sold"), table["sold"])).fingerprint)
    assert len(prints) == 1


def test_npz_with_own_validation_and_test_rows(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (90, 5, 4), dtype=np.uint8), np.arange(90) % 3
    np.savez(
        tmp_path / "a.npz",
        x_train=x[:60],
        y_train=y[:60],
        x_val=x[60:70],
        y_val=y[60:70],
        x_test=x[70:],
        y_test=y[70:],
    )
    data = load_data(tmp_path / "a.npz")
    assert rows_of(data) == (60, 10, 20)
    assert data.input_shape == (1, 5, 4)
    assert data.test.open().y.tolist() == y[70:].tolist()
    mean, scale = (x[:60] / 255).mean(), (x[:60] / 255).std()
    assert np.allclose(data.valid.x[:, 0], (x[60:70] / 255 - mean) / scale, atol=1e-5)
    shown, inputs = load_rows(tmp_path / "a.npz", data.preprocessing)
    assert np.array_equal(shown, x[:60])
    assert np.array_equal(inputs, data.train.x)


def test_npz_target_by_name_and_flat_floats(tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 3))
    np.savez(tmp_path / "a.npz", data=x, depth=x[:, 0] ** 2)
    data = load_data(tmp_path / "a.npz", target="depth")
    assert (data.task, data.target, data.input_shape) == ("regression", "depth", (3,))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.array([{}, {}], dtype=object), "y": np.arange(2)}, "Python objects"),
        ({"z": np.arange(3)}, "no array of inputs"),
        ({"x": np.zeros((3, 2))}, "no array of a target"),
        ({"x": np.zeros((3, 2)), "y": np.arange(4)}, "3 rows but 4 targets"),
        (
            {"x": np.zeros((9, 2)), "y": np.arange(9), "x_test": np.zeros((3, 5)), "y_test": np.arange(3)},
            "shape",
        ),
        ({"x": np.zeros((9, 2)), "y": np.arange(9), "x_test": np.zeros((3, 2))}, "both inputs and targets"),
    ],
)
def test_npz_that_cannot_be_used(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        load_data(tmp_path / "a.npz")


def write_idx(path, array):
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    content = head + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.fixture
def idx_folder(tmp_path):
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (80, 6, 7)), np.arange(80) % 4
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", images[:60])
    write_idx(tmp_path / "train-labels-idx1-ubyte", labels[:60])
    write_idx(tmp_path / "t10k-images-idx3-ubyte", images[60:])
    write_idx(tmp_path / "t10k-labels-idx1-ubyte.gz", labels[60:])
    return tmp_path, images, labels


def test_idx(idx_folder):
    folder, images, labels = idx_folder
    data = load_data(f"idx:{folder}")
    assert rows_of(data) == (50, 10, 20)
    assert data.input_shape == (1, 6, 7)
    assert data.test.open().y.tolist() == labels[60:].tolist()
    assert load_data(folder).fingerprint == data.fingerprint
    shown, inputs = load_rows(f"idx:{folder}", data.preprocessing)
    assert np.array_equal(shown, images[60:])
    assert np.array_equal(inputs, data.test.open().x)
    one, _ = load_rows(folder / "train-images-idx3-ubyte.gz", data.preprocessing)
    assert np.array_equal(one, images[:60])


@pytest.mark.parametrize("damage", ["short", "long", "magic", "gzip", "huge", "lonely", "pairs"])
def test_damaged_idx(idx_folder, damage):
    folder, images, _ = idx_folder
    path = folder / "t10k-images-idx3-ubyte"
    content = path.read_bytes()
    if damage == "lonely":
        path.unlink()
        (folder / "t10k-labels-idx1-ubyte.gz").unlink()
        path = folder / "train-labels-idx1-ubyte"
        path.unlink()
    elif damage == "pairs":
        write_idx(path, images[:7])
    else:
        huge = struct.pack(">HBB3I", 0, 8, 3, 2**31, 2**31, 2**31)
        damaged = {
            "short": content[:-1],
            "long": content + b"0",
            "magic": b"\x89PNG" + content,
            "gzip": gzip.compress(content)[:60],
            "huge": gzip.compress(huge + bytes(1000)),
        }
        path.write_bytes(damaged[damage])
    with pytest.raises(DataError) as error:
        load_data(f"idx:{folder}")
    assert path.name in str(error.value)


def test_a_folder_of_images(tmp_path):
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for i in range(10):
            image.fromarray(rng.integers(0, 256, (6, 5), dtype=np.uint8)).save(tmp_path / label / f"{i}.png")
    data = load_data(tmp_path)
    assert (data.input_shape, data.classes, sum(rows_of(data))) == ((1, 6, 5), ("cat", "dog"), 20)
    image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)).save(tmp_path / "cat" / "color.png")
    (tmp_path / "dog" / "broken.png").write_bytes(b"not an image")
    mixed = load_data(tmp_path)
    assert (mixed.input_shape, sum(rows_of(mixed))) == ((3, 6, 5), 21)
    notes = " ".join(note.text for note in mixed.notes)
    assert "broken.png" in notes
    assert "1 image resized to 6 x 5" in notes
    assert "used in color" in notes
    with pytest.raises(DataError, match=r"broken\.png"):
        load_rows(tmp_path, data.preprocessing)
    (tmp_path / "dog" / "broken.png").unlink()
    names, inputs = load_rows(tmp_path, data.preprocessing)
    assert inputs.shape == (21, 1, 6, 5)
    assert names["file"][0] == "cat/0.png"


def test_a_folder_of_images_with_own_test_rows(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for part, number in (("train", 6), ("test", 2)):
        for level, label in enumerate(("dark", "light")):
            (tmp_path / part / label).mkdir(parents=True)
            for i in range(number):
                pixels = np.full((4, 4), level * 200 + i, dtype=np.uint8)
                image.fromarray(pixels).save(tmp_path / part / label / f"{i}.png")
    assert rows_of(load_data(tmp_path)) == (10, 2, 4)


@pytest.mark.fault(38)
def test_openml_without_a_network(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"openml:61 cannot be fetched") as error:
        load_data("openml:61")
    assert "https://www.openml.org/d/61" in error.value.hint
    assert load_data("sklearn:digits").name == "digits"


@pytest.mark.fault(38)
@pytest.mark.parametrize("problem", [ValueError("md5 checksum does not match"), TimeoutError("timed out")])
def test_openml_with_a_damaged_or_slow_answer(monkeypatch, problem):
    def fail(**_):
        raise problem

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fail)
    with pytest.raises(DataError, match="cannot be fetched") as error:
        load_data("openml:61")
    assert str(problem) in error.value.why


def test_openml_uses_its_own_target(monkeypatch, table):
    answer = SimpleNamespace(frame=table, target_names=["sold"], details={"name": "homes"})
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda **_: answer)
    assert load_data("openml:7").target == "sold"
    assert load_data("openml:7", target="kind").classes == ("flat", "house", "hut")
    with pytest.raises(DataError, match="not a number"):
        load_data("openml:adult")


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("sklearn:digts", 'did you mean "digits"?'),
        ("sklern:digits", 'did you mean "sklearn:digits"?'),
        ("digits", "write sklearn:digits"),
        ("nowhere/at/all.csv", "no folder"),
        ("idx:nowhere", "folder of IDX files"),
    ],
)
def test_a_source_that_is_not_there(source, hint):
    with pytest.raises(DataError) as error:
        load_data(source)
    assert hint in str(error.value)


def test_a_file_that_is_not_there_but_nearly(write, table):
    path = write(table, "houses.csv")
    with pytest.raises(DataError, match=r'did you mean "houses\.csv"'):
        load_data(path.with_name("house.csv"), target="sold")


@pytest.mark.parametrize("source", [5, None, (1, 2, 3), [[1, 2], [3, 4], [5, 6]], np.zeros((4, 2))])
def test_what_is_no_source_at_all(source):
    with pytest.raises(DataError):
        load_data(source)


def test_other_kinds_of_files(write):
    for name in ("a.xlsx", "a.pkl", "a.png", "a"):
        with pytest.raises(DataError):
            load_data(write("x", name), target="y")
    with pytest.raises(DataError, match=r"a\.parquet"):
        load_data(write("x", "a.parquet"), target="y")


def test_a_target_where_the_source_has_its_own():
    with pytest.raises(DataError, match="says itself"):
        load_data("sklearn:iris", target="species")


@pytest.mark.fault(31)
def test_columns_are_matched_by_name(table, write):
    data = load_data(write(table), target="sold")
    other_order = table[["kind", "sold", "rooms", "size"]].assign(more=1)
    _, inputs = load_rows(write(other_order, "new.csv"), data.preprocessing)
    assert np.array_equal(inputs, data.preprocessing.transform(table))
    with pytest.raises(DataError, match='"rooms"') as error:
        load_rows(table.rename(columns={"rooms": "room"}), data.preprocessing)
    assert 'did you mean "room"' in error.value.hint
    with pytest.raises(DataError, match="more than one"):
        load_rows(pd.concat([table, table], axis=1), data.preprocessing)


def test_one_row_or_one_column_is_enough_to_predict(write):
    x = np.random.default_rng(0).normal(size=60)
    data = load_data(write(pd.DataFrame({"x": x, "y": x**2})), target="y")
    shown, inputs = load_rows(write("x\n0.5\n", "new.csv"), data.preprocessing)
    assert shown["x"].tolist() == [0.5]
    assert inputs.shape == (1, 1)


def test_text_that_looks_like_a_number_stays_text(write):
    codes = ["01", "1", "A2"]
    rows = pd.DataFrame({"code": codes * 30, "y": [1.5, 2.5, 3.5] * 30})
    data = load_data(write(rows), target="y")
    _, inputs = load_rows(write("code,z\n01,0\n1,0\n", "new.csv"), data.preprocessing)
    assert inputs.tolist() == [[1, 0, 0], [0, 1, 0]]


def test_a_path_that_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / "data.csv").write_text("a,y\n1,2\n")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    for path in (tmp_path, tmp_path / "data.csv", tmp_path / ("x" * 300)):
        with pytest.raises(DataError):
            load_data(path, target="y")


@pytest.mark.fault(59)
@pytest.mark.parametrize("kind", ["csv.gz", "csv", "idx", "idx.gz", "npz", "parquet numbers", "parquet text"])
def test_b15_a_bomb_is_refused_before_it_takes_the_memory(tmp_path, kind):
    import tracemalloc

    path, memory = tmp_path / ("a." + kind), 8_000_000
    if kind.startswith("csv"):
        content = b"a,b\n" + b"1,2\n" * 1_500_000
        path.write_bytes(gzip.compress(content, 1) if kind.endswith("gz") else content)
    elif kind.startswith("idx"):
        for name, shape in (("images-idx3", (60_000, 10, 10)), ("labels-idx1", (60_000,))):
            path = tmp_path / f"train-{name}-ubyte{kind[3:]}"
            write_idx(path, np.zeros(shape, np.uint8))
        path = tmp_path
    elif kind == "npz":
        np.savez_compressed(path, x=np.zeros((20_000, 50)), y=np.arange(20_000) % 2)
    else:
        path = path.with_suffix(".parquet")
        rows = 2_000_000 if "numbers" in kind else 20_000
        value = 1 if "numbers" in kind else "x" * 1000
        pd.DataFrame({"a": np.full(rows, value), "b": np.arange(rows) % 2}).to_parquet(path)
    tracemalloc.start()
    with pytest.raises(DataError, match=r"8MB|2MB|--memory") as error:
        load_data(path, target=None if "idx" in kind or kind == "npz" else "b", memory=memory)
    assert tracemalloc.get_traced_memory()[1] < 2 * memory
    tracemalloc.stop()
    assert "--memory" in error.value.hint
    assert error.value.exit_code == 65
