"""How the champion was chosen and trained, and the best networks of the search."""

from __future__ import annotations

from speciate.report.figures.operators import title
from speciate.report.html import Html, el, fold, name, section, table
from speciate.report.sections.base import Page
from speciate.text import counted


def final(page: Page) -> Html | None:
    """The finalists, retrained with several seeds."""
    found = page.found.final
    if not found:
        return None
    winner = next((f for f in found if f.won), None)
    trainings = max(len(f.scores) + f.failed + f.pending for f in found)
    several = (
        f"best {len(found)} networks of the search were"
        if len(found) > 1
        else "best network of the search was"
    )
    lead = f"A single score is partly luck. The {several} therefore trained again, {counted(trainings, 'time')} each with fresh "
    lead += "seeds, and the best mean decides." if len(found) > 1 else "seeds."
    if winner is None:
        lead += " The final is not decided yet."
    elif winner.search_score is not None and winner.mean.mean is not None:
        best = max(f.search_score for f in found if f.search_score is not None)
        if winner.search_score < best:
            lead += " The network with the highest score of the search did not win."
    caption = (
        "One row a finalist, the winner on top. Filled dots are trainings with fresh seeds, the upright bar is their mean; "
        "the hollow orange dot is the score that took the network to the final, and is not counted: it was chosen for being high."
    )
    return section("final", "The final", el("p", lead), page.figure("final", caption))


def training(page: Page) -> Html | None:
    """The champion's trainings with more and more examples."""
    found = page.found.training
    if not found:
        return None
    start = "from the weights that it had in the search" if page.found.inherit else "from the start"
    lead = (
        "During the search every network sees few examples, so that many can be tried. The champion is then trained for real, "
        f"again and again {start}, on twice the examples each time, until its validation score stops improving."
        if len(found) > 1
        else f"The champion was trained once more, {start}, with these weights as the result."
    )
    caption = "Each dot is one complete training; the filled one gave the weights that are kept."
    scale = page.scale
    rows = [
        [f"{t.examples:,}", scale.show(t.score), name(t.status), "kept" if t.chosen else ""] for t in found
    ]
    details = fold("As a table", table(["examples", "validation", "status", ""], rows, numeric=(0, 1)))
    return section(
        "training", "The champion's real training", el("p", lead), page.figure("training", caption), details
    )


def best(page: Page) -> Html | None:
    """The best networks of the search."""
    found = page.found.best
    if not found:
        return None
    rows = [
        [
            f"#{e.id}",
            page.scale.show(e.score),
            Html(f'<span class="long">{name(e.description, 300)}</span>'),
            f"{e.parameters:,}",
            f"{e.generation}",
            name(title(e.operator)),
        ]
        for e in found
    ]
    head = ["", "validation", "network", "parameters", "generation", "made by"]
    lead = "By their validation score in the search, before the final."
    return section(
        "best", "The best networks of the search", el("p", lead), table(head, rows, numeric=(1, 3, 4))
    )
