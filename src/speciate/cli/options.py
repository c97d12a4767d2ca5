"""The options that commands share; those of a run come from the fields of its configuration."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BeforeValidator

from speciate.config import RunConfig, Setting, Settings, configure, key_of, read_file
from speciate.config.settings import Name, extra, options_of, registry_of
from speciate.text import did_you_mean

Run = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="Name of a run under --runs, its folder, or latest.", show_default=False
    ),
]
Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Folder of all runs.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="TOML file with the same settings; flags win.", show_default=False
    ),
]
RUNS = Path("runs")


def with_settings(
    *without: str, model: type[Settings] = RunConfig
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Put the settings of a run in place of a command's `**settings`.

    Args:
        without: Settings that the command has no option for.
        model: The kind of run.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [
            p
            for p in inspect.signature(command, eval_str=True).parameters.values()
            if p.kind is not p.VAR_KEYWORD
        ]
        settings = [_parameter(model, key) for key in model.model_fields if key not in without]
        parameters = [p.replace(kind=p.KEYWORD_ONLY) for p in (*settings, *own)]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        return command

    return decorate


def _parameter(model: type[Settings], key: str) -> inspect.Parameter:
    """The option of a setting, or the argument of one that must be given. None means that it was not given."""
    field = model.model_fields[key]
    about = field.description or ""
    if field.is_required():
        info: Any = typer.Argument(metavar=key.upper(), help=about, show_default=False)
        return _keyword(key, str, info)
    kind = _type(field.annotation)
    shown = None if field.default is None or field.default is False else str(field.default)
    about = about if shown is None or "[default: " in about else f"{about} [default: {shown}]"
    both = kind is bool and field.default is not False  # it can be switched on and off
    names = registry_of(model, key_of(key, model))
    info = typer.Option(
        flag(key, model) + (f"/--no-{flag(key, model)[2:]}" if both else ""),
        help=about.replace("[default: ", r"\[default: "),
        show_default=False,
        rich_help_panel=extra(field, "panel"),
        metavar=extra(field, "metavar") or (None if names is None else f"<{'|'.join(names.names())}>"),
        parser=None if names is None else partial(_known, names),
    )
    return _keyword(key, kind, info)


def _keyword(key: str, kind: Any, info: Any) -> inspect.Parameter:
    annotation = Annotated[kind | None, info]
    return inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _known(names: Name, text: str) -> str:
    """A registered name; what module:Name stands for is looked up by the configuration."""
    if text in names.names() or ":" in text:
        return text
    known = ", ".join(map(repr, names.names()))
    meant = did_you_mean(text, names.names())
    raise typer.BadParameter(f"{text!r} is not one of {known}, or module:Name{'; ' * bool(meant)}{meant}")


def flag(key: str, model: type[Settings] = RunConfig) -> str:
    """The flag of a setting: `--final-examples`."""
    return extra(model.model_fields[key], "flag") or "--" + key_of(key, model).replace("_", "-")


def _type(annotation: Any) -> Any:
    """What the command line parses: whole numbers, numbers, words of a list; the rest is text for the configuration."""
    options = [option for option in get_args(annotation) if option is not type(None)]
    union = get_origin(annotation) in (Union, types.UnionType)
    if union and len(options) == 1:
        annotation = options[0]
    if get_origin(annotation) is Annotated:
        annotation, *rules = get_args(annotation)
        if options_of in [getattr(rule, "func", None) for rule in rules]:
            return list[str]  # it may be repeated
        if any(isinstance(rule, BeforeValidator) for rule in rules):
            return str  # "10m", "4GB": the configuration understands it
    if get_origin(annotation) is Literal or annotation in (bool, int, float, str):
        return annotation
    return str


def settings_of(
    given: dict[str, Any], file: Path | None, model: type[Settings] = RunConfig
) -> dict[str, Setting]:
    """The settings of a file, and over them those that were given as flags."""
    found = read_file(file) if file is not None else {}
    return found | {
        key_of(key, model): Setting(
            value, key.upper() if model.model_fields[key].is_required() else flag(key, model)
        )
        for key, value in given.items()
        if value is not None and value != []
    }


def config_of(given: dict[str, Any], file: Path | None) -> RunConfig:
    """The configuration of a command.

    Raises:
        ConfigurationError: Something in it cannot be used; names everything.
    """
    return configure(settings_of(given, file))


__all__ = [
    "Config",
    "Json",
    "Quiet",
    "Run",
    "Runs",
    "config_of",
    "flag",
    "settings_of",
    "with_settings",
]
