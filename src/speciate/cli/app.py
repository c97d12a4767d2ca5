"""The commands by name. Each is in a file of its own, which is imported when the command is used and not before."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "demo": "Evolve a digit recognizer on scikit-learn's digits: the quickest look.",
    "run": "Evolve networks for a data set.",
    "neat": "Evolve networks for a control task, where there is no gradient.",
    "resume": "Go on with a run that was interrupted, or prolong one.",
    "ls": "List the runs.",
    "show": "Show what a run came to.",
    "report": "Write a run's report, one HTML file.",
    "compare": "Run several algorithms at the same cost and compare them.",
    "predict": "Predict with a run's champion.",
    "export": "Write a champion in another format.",
    "doctor": "Show versions, cores, memory, accelerator and disk, or the health of a run.",
    "gc": "Delete the weights that nobody needs any more.",
}
"""Name and one line of every command, in the order of the help."""


class LazyGroup(TyperGroup):
    """A group that lists its commands by name and imports only the one that is used."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The command that was asked for, in place of the line that stands for it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load(str(name)), rest


def load(name: str) -> Any:
    """The command of a name."""
    module = import_module(f"speciate.cli.{name}")
    single = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    single.command(name, no_args_is_help=getattr(module, "NEEDS_ARGUMENTS", False))(module.command)
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
for _name, _about in COMMANDS.items():
    app.command(_name, help=_about)(_stub)
