"""How the population moved, the best so far, and the champion's line of descent."""

from __future__ import annotations

from collections.abc import Sequence

from speciate.report.figures import WIDE
from speciate.report.figures.generations import MOST_RIDGES, boxes_drawn
from speciate.report.figures.lineage import headline, years
from speciate.report.html import Html, el, fold, join, name, section
from speciate.report.lineage import Ancestor
from speciate.report.origins import OUTSIDE
from speciate.report.sections.base import Page
from speciate.report.sections.steps import drawn_steps
from speciate.text import counted

RECENT = 12
"""Latest steps of the lineage that are always shown."""


def population(page: Page) -> Html:
    """The article's two figures."""
    found = page.found.generations
    if "generations-box" not in page.wide:
        words = (
            "No candidate of the search has a score yet, so there is nothing to draw."
            if found
            else ("The search has not proposed any network yet.")
        )
        return section("population", "The population", el("p", words))
    sizes = [len(part.scores) + part.failed + part.pending for part in found]
    members = counted(max(sizes), "network")
    of = members if min(sizes) == max(sizes) else f"up to {members}"
    ridges = (
        f"Each curve is the distribution of the validation scores of one generation of {of}, the first on top; the upright mark "
        "is the mean. Every curve is drawn to the same height, so compare where it lies and how wide it is. A population that "
        "evolves moves to the right and draws together. A red number counts networks that score below the axis; a hollow dot at "
        "its left end stands for a mean that does."
    )
    boxes = (
        f"Each box is one generation of {of}: the box holds the middle half, the thick line is the median, the ring the mean, "
        "each small dot a network. A red number counts networks that score below the axis; a ring with a stroke under it stands for a "
        "mean that does. Dashed lines are the baselines."
    )
    if len(found) > min(MOST_RIDGES, boxes_drawn(WIDE)):
        boxes += f" Of the {len(found)} generations some are drawn, evenly spaced."
    lead = _moved(page)
    return section(
        "population",
        "The population",
        el("p", lead),
        page.figure("generations-density", ridges),
        page.figure("generations-box", boxes),
    )


def _moved(page: Page) -> str:
    """The first and the last generation in words."""
    scored = [part for part in page.found.generations if part.box is not None]
    first, last = scored[0], scored[-1]
    assert first.box is not None
    assert last.box is not None
    show = page.scale.show
    if first is last:
        return f"There is one generation with scores; its median is {show(first.box.median)}, its mean {show(first.box.mean)}."
    up, mean_up = last.box.median > first.box.median, last.box.mean > first.box.mean
    words = (
        f"{'The median rose' if up else 'The median did not rise'}: {show(first.box.median)} in generation {first.number}, "
        f"{show(last.box.median)} in generation {last.number}. The mean {'rose' if mean_up else 'did not rise'}"
        f"{', too' if up and mean_up else ' either' if not up and not mean_up else ''}: "
        f"{show(first.box.mean)} and {show(last.box.mean)}"
    )
    poor = last.box.median - last.box.mean > last.box.q3 - last.box.median and not mean_up
    return words + (", pulled down by networks that score far below the others." if poor else ".")


def progress(page: Page) -> Html | None:
    """The best so far."""
    if "best-so-far" not in page.wide:
        return None
    caption = (
        "The best validation score after so many trained networks. It is a maximum of noisy scores, so it flatters: "
        "that is why there is a final, and why only the sealed test counts."
    )
    return section("progress", "The best so far", page.figure("best-so-far", caption))


def descent(page: Page) -> Html | None:
    """The champion's lineage as a list."""
    steps = page.found.lineage
    if not steps:
        return None
    lead = _lead(steps)
    items = [_item(page, step, step is steps[-1]) for step in steps]
    if len(items) <= RECENT + 3:
        listed = el("ol", *items, kind="descent")
    else:
        early, late = items[:-RECENT], items[-RECENT:]
        earlier = fold(f"The first {counted(len(early), 'step')}", el("ol", *early, kind="descent"))
        listed = join([earlier, el("ol", *late, kind="descent")])
    return section("descent", "Where the champion came from", el("p", lead), listed, drawn_steps(page))


def _lead(steps: Sequence[Ancestor]) -> str:
    """From what the champion descends, and by how many changes."""
    born, outside = len(steps) - 1, steps[0].id == OUTSIDE
    root = "the network that the run started from" if outside else "one random network"
    if outside and born == 1 and steps[1].operator == "ancestor":
        return "The champion is the network that the run started from, trained further: no change of it did better."
    if not born:
        return (
            "The champion is the network that the run started from, or a change of it."
            if steps[0].operator not in ("sample", "immigrant")
            else "The champion was drawn at random: no mutation has beaten it."
        )
    as_it_came = " That of the network from outside is its score as it came." if outside else ""
    return (
        f"The champion descends from {root} by {counted(born, 'step')}. Each names what the operator changed, the score it had in "
        f"the search, and the difference to its parent.{as_it_came}"
    )


def _item(page: Page, step: Ancestor, own: bool) -> Html:
    change = Html("")
    if step.change is not None:
        tone = "up" if step.change > 0 else "down" if step.change < 0 else ""
        change = el("span", page.scale.difference(step.change), kind=tone)
    other = (
        f" (other parents: {', '.join(f'#{p}' for p in step.other_parents[:5])})"
        if step.other_parents
        else ""
    )
    made = "" if step.id == OUTSIDE else f"#{step.id}, {step.operator.replace('_', ' ')}{other}: "
    return el(
        "li",
        el("span", years(step), kind="when"),
        el(
            "div",
            el("span", name(headline(step), 400), kind="did"),
            el("span", name(made + step.description, 400), kind="net"),
        ),
        el("div", page.scale.show(step.score), change, kind="score"),
        kind="own" if own else "",
    )
