"""The champion's network and how it is trained."""

from __future__ import annotations

from speciate.report.html import Html, code_block, el, facts, fold, name, section
from speciate.report.sections.base import Page
from speciate.report.text import plural, shown


def champion(page: Page) -> Html | None:
    """The network drawn, and its hyper-parameters."""
    found = page.found.champion
    if found is None:
        return None
    words = el("p", "The winner is ", el("strong", name(found.description, 300)), ".")
    caption = (
        "Data flows from top to bottom. Each bar is a layer, as wide as it has units; the muted part of a bar is the share "
        "that dropout leaves out in each training step."
    )
    hyper = found.network.hyper if found.network else {}
    weights = {"kept": "in the run's folder", "lost": "lost", "none": "not kept"}[page.about.weights]
    pairs = [
        ("parameters", f"{found.parameters:,}"),
        *((name(key.replace("_", " "), 60), name(shown(value))) for key, value in hyper.items()),
        ("trained on", plural(found.examples, "example")),
        ("candidate", f"#{found.id}"),
        ("weights", weights),
    ]
    drawn = (
        page.figure("champion", caption)
        if found.network
        else el("p", "The champion's genome cannot be read, so it is not drawn.", kind="note")
    )
    return section(
        "champion",
        "The champion",
        words,
        drawn,
        facts(pairs),
        fold("The genome as JSON", code_block(found.genome)),
    )
