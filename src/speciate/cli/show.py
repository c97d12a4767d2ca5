"""`speciate show`: what a run came to."""

from __future__ import annotations

from speciate.cli.options import RUNS, Json, Run, Runs

NEEDS_ARGUMENTS = True


def command(run: Run, runs: Runs = RUNS, json: Json = False) -> None:
    """Show a run: champion, baselines, progress, the best networks, failures and cost."""
    from speciate.store import RunSummary, find_run
    from speciate.terminal import print_json, print_run

    summary = RunSummary.read(find_run(run, runs)).to_json()
    (print_json if json else print_run)(summary)
