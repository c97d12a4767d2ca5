"""Folders of images: what is in the files is seen, and what was done to it is said."""

from __future__ import annotations

import numpy as np
import pytest
from tests.faults.test_fuzzed import flipped

from speciate.data import load_data, load_rows
from speciate.errors import DataError

image = pytest.importorskip("PIL.Image")
pytestmark = pytest.mark.fault(57)


def save(path, pixels, mode=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = pixels if hasattr(pixels, "save") else image.fromarray(np.asarray(pixels))
    (picture.convert(mode) if mode else picture).save(path, **options)


def folder(root, make, suffix="png", number=10, classes=("a", "b"), **options):
    """Two classes of which the second is brighter."""
    rng = np.random.default_rng(0)
    for level, label in enumerate(classes):
        for i in range(number):
            save(root / label / f"{i}.{suffix}", make(rng.uniform(0.1, 0.4, (6, 8)) + 0.5 * level), **options)
    return root


def said(data):
    return " ".join(note.text for note in data.notes)


def differs(data):
    return abs(data.train.x[data.train.y == 0].mean() - data.train.x[data.train.y == 1].mean())


def deep(values):
    return (values * 65535).astype(np.uint16)


def shape_in_alpha(values):
    return np.dstack([np.zeros((6, 8, 3)), values * 255]).astype(np.uint8)


@pytest.mark.parametrize(
    ("make", "suffix", "words", "channels"),
    [
        (deep, "png", "of 16 bits", 1),
        (deep, "tif", "of 16 bits", 1),
        (lambda v: v.astype(np.float32), "tif", "numbers of any range", 1),
        (lambda v: (v * 1000 - 500).astype(np.float32), "tif", "scaled by that range", 1),
        (lambda v: (v * 2**30).astype(np.int32), "tif", "numbers of any range", 1),
        (shape_in_alpha, "png", "transparency is a channel", 4),
        (shape_in_alpha, "webp", "transparency is a channel", 4),
        (lambda v: image.fromarray((v * 255).astype(np.uint8)).convert("P"), "gif", "", 3),
        (lambda v: image.fromarray(v > 0.5), "png", "", 1),
        (lambda v: image.fromarray((v * 255).astype(np.uint8)).convert("CMYK"), "jpg", "", 3),
        (lambda v: image.fromarray((v * 255).astype(np.uint8)).convert("YCbCr"), "jpg", "", 3),
    ],
)
def test_a7_every_kind_of_pixel_is_seen(tmp_path, make, suffix, words, channels):
    data = load_data(folder(tmp_path, make, suffix))
    assert data.input_shape == (channels, 6, 8)
    assert differs(data) > 0.3 / channels
    assert words in said(data)
    _, inputs = load_rows(tmp_path, data.preprocessing)
    assert abs(inputs[:10].mean() - inputs[10:].mean()) == pytest.approx(differs(data), rel=0.4)


def test_a7_predict_on_other_depths_sees_the_same(tmp_path):
    data = load_data(folder(tmp_path / "bytes", lambda v: (v * 255).astype(np.uint8)))
    _, expected = load_rows(tmp_path / "bytes", data.preprocessing)
    for name, make, suffix in (("deep", deep, "png"), ("float", lambda v: v.astype(np.float32), "tif")):
        _, inputs = load_rows(folder(tmp_path / name, make, suffix), data.preprocessing)
        assert np.allclose(inputs, expected, atol=0.03)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a7_images_are_turned(tmp_path, suffix):
    exif = image.Exif()
    exif[274] = 6
    folder(tmp_path, lambda v: (v * 255).astype(np.uint8), suffix, exif=exif)
    data = load_data(tmp_path)
    assert data.input_shape == (1, 8, 6)
    if suffix != "tif":  # whose reader turns it itself
        assert "20 images turned as EXIF says" in said(data)


def plain(values):
    return (values * 255).astype(np.uint8)


def test_a7_hidden_folders_are_no_classes(tmp_path):
    folder(tmp_path, plain)
    for name in (".ipynb_checkpoints", "__MACOSX", ".git"):
        save(tmp_path / name / "0.png", plain(np.ones((6, 8)) / 2))
    (tmp_path / "a" / "._0.png").write_bytes(b"resource fork")
    (tmp_path / "a" / "Thumbs.db").write_bytes(b"x")
    data = load_data(tmp_path)
    assert data.classes == ("a", "b")
    assert ".ipynb_checkpoints" in said(data)
    assert len(load_rows(tmp_path, data.preprocessing)[1]) == 20


def test_a7_nested_images_belong_to_their_class(tmp_path):
    folder(tmp_path, plain)
    folder(tmp_path / "a" / "more", plain, classes=("x", "y"))
    data = load_data(tmp_path)
    assert data.classes == ("a", "b")
    assert len(data.train) + len(data.valid) + data.test.rows == 40
    assert "20 images in folders within a class" in said(data)


@pytest.mark.parametrize("classes", [("car", "plane", "train"), ("train", "test"), ("test", "val")])
def test_a7_classes_with_names_of_parts(tmp_path, classes):
    data = load_data(folder(tmp_path, plain, classes=classes))
    assert data.classes == tuple(sorted(classes))


@pytest.mark.parametrize("other", ["test", "val", "valid"])
def test_a7_parts_beside_each_other(tmp_path, other):
    folder(tmp_path / "train", plain)
    folder(tmp_path / other, plain, number=3)
    data = load_data(tmp_path)
    assert data.classes == ("a", "b")
    assert (data.test.rows if other == "test" else len(data.valid)) == 6


def test_a7_train_alone_holds_the_classes(tmp_path):
    data = load_data(folder(tmp_path / "train", plain).parent)
    assert data.classes == ("a", "b")
    assert 'the classes are the folders in "train"' in said(data)


def test_a7_what_is_left_out_is_said(tmp_path):
    folder(tmp_path, plain)
    (tmp_path / "bird").mkdir()
    save(tmp_path / "loose.png", plain(np.ones((6, 8)) / 2))
    (tmp_path / "a" / "0.png").write_bytes((tmp_path / "a" / "1.png").read_bytes()[:50])
    data = load_data(tmp_path)
    warnings = " ".join(note.text for note in data.notes if note.level == "warning")
    for words in (
        "no image in 1 class folder",
        "bird",
        "loose.png",
        "1 file cannot be read as an image",
        "0.png",
    ):
        assert words in warnings


def test_a7_the_first_frame_of_several(tmp_path):
    folder(tmp_path, plain)
    frames = [image.fromarray(np.full((6, 8), level, np.uint8)) for level in (50, 99, 150)]
    frames[0].save(tmp_path / "a" / "moving.gif", save_all=True, append_images=frames[1:])
    assert "1 image of several frames" in said(load_data(tmp_path))


def test_images_of_many_sizes_are_resized(tmp_path):
    rng = np.random.default_rng(0)
    for label in "ab":
        for i in range(10):
            save(tmp_path / label / f"{i}.jpg", rng.integers(0, 255, (300 + 40 * i, 900, 3), dtype=np.uint8))
    data = load_data(tmp_path)
    assert data.input_shape == (3, 136, 256)
    assert "resized to 136 x 256 (the median, at most 256; --image-size); 16 of another aspect ratio" in said(
        data
    )
    assert load_data(tmp_path, image_size=(20, 30)).input_shape == (3, 20, 30)
    assert np.prod(load_data(tmp_path, memory=8_000_000).input_shape) < 30_000
    with pytest.raises(DataError, match=r"no image in .* can be read"):
        load_data(tmp_path, memory=1_000_000)
    with pytest.raises(DataError, match="needs"):
        load_data(tmp_path, image_size=(4096, 4096), memory=20_000_000)


def test_sizes_are_for_images_alone():
    with pytest.raises(DataError, match="only folders of images"):
        load_data("sklearn:iris", image_size=(8, 8))


def test_b15_an_image_of_absurd_size_is_left_out(tmp_path):
    folder(tmp_path, plain)
    save(tmp_path / "a" / "bomb.png", image.new("1", (20_000, 20_000)))
    data = load_data(tmp_path, memory=100_000_000)
    assert '"bomb.png" (' in said(data)


@pytest.mark.fault(58)
def test_b14_mutated_images_end_in_an_answer(tmp_path):
    """2,000 damaged files of several formats: read, or left out and named."""
    from speciate.data.sources.pictures import Pictures

    rng, contents = np.random.default_rng(0), {}
    for suffix in ("png", "jpg", "gif", "bmp", "webp", "tif", "ppm"):
        save(tmp_path / f"a.{suffix}", rng.integers(0, 255, (6, 8, 3), dtype=np.uint8))
        contents[suffix] = (tmp_path / f"a.{suffix}").read_bytes()
    save(tmp_path / "a.tiff", rng.random((6, 8), dtype=np.float32))
    contents["tiff"] = (tmp_path / "a.tiff").read_bytes()
    reader, read = Pictures(50_000_000), 0
    for number in range(2000):
        suffix = list(contents)[number % len(contents)]
        path = tmp_path / f"mutated.{suffix}"
        path.write_bytes(flipped(contents[suffix], number))
        reader.unreadable.clear()
        reader.header(path)
        pixels = reader.pixels(path, (3, 6, 8), 255.0)
        assert (pixels is None) == bool(reader.unreadable) or pixels.shape == (3, 6, 8)
        read += pixels is not None
    assert 200 < read < 2000


@pytest.mark.fault(58)
@pytest.mark.parametrize("kind", ["npz", "idx"])
def test_b14_mutated_arrays_are_read_or_refused(tmp_path, kind):
    """2,000 damaged files: rows, or an error with an exit code."""
    import struct

    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 9, (30, 3, 2), dtype=np.uint8), np.arange(30, dtype=np.uint8) % 3
    if kind == "npz":
        path = source = tmp_path / "a.npz"
        np.savez(path, x=x, y=y)
    else:
        source, path = tmp_path, tmp_path / "train-images-idx3-ubyte"
        for file, a in ((path, x), (tmp_path / "train-labels-idx1-ubyte", y)):
            file.write_bytes(struct.pack(f">HBB{a.ndim}I", 0, 8, a.ndim, *a.shape) + a.tobytes())
    content, refused = path.read_bytes(), 0
    from speciate.data.raw import Reading
    from speciate.data.sources import read_source

    for number in range(2000):
        path.write_bytes(flipped(content, number))
        try:
            read_source(str(source), None, Reading(memory=50_000_000))
        except DataError:  # exit 65, and nothing else
            refused += 1
    assert 100 < refused < 2000
