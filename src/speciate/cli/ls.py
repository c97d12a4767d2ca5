"""`speciate ls`: the runs in a folder."""

from __future__ import annotations

from speciate.cli.options import RUNS, Json, Runs


def command(runs: Runs = RUNS, json: Json = False) -> None:
    """List the runs, the one that was written last at the end."""
    from speciate.store import glance, list_runs
    from speciate.terminal import print_json, print_runs

    rows = [glance(folder, runs) for folder in list_runs(runs)]
    if json:
        print_json(rows)
    else:
        print_runs(rows, runs)
