"""Names: the package's own, those of a script, of plugins, of any module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from speciate import registry
from speciate.errors import ConfigurationError
from speciate.registry import REGISTRIES, Registry, receive

GROUP = "speciate.shapes"

Shapes = Registry[type[str]]
"""Shapes are subclasses of str here: a class that plugins can import from somewhere."""


class Ours(str):
    name = "ours"
    __module__ = "speciate.shapes"


class Square(str):
    name = "square"


@pytest.fixture
def shapes() -> Iterator[Shapes]:
    found: Shapes = Registry(GROUP, "shape", (), str)
    found.decorator("shape")(Ours)
    yield found
    REGISTRIES.pop(GROUP)


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with an installed distribution, its modules and entry points, as pip leaves it."""
    info = tmp_path / "shapely-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shapely\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\ncircle = round_shapes:Circle\nbroken = broken_shapes:Broken\n"
    )
    (tmp_path / "round_shapes.py").write_text("class Circle(str): pass\nclass Point: pass\n")
    (tmp_path / "broken_shapes.py").write_text("raise OSError('no libshape.so')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("round_shapes", "broken_shapes"):
        sys.modules.pop(name, None)


def test_a_decorated_class_is_found_by_its_name(shapes: Shapes) -> None:
    assert shapes.decorator("shape")(Square) is Square
    assert shapes.find("square") is shapes["square"] is Square
    assert list(shapes) == shapes.names() == ["ours", "square"]
    assert shapes.external() == {"square": Square}


def test_a_class_without_a_name_is_found_by_that_of_its_own(shapes: Shapes) -> None:
    @shapes.decorator("shape")
    class Nameless(str): ...

    assert shapes["Nameless"] is Nameless


def test_a_cell_that_is_run_again_registers_again(shapes: Shapes) -> None:
    shapes.decorator("shape")(Square)
    again = shapes.decorator("shape")(type("Square", (str,), {"name": "square", "__module__": "__main__"}))
    assert shapes["square"] is again is not Square


def test_names_of_the_package_are_taken(shapes: Shapes) -> None:
    with pytest.raises(ConfigurationError, match="shape 'ours' is one of Speciate's own") as caught:
        shapes.add("ours", Square)
    assert caught.value.hint == "give yours another name"
    assert shapes["ours"] is Ours


def test_what_is_kept_may_be_made_of_what_is_decorated() -> None:
    def sized(thing: type) -> int:
        if not hasattr(thing, "size"):
            raise ConfigurationError(f"{thing.__name__} lacks size")
        return int(thing.size)

    sizes: Registry[int] = Registry(GROUP, "size", (), entry=sized, named="kind")
    try:
        sizes.decorator("size")(type("Small", (), {"kind": "small", "size": 1, "__module__": "__main__"}))
        assert sizes["small"] == 1
        with pytest.raises(ConfigurationError, match="Square lacks size"):
            sizes.decorator("size")(Square)
    finally:
        REGISTRIES.pop(GROUP)


def test_plugins_are_found_by_their_entry_points(shapes: Shapes, plugin: Path) -> None:
    assert shapes.names() == ["ours", "circle", "broken"]
    assert "circle" in shapes
    assert "round_shapes" not in sys.modules, "only what is asked for is imported"
    assert shapes["circle"].__name__ == "Circle"
    assert list(shapes.external()) == ["circle"]


def test_a_plugin_that_cannot_be_imported_is_one_name_that_cannot_be_used(
    shapes: Shapes, plugin: Path
) -> None:
    with pytest.raises(ConfigurationError, match="shape 'broken_shapes:Broken' cannot be loaded") as caught:
        shapes.find("broken")
    assert caught.value.why == "OSError: no libshape.so"
    with pytest.raises(KeyError):
        shapes["broken"]
    assert shapes.find("circle")


def test_any_module_can_be_named(shapes: Shapes, plugin: Path) -> None:
    circle = shapes.find("round_shapes:Circle")
    assert shapes["round_shapes:Circle"] is circle is shapes.find("circle")


def test_modules_in_the_working_directory_are_found(
    shapes: Shapes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shapes_here.py").write_text("class Line(str): name = 'line'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert shapes.find("shapes_here:Line").__name__ == "Line"


def test_names_from_files_import_nothing(shapes: Shapes, plugin: Path) -> None:
    assert "round_shapes:Circle" not in shapes
    with pytest.raises(KeyError):
        shapes["round_shapes:Circle"]
    assert "round_shapes" not in sys.modules


def test_what_is_of_another_kind_is_refused(shapes: Shapes, plugin: Path) -> None:
    with pytest.raises(ConfigurationError, match="'round_shapes:Point' is no shape") as caught:
        shapes.find("round_shapes:Point")
    assert caught.value.hint == "it has to be a subclass of str"


@pytest.mark.parametrize(
    ("name", "what", "hint"),
    [
        ("squere", "there is no shape 'squere'", "did you mean square?"),
        ("x", "there is no shape 'x'", "there are ours, square, circle, broken; or module:Name"),
        ("round_shapes:Circel", "cannot be loaded", "did you mean round_shapes:Circle?"),
        ("no_module:Circle", "cannot be loaded", "module:Name is a module that Python can import"),
    ],
)
def test_a_name_that_there_is_not_is_one_error(
    shapes: Shapes, plugin: Path, name: str, what: str, hint: str
) -> None:
    shapes.decorator("shape")(Square)
    with pytest.raises(ConfigurationError, match=what) as caught:
        shapes.find(name)
    assert caught.value.hint.startswith(hint)


def test_what_another_process_sends_may_come_before_the_registry() -> None:
    receive(GROUP, "square", Square)
    receive(GROUP, "lost", why="attribute 'lock' of Lost is a _thread.lock")
    found: Shapes = Registry(GROUP, "shape", (), str)
    try:
        assert found.external() == {"square": Square}
        with pytest.raises(ConfigurationError, match="shape 'lost' could not be sent here") as caught:
            found.find("lost")
        assert caught.value.why == "attribute 'lock' of Lost is a _thread.lock"
    finally:
        REGISTRIES.pop(GROUP)
    assert GROUP not in registry._received
