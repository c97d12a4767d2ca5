"""The command doctor: what a run would find on this machine, or what is wrong with a run."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from speciate.cli.options import RUNS, Json, Runs
from speciate.versions import version_of

PACKAGES = ("speciate", "torch", "numpy", "pandas", "scikit-learn", "scipy", "pydantic", "typer", "rich")
OPTIONAL = ("pyarrow", "pillow")
GIB = 2**30

DAMAGED = 74
"""The exit code where something is wrong with a run."""


def doctor(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="A run to examine.", show_default=False)
    ] = None,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Save what can be read of a damaged run in a folder of its own.")
    ] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Show versions, cores, memory, accelerator and free disk; with RUN, the health of its folder.

    Nothing of a damaged run is changed, with --salvage neither: what can be read goes to a new folder, RUN-salvaged.
    """
    from speciate.errors import UsageError
    from speciate.terminal import print_facts, print_json

    if run is None:
        if salvage:
            raise UsageError("which run is to be salvaged?", hint="speciate doctor RUN --salvage")
        found = examine_machine(runs)
    elif salvage:
        found = _salvaged(run, runs)
    else:
        found = _examined(run, runs)
    (print_json if json else print_facts)(found)
    if found.get("problems"):
        raise typer.Exit(DAMAGED)


def _examined(run: str, runs: Path) -> dict[str, Any]:
    from speciate import files
    from speciate.config import configuration
    from speciate.errors import SpeciateError
    from speciate.store import find_run
    from speciate.store.health import examine_run
    from speciate.terminal.output import reference

    folder = find_run(run, runs)
    found = examine_run(folder)
    try:
        if files.kind_of(folder.configuration):
            configuration(folder)
    except SpeciateError as error:
        found["problems"].append(": ".join(filter(None, (error.what, error.where, error.why))))
    if any(
        problem.startswith(("database", "the run's database", "this file")) for problem in found["problems"]
    ):
        found["try"] = f"speciate doctor {reference(folder.path)} --salvage"
    elif found["problems"]:
        found["try"] = f"speciate resume {reference(folder.path)}"
    return found


def _salvaged(run: str, runs: Path) -> dict[str, Any]:
    from speciate.store import find_run
    from speciate.store.salvage import salvage
    from speciate.terminal.output import reference

    folder, rows = salvage(find_run(run, runs))
    return {
        "salvaged": rows,
        "folder": str(folder.path.resolve()),
        "next": f"speciate show {reference(folder.path)}, or speciate resume {reference(folder.path)}",
    }


def examine_machine(runs: Path) -> dict[str, Any]:
    """Facts about this machine by name, of JSON types only.

    Args:
        runs: The folder of all runs; it need not exist.
    """
    import psutil
    import torch

    from speciate.jit import available_cores

    memory = psutil.virtual_memory()
    place = Path(os.path.realpath(runs))
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    return {
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": platform.platform(),
        "versions": {name: version_of(name) for name in PACKAGES},
        "optional": {name: _version(name) for name in OPTIONAL},
        "cores": {
            "usable": available_cores(),
            "physical": psutil.cpu_count(logical=False),
            "logical": os.cpu_count(),
        },
        "memory": {
            "total_gib": round(memory.total / GIB, 1),
            "available_gib": round(memory.available / GIB, 1),
        },
        "accelerator": _accelerator(torch),
        "torch_threads": torch.get_num_threads(),
        "disk": {
            "folder": str(existing),
            "free_gib": round(shutil.disk_usage(existing).free / GIB, 1),
            "writable": os.access(existing, os.W_OK),
        },
    }


def _version(name: str) -> str | None:
    found = version_of(name)
    return None if found == "none" else found


def _accelerator(torch: Any) -> str:
    if torch.cuda.is_available():
        return f"cuda: {torch.cuda.get_device_name(0)}"
    return "mps" if torch.backends.mps.is_available() else "none: networks are trained on the CPU"
