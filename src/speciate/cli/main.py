"""The entry of the command: knows the commands by name, runs one, and turns what goes wrong into a few lines and an exit code."""

from __future__ import annotations

import io
import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from contextvars import ContextVar
from importlib import import_module
from typing import Annotated, Any, NamedTuple, NoReturn

import typer
from typer.core import TyperGroup

from speciate.errors import SpeciateError, StorageError
from speciate.text import clean

LOADED = time.monotonic()
"""When this file was loaded, which is the first that a command needs."""

BEGAN: ContextVar[float] = ContextVar("began")
"""When the time of the present command began to count, in seconds of `time.monotonic`."""

UNEXPECTED = 70
"""The exit code of an error that was not foreseen."""
INTERRUPTED = 130
"""That of Ctrl-C."""


class Command(NamedTuple):
    """Where a command is and what it is for. Its file is imported when it is used and not before.

    Attributes:
        file: The file in this folder that has a function of the command's name.
        about: One line.
        alone: Whether it does something without arguments; else it shows its help.
    """

    file: str
    about: str
    alone: bool = False


COMMANDS = {
    "demo": Command("start", "Evolve a digit recognizer on scikit-learn's digits: the quickest look.", True),
    "run": Command("start", "Evolve networks for a data set."),
    "check": Command("check", "Show how data are read and used, without running."),
    "neat": Command("start", "Evolve networks for a control task, where there is no gradient."),
    "resume": Command("start", "Go on with a run that was interrupted, or prolong one."),
    "ls": Command("look", "List the runs.", True),
    "show": Command("look", "Show what a run came to."),
    "report": Command("look", "Write a run's report, one HTML file."),
    "compare": Command("start", "Run several algorithms at the same cost and compare them."),
    "predict": Command("use", "Predict with a run's champion."),
    "score": Command("use", "Score a champion on rows with known answers."),
    "export": Command("use", "Write a champion in another format."),
    "doctor": Command(
        "doctor", "Show versions, cores, memory, accelerator and disk, or the health of a run.", True
    ),
    "gc": Command("use", "Delete the weights that nothing needs any more.", True),
}
"""Every command by name, in the order of the help."""


class LazyGroup(TyperGroup):
    """A group that lists its commands by name and imports only the one that is used."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The command that was asked for, in place of the line that stands for it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load(str(name)), rest


def load(name: str) -> Any:
    """The command of a name."""
    about = COMMANDS[name]
    function = getattr(import_module(f"speciate.cli.{about.file}"), name)
    single = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    single.command(name, no_args_is_help=not about.alone)(function)
    return typer.main.get_command(single)


def _version(wanted: bool) -> None:
    if wanted:
        from speciate import __version__

        typer.echo(f"speciate {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Evolve neural networks in PyTorch: give data, get a trained network, and the evidence that it is good."""


def _stub() -> None:
    """Stands for a command that is not imported yet."""


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(_root)
for _name, _command in COMMANDS.items():
    app.command(_name, help=_command.about)(_stub)


def main() -> NoReturn:
    """Run the command and leave.

    Not by way of the interpreter's end: taking torch, pandas and scikit-learn apart takes seconds on a busy machine, and
    the user who pressed Ctrl-C is waiting. By now everything is closed; what is left is to flush.
    """
    try:
        code = command(sys.argv[1:], LOADED)
    except KeyboardInterrupt:  # before or after what stops in good order
        code = INTERRUPTED
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, KeyboardInterrupt):
            stream.flush()
    os._exit(code)


def command(arguments: Sequence[str], began: float | None = None) -> int:
    """Run the command with arguments; its exit code.

    Args:
        arguments: What follows the command's name.
        began: When its time began to count, in seconds of `time.monotonic`; by default now.
    """
    BEGAN.set(time.monotonic() if began is None else began)
    _prepare_output()
    debug = "--debug" in arguments
    given = [argument for argument in arguments if argument != "--debug"]  # it may stand anywhere
    try:
        typer.main.get_command(app)(args=given, prog_name="speciate")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except SpeciateError as error:
        if debug:
            _print_traceback()
        _print(error)
        return error.exit_code
    except OSError as error:
        if debug:
            _print_traceback()
        where = f"{error.filename}" if error.filename else ""
        told = StorageError("a file or folder cannot be used", where=where, why=error.strerror or str(error))
        _print(told)
        return told.exit_code
    except Exception as error:
        if debug:
            _print_traceback()
        kind, text = type(error).__name__, " ".join(str(error).split())
        hint = "" if debug else f"run again with --debug: {' '.join(['speciate', '--debug', *given])}"
        _print(SpeciateError(f"unexpected {kind}: {text:.300}", hint=hint))
        return UNEXPECTED
    return 0


class _Harmless(logging.Formatter):
    """Log lines without control characters: names in them may be a stranger's."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return clean(super().format(record), 100_000, lines=True)


def _prepare_output() -> None:
    """Replace what standard output and error cannot encode, so that no command ends for it; log as the command speaks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    handler = logging.StreamHandler()
    handler.setFormatter(_Harmless("%(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()


def _print(error: SpeciateError) -> None:
    """The parts of an error, labeled and aligned, on standard error, which may be gone with its terminal."""
    from speciate.terminal.output import console, error_block

    with suppress(OSError):
        console(stderr=True).print(error_block(error))
