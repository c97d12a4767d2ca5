"""The entry of the command: runs it, and turns whatever goes wrong into a few lines and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import typer

from speciate.cli.app import app
from speciate.errors import SpeciateError

UNEXPECTED = 70
"""The exit code of an error that nobody thought of."""


def main() -> NoReturn:
    """Run the command and leave.

    Not by way of the interpreter's end: taking torch, pandas and scikit-learn apart takes seconds on a busy machine, and
    whoever pressed Ctrl-C is waiting. By now everything is closed; what is left is to flush.
    """
    code = command(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def command(arguments: Sequence[str]) -> int:
    """Run the command with arguments; its exit code."""
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
    except Exception as error:
        if debug:
            _print_traceback()
        kind, text = type(error).__name__, " ".join(str(error).split())
        hint = "" if debug else f"run again with --debug: {' '.join(['speciate', '--debug', *given])}"
        _print(SpeciateError(f"unexpected {kind}: {text:.300}", hint=hint))
        return UNEXPECTED
    return 0


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()


def _print(error: SpeciateError) -> None:
    """The parts of an error, labeled and aligned, on standard error, which may be gone with its terminal."""
    from speciate.terminal.output import console, error_block

    with suppress(OSError):
        console(stderr=True).print(error_block(error))
