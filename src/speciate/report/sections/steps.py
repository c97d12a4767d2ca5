"""The steps of the champion's lineage, drawn: what each child changed, and where its weights came from."""

from __future__ import annotations

from collections.abc import Sequence

from speciate.report.figures import step_name
from speciate.report.figures.operators import title
from speciate.report.html import Html, el, join, name
from speciate.report.lineage import Ancestor
from speciate.report.sections.base import Page
from speciate.report.steps import MOST_STEPS, Step
from speciate.text import counted

OPEN = 3
"""Steps that are open when the page is."""

WEIGHTS = {
    "common": "“taken over” means copied as they were; a layer whose shapes differ begins anew",
    "preserve": "“taken over” means that they fitted as they were; “adapted” that the layer was made wider, narrower or of other "
    "inputs, and kept as much of its function as it could; a new layer that can begin as the identity does",
}
"""What the words about weights mean, by how they are inherited."""


def drawn_steps(page: Page) -> Html:
    """The drawings under a heading, those of the steps that brought most open; nothing where there is none."""
    found = [step for step in page.found.steps if step_name(step) in page.wide]
    if not found:
        return Html("")
    words = {ancestor.id: ancestor for ancestor in page.found.lineage}
    opened = {step.id for step in most_telling(found)}
    folds = (_step(page, step, words.get(step.id), step.id in opened) for step in found)
    return join([el("h3", "The steps, drawn"), el("p", _lead(page, found)), *folds])


def most_telling(found: Sequence[Step]) -> list[Step]:
    """The steps that are open at first: of those that changed a layer or a connection, the ones that brought most."""
    ranked = sorted(found, key=lambda s: (not s.structural, s.change is None, -(s.change or 0.0), s.id))
    return ranked[:OPEN]


def _lead(page: Page, found: Sequence[Step]) -> str:
    lead = "What parent and child share stands on one row. "
    if page.found.inherit:
        lead += (
            "Under each layer of a child stands where its first weights came from, worked out from the genomes by the rule of "
            f"the run: {WEIGHTS[page.found.inherit]}. "
        )
    every = len(page.found.lineage) - 1
    if len(found) < every:
        lead += (
            f"Of the {counted(every, 'step')}, {len(found)} {'is' if len(found) == 1 else 'are'} drawn: those among the latest "
            f"{MOST_STEPS} whose networks can be read and are not too large. "
        )
    if len(found) > OPEN:
        lead += "Open are those that brought most."
    return lead.strip()


def _step(page: Page, step: Step, known: Ancestor | None, opened: bool) -> Html:
    parents = " and ".join(parent.name for parent in step.parents)
    brought = "" if step.change is None else f", {page.scale.difference(step.change)}"
    summary = (
        f"Generation {step.generation}: {step.child.name} from {parents} by {title(step.operator)}{brought}"
    )
    caption = join(["The child: ", name(known.description, 400)]) if known is not None else ""
    return el(
        "details",
        el("summary", name(summary)),
        page.figure(step_name(step), caption),
        **({"open": ""} if opened else {}),
    )
