"""What a run is going to do, said before it spends any time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from speciate.inheritance.finished_network import layers
from speciate.records import Phase
from speciate.terminal.output import Block, start, toned, warnings
from speciate.terminal.progress import UNLIMITED
from speciate.text import counted, duration

if TYPE_CHECKING:
    from speciate.run.search import Search


def print_plan(search: Search, console: Console) -> None:
    """What was understood about the data, what is searched, how much is spent, and where it goes."""
    console.print(Block(_lines(search), 12))


def _lines(search: Search) -> Iterator[tuple[str, str | Text]]:
    yield from toned(search.evaluator.summary())
    if search.ancestry is not None:
        origin = search.ancestry.network.origin
        described, frozen = layers(search.ancestry.network.genome), bool(search.ancestry.frozen)
        yield "from", start(origin.name, described, search.ancestry.examples, frozen)
        yield from warnings(search.ancestry.notes)
    if space := search.space.summary():
        yield "space", space
    yield "algorithm", search.algorithm.describe()
    yield "budget", _budget(search)
    workers = search.backend.workers
    room = counted(workers, "worker") if workers else "as many workers as the cluster has room for"
    yield "backend", f"{search.backend.name}, {room}"
    if search.folder is not None:
        yield "folder", str(search.folder.path)
    if search.champion is not None:
        yield "going on", f"nothing is added: {finished_line(search)}"
    elif done := search.store.evaluated():
        yield "going on", f"{counted(done, 'evaluation')} are done already"


def finished_line(search: Search) -> str:
    """Why nothing is added to a finished search: what it comprises, or the time that it has used."""
    used = float(search.store.get("seconds", 0.0))
    if search.seconds is not None and search.seconds < used:
        return f"{duration(search.seconds)} is less than the {duration(used)} already used"
    count = min(search.limit, search.store.evaluated(Phase.SEARCH))
    generations = counted(search.store.generations(Phase.SEARCH), "generation")
    return f"the run has {counted(count, 'network')} in {generations} already"


def _budget(search: Search) -> str:
    """How much is spent."""
    facts = search.evaluator.facts()
    if "fitness" in facts:  # a task, on which nothing is trained
        limits = [counted(search.limit, "network")] if search.limit < UNLIMITED else []
        limits += [f"{duration(search.seconds)} in all"] if search.seconds else []
        solvable = "target" not in facts and not getattr(search.algorithm, "go_on", False)
        return "at most " + " or ".join(limits) + (", until it is solved" if solvable else "")
    each = f"{search.examples:,} examples"
    limits = [f"{counted(search.limit, 'network')} x {each}"] if search.limit < UNLIMITED else []
    if search.seconds:
        part = search.evaluator.time_share(Phase.SEARCH)
        text = f"{duration(search.seconds)} in all, {part:.0%} of what reading leaves for the search"
        limits.append(text + ("" if limits else f", {each} a network"))
    if search.algorithm.plateau is not None:
        limits.append(f"until {counted(search.algorithm.plateau, 'network')} in a row are no better")
    recipes = len(search.algorithm.identity().get("recipes", ()))
    context = search.context((), lambda text: None)
    final = search.evaluator.outlook(context, search.finalists, recipes) if search.finalists else ""
    return " or ".join(limits) + (f"; {final}" if final else "")
