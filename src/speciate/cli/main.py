"""The entry of the command: runs it, and turns whatever goes wrong into a few lines and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress

import typer

from speciate.cli.app import app
from speciate.errors import SpeciateError

UNEXPECTED = 70
"""The exit code of an error that nobody thought of."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    try:
        # The traceback of an unexpected error is ours to show or to hide; usage errors are typer's.
        typer.main.get_command(app)(args=[a for a in arguments if a != "--debug"], prog_name="speciate")
    except SpeciateError as error:
        if debug:
            raise
        _print(error)
        _exit(error.exit_code)
    except Exception as error:
        if debug:
            raise
        kind, text = type(error).__name__, " ".join(str(error).split())
        hint = f"run again with --debug: {' '.join(['speciate', '--debug', *arguments])}"
        _print(SpeciateError(f"unexpected {kind}: {text:.300}", hint=hint))
        _exit(UNEXPECTED)


def _print(error: SpeciateError) -> None:
    """The parts of an error, labeled and aligned, on standard error, which may be gone with its terminal."""
    from speciate.terminal.blocks import error_block
    from speciate.terminal.consoles import console

    with suppress(OSError):
        console(stderr=True).print(error_block(error))


def _exit(code: int) -> None:
    with suppress(OSError):
        sys.stdout.flush()
    sys.exit(code)
