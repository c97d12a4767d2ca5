"""The commands that make something of a run's folder: predict, score, export, gc."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from speciate.cli.options import RUNS, Json, Runs
from speciate.errors import DataWarning, SpeciateError, StorageError
from speciate.text import clean

if TYPE_CHECKING:
    from speciate.store import RunFolder

SUFFIXES = {"code": "", "torch": ".pt2", "onnx": ".onnx"}

Champion = Annotated[
    str, typer.Argument(metavar="RUN|CHAMPION", help="A run, or a champion's folder.", show_default=False)
]

Encoding = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Encoding of a text table. [default: found out]", show_default=False),
]


def predict(
    run: Champion,
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="The same kinds of sources as for run.", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="CSV file to write.", show_default=False),
    ] = None,
    encoding: Encoding = None,
    runs: Runs = RUNS,
) -> None:
    """Predict for every row of DATA, in its order: a column with the prediction, and one with each class's probability.

    Labels are written as they are in the data. To a spreadsheet, one that begins with "=" is a formula: import it as text.
    """
    from speciate.champion import load_model
    from speciate.files import write_out
    from speciate.store import find_champion, parts_of
    from speciate.terminal import write

    champion = find_champion(run, runs)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", DataWarning)
        table = load_model(champion).predict_table(data, encoding)
    for warning in said:
        typer.echo(f"warning: {clean(warning.message, 400)}", err=True)
    text = table.to_csv(index=False)
    if out is None:
        write(text)
    else:
        read = (Path(data), Path(data.partition(":")[2]), *parts_of(champion))
        write_out(out, text.encode(), "prediction", [path for path in read if path.name])
        typer.echo(f"{len(table):,} predictions in {clean(out, 4096)}", err=True)


def score(
    run: Champion,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="Rows with known answers: the kinds of sources of run.", show_default=False
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Column with the answers. [default: the run's target]", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="JSON file to write.", show_default=False),
    ] = None,
    encoding: Encoding = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Score a champion on rows with known answers, with 95 % intervals, and say whether it was trained on them."""
    from json import dumps

    from speciate.files import write_out
    from speciate.scoring import score_champion
    from speciate.store import find_champion, parts_of
    from speciate.terminal import print_json, print_labeled

    champion = find_champion(run, runs)
    found = score_champion(champion, data, target=target, encoding=encoding, runs=runs)
    if out is not None:
        read = (Path(data), Path(data.partition(":")[2]), *parts_of(champion))
        text = dumps(found.to_json(), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
        write_out(out, text.encode(), "score", [path for path in read if path.name])
    if json:
        print_json(found.to_json())
    else:
        print_labeled(found.lines())


def export(
    run: Champion,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["code", "torch", "onnx"],
        typer.Option(
            help="code: a folder with model.py, which needs torch alone; torch: a file for torch.export.load; onnx: a file for "
            "ONNX Runtime and others. Only model.py takes raw rows; the files take the numbers that the champion's card describes."
        ),
    ] = "code",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="PATH",
            help="What to write. [default: NAME, NAME.pt2 or NAME.onnx]",
            show_default=False,
        ),
    ] = None,
    runs: Runs = RUNS,
) -> None:
    """Write a champion to a place of its own, for programs that do not have speciate."""
    from speciate import champion as champions
    from speciate.store import find_champion
    from speciate.terminal import write

    champion = find_champion(run, runs)
    name = champion.resolve().name
    write(f"{champions.export(champion, out or Path(f'{name}{SUFFIXES[format]}'), format)}\n")


def gc(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run; without it, all runs.", show_default=False)
    ] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Delete the weights that no living network needs: neither the champion, nor a final, nor a longer search.

    A run does this itself, once a generation and at its end; what a killed one has left, goes here.
    """
    from speciate.store import find_run, list_runs
    from speciate.terminal import print_json, print_lines
    from speciate.text import clean, counted

    folders = list_runs(runs) if run is None else [find_run(run, runs)]
    found = {}
    for folder in folders:
        name = folder.path.name if run else str(folder.named.relative_to(runs))
        try:
            if run is None and folder.named != folder.path:
                raise StorageError(f"it is a link; speciate gc {name} collects what it leads to")
            found[name] = _collected(folder)
        except Exception as error:  # whatever is odd about one, the others are collected
            if run is not None:
                raise
            what = error.what if isinstance(error, SpeciateError) else f"{type(error).__name__}: {error}"
            why = error.why if isinstance(error, SpeciateError) else ""
            said = ": ".join(filter(None, (what, why)))
            logging.getLogger("speciate").warning("%s was left alone: %s", clean(name), clean(said))
    if json:
        print_json(found)
    else:
        print_lines(
            [f"{name}: {counted(r['deleted'], 'file')} deleted, {r['mb']:g} MB" for name, r in found.items()]
        )


def _collected(folder: RunFolder) -> dict[str, Any]:
    from speciate.config import at_rest

    before = folder.weights.size
    deleted = at_rest(folder).collect()
    return {"deleted": deleted, "mb": round((before - folder.weights.size) / 1e6, 3)}
