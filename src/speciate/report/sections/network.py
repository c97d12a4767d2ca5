"""The champion's network and how it is trained."""

from __future__ import annotations

from speciate.report.figures.wiring import plain
from speciate.report.html import Html, code_block, el, facts, fold, name, section
from speciate.report.network import Network
from speciate.report.sections.base import Page
from speciate.report.text import number, shown
from speciate.text import counted


def champion(page: Page) -> Html | None:
    """The network drawn, and its hyper-parameters."""
    found = page.found.champion
    if found is None:
        return None
    words = el("p", "The winner is ", el("strong", name(found.description, 300)), ".")
    hyper = found.network.hyper if found.network else {}
    weights = {"kept": "in the run's folder", "lost": "lost", "none": "not kept"}[page.about.weights]
    pairs = [
        ("parameters", f"{found.parameters:,}"),
        *((name(key.replace("_", " "), 60), name(shown(value))) for key, value in hyper.items()),
        ("trained on", counted(found.examples, "example")),
        ("candidate", f"#{found.id}"),
        ("weights", weights),
    ]
    drawn = (
        page.figure("champion", _caption(found.network))
        if found.network
        else el("p", "The champion's genome cannot be read or is too large, so it is not drawn.", kind="note")
    )
    return section(
        "champion",
        "The champion",
        words,
        drawn,
        facts(pairs),
        fold("The genome as JSON", code_block(found.genome)),
    )


def _caption(network: Network) -> str:
    """How to read the drawing."""
    drops = any(0 < (number(layer.genes.get("dropout")) or 0) < 1 for layer in network.layers)
    words = "Data flows from top to bottom. Each bar is a layer, "
    if plain(network):
        words += "as wide as it has units."
    else:
        words += "the wider the more numbers leave it (by their logarithm); those that are only outlined have no weights."
    if any(b != a + 1 for a, b in network.edges):
        words += " Side paths run in lanes beside the main one; a line that passes layers by hands on what it carries."
    if drops:
        words += " The muted part of a bar is the share that dropout leaves out in each training step."
    return words
