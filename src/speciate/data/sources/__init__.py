"""Finds the reader for a source: one file a format, each giving rows as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from speciate import files
from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import AS_IT_IS, Raw, Reading
from speciate.data.sources import arrays, builtin, idx, images, npz, online, tables
from speciate.data.sources.arrays import Rows
from speciate.errors import DataError
from speciate.registry import Registry, load
from speciate.text import did_you_mean, quoted

Reader = Callable[[str, str | None, Reading], Raw]
RowReader = Callable[[str, Preprocessing, Reading], tuple[Rows, Rows]]
OwnSource = TypeVar("OwnSource", bound=Callable[[str], Any])


@dataclass(frozen=True)
class Source:
    """A kind of source: how its rows are read.

    Attributes:
        read: From what stands behind its prefix, and how it is to be read, to rows with their target.
        read_rows: From the same, and the preprocessing of a network, to rows to predict for, twice: for people and for
            the preprocessing.
        is_path: Whether what stands behind its prefix is a path.
        is_text: Whether it may be text, so that it has an encoding.
        has_sizes: Whether its rows are images that are resized.
    """

    read: Reader
    read_rows: RowReader
    is_path: bool = False
    is_text: bool = False
    has_sizes: bool = False

    def check(self, reading: Reading) -> None:
        """Refuse what the user says about reading where it means nothing.

        Raises:
            DataError: An encoding is given, and there is no text to decode; a size, and there are no images.
        """
        if reading.encoding is not None and not self.is_text:
            raise DataError("only text tables have an encoding", where="--encoding", hint="leave it out")
        if reading.image_size is not None and not self.has_sizes:
            raise DataError(
                "only folders of images have an image size", where="--image-size", hint="leave it out"
            )


SOURCES: Registry[Any] = Registry("speciate.sources", "kind of source", ("speciate.data.sources",))
"""Kinds of sources by the prefix that they have in a command; those of others are functions."""


def source(prefix: str) -> Callable[[OwnSource], OwnSource]:
    """Register a function that reads what is written as `prefix:WHERE`.

    It gets WHERE as text, and gives a DataFrame with the target among its columns, or a pair (X, y).
    """

    def register(function: OwnSource) -> OwnSource:
        SOURCES.add(prefix, function)
        return function

    return register


SOURCES.add("sklearn", Source(builtin.read, builtin.read_rows))
SOURCES.add("openml", Source(online.read, online.read_rows))
SOURCES.add("idx", Source(idx.read, idx.read_rows, is_path=True))
KINDS = "a source is a .csv, .tsv, .parquet or .npz file, a folder of images by class, idx:DIR, sklearn:NAME, openml:ID, or module:function of your own"


def read_source(source: object, target: str | None, reading: Reading = AS_IT_IS) -> Raw:
    """The rows and the target of a source.

    Raises:
        DataError: There is no such source, or it cannot be read.
        ConfigurationError: Its rows have no size.
    """
    if isinstance(source, str | Path):
        try:
            kind, where = find_reader(str(source))
            kind.check(reading)
            return kind.read(where, target, reading)
        except OSError as error:
            raise _unreadable(source, error) from error
    if reading.image_size is not None:
        raise DataError(
            "only folders of images have an image size", where="--image-size", hint="leave it out"
        )
    return arrays.read(source, target)


def read_rows(source: object, preprocessing: Preprocessing, reading: Reading = AS_IT_IS) -> tuple[Rows, Rows]:
    """The rows of a source for people and for `preprocessing.transform`; a target is ignored.

    Raises:
        DataError: There is no such source, or it cannot be read.
    """
    if isinstance(source, str | Path):
        try:
            kind, where = find_reader(str(source))
            kind.check(reading)
            return kind.read_rows(where, preprocessing, reading)
        except OSError as error:
            raise _unreadable(source, error) from error
    return arrays.read_rows(source)


def read_labeled(
    source: object,
    target: str | None,
    default: str,
    text_columns: tuple[str, ...],
    encoding: str | None = None,
) -> Raw:
    """Rows with answers for a network that has been trained.

    Args:
        source: What `read_source` takes.
        target: The column to read; None for `default`, or for what the source itself says is the target.
        default: The column that the network was trained to predict.
        text_columns: The columns whose cells it compares as text.
        encoding: Of a text table; None finds it out.

    Raises:
        DataError: There is no such source, or it cannot be read.
    """
    if isinstance(source, str | Path):
        has_columns = find_reader(str(source))[0].is_text
    else:
        has_columns = not isinstance(source, tuple | list)
    return read_source(
        source, target or (default if has_columns else None), Reading(encoding, categorical=text_columns)
    )


def find_reader(source: str) -> tuple[Source, str]:
    """The kind of a source, and what to give it."""
    prefix, colon, rest = source.partition(":")
    if colon and not Path(source).exists():
        if prefix in SOURCES:
            found = SOURCES.find(prefix)
            return (found if isinstance(found, Source) else _own(found, source)), rest
        if _is_module(prefix) and rest.isidentifier():
            return _own(load(source, "source"), source, takes_place=False), rest
    path = Path(source)
    if path.is_dir():
        return _folder(path), source
    if not path.exists():
        raise _nothing_there(path, prefix if colon else "", rest)
    if (kind := files.kind_of(path, links=True)) != files.FILE:
        raise DataError(
            f"{quoted(source)} is {kind}, not {files.FILE}",
            why="data are read more than once: again when a run goes on",
            hint="write them to a file first",
        )
    suffix = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    if suffix in tables.SUFFIXES:
        return Source(tables.read, tables.read_rows, is_text=True), source
    if suffix == ".npz":
        return Source(npz.read, npz.read_rows), source
    if idx.is_idx(path):
        return SOURCES["idx"], source
    if suffix in images.SUFFIXES:
        raise DataError(f"{quoted(source)} is a single image", hint="give the folder that holds it")
    raise DataError(
        f"{quoted(source)} is of a kind that cannot be read: {quoted(suffix or 'no suffix')}", hint=KINDS
    )


def absolute(source: str) -> str:
    """A source whose path, if it has one, is absolute, so that it is found from anywhere; others as they are."""
    if Path(source).exists():
        return str(Path(source).resolve())
    prefix, colon, rest = source.partition(":")
    if colon and getattr(SOURCES.get(prefix), "is_path", False):
        return f"{prefix}:{Path(rest).resolve()}"
    return source


def _folder(path: Path) -> Source:
    if any(idx.is_idx(file) for file in path.iterdir() if file.is_file()):
        found: Source = SOURCES["idx"]
        return found
    if images.has_images(path):
        return Source(images.read, images.read_rows, has_sizes=True)
    readable = sorted(f.name for f in path.iterdir() if f.suffix.lower() in (*tables.SUFFIXES, ".npz"))
    hint = f"name a file in it, such as {quoted(path / readable[0], 200)}" if readable else KINDS
    raise DataError(f"the folder {quoted(path, 200)} holds neither images nor IDX files", hint=hint)


def _is_module(name: str) -> bool:
    """Whether there is a module of that name, here or installed."""
    if not all(part.isidentifier() for part in name.split(".")):
        return False
    file = Path(*name.split("."))
    try:
        return file.with_suffix(".py").is_file() or file.is_dir() or find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _own(function: Callable[..., Any], written: str, takes_place: bool = True) -> Source:
    """A function of one's own as a kind of source."""

    def call(where: str) -> Any:
        try:
            return function(where) if takes_place else function()
        except Exception as error:
            raise DataError(
                f"the source {quoted(written, 200)} cannot be read", why=f"{type(error).__name__}: {error}"
            ) from error

    def read(where: str, target: str | None, reading: Reading) -> Raw:
        raw = arrays.read(call(where), target)
        return replace(raw, name=where or written, source=written)

    def read_rows(where: str, preprocessing: Preprocessing, reading: Reading) -> tuple[Rows, Rows]:
        found = call(where)
        return arrays.read_rows(found[0] if isinstance(found, tuple | list) else found)

    return Source(read, read_rows)


def _unreadable(source: object, error: OSError) -> DataError:
    return DataError(f"{quoted(source, 200)} cannot be read", why=error.strerror or str(error))


def _nothing_there(path: Path, prefix: str, rest: str) -> DataError:
    if did_you_mean(prefix, SOURCES.names()):
        close = did_you_mean(f"{prefix}:{rest}", [f"{known}:{rest}" for known in SOURCES.names()])
        return DataError(f"there is no kind of source {quoted(prefix + ':')}", hint=f"{close} {KINDS}")
    folder = path.parent
    there = sorted(f.name for f in folder.iterdir() if not f.name.startswith(".")) if folder.is_dir() else []
    near = did_you_mean(path.name, there)
    if str(path) in builtin.NAMES:
        hint = f"for scikit-learn's data set write sklearn:{path}"
    elif near:
        hint = f"in {quoted(folder.resolve(), 200)}, {near}"
    elif not folder.is_dir():
        hint = f"there is no folder {quoted(folder, 200)} either"
    else:
        hint = KINDS
    return DataError(f"there is no file or folder {quoted(path, 200)}", hint=hint)


__all__ = ["SOURCES", "Source", "absolute", "find_reader", "read_rows", "read_source", "source"]
