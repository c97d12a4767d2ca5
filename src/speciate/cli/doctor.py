"""`speciate doctor`: what a run would find on this machine."""

from __future__ import annotations

from speciate.cli.options import RUNS, Json, Runs


def command(runs: Runs = RUNS, json: Json = False) -> None:
    """Show versions, cores, memory, accelerator and free disk."""
    from speciate.machine import examine
    from speciate.terminal import print_facts, print_json

    found = examine(runs)
    if json:
        print_json(found)
    else:
        print_facts(found)
