"""Recipes: what the field would write down for a table, as genomes that are fitted to the ranges of a space.

Widths, bins, learning rates and dropout are their sources' where those hold for the engines here, else what was best on splits of
the training rows of nine tables, at 80,000 and 320,000 examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from speciate.spaces.drawing import Drawn, Layers, marked
from speciate.spaces.genes import Gene, Value
from speciate.spaces.genome import BINS, DEFAULTS, NetworkGenome

PLAIN: Mapping[str, Value] = {**DEFAULTS, "batch_size": 64, "weight_decay": 1e-2, "optimizer": "adamw"}
"""Hyper-parameters of a recipe that does not say."""

WITH_BINS = " with bins"
"""What the name of a recipe ends with that is called otherwise where a space has no bins."""

Recipe = tuple[Sequence[Drawn], Mapping[str, Value]]
"""Kinds and genes of the layers in a row, and hyper-parameters."""


def _dense(*units: int, activation: str = "relu", dropout: float = 0.0) -> Sequence[Drawn]:
    return [("dense", {"units": n, "activation": activation, "dropout": dropout}) for n in units]


HAND_MADE: Recipe = (
    _dense(128, 128, dropout=0.1),
    {"optimizer": "adamw", "learning_rate": 2e-3, "weight_decay": 1e-2},
)

TABLES: Mapping[str, Recipe] = {
    f"MLP{WITH_BINS}": (
        _dense(256, 256, 256, activation="silu", dropout=0.1),
        {BINS: 32, "learning_rate": 3e-3, "schedule": "flat_cos"},
    ),
    f"decayed MLP{WITH_BINS}": (
        _dense(256, 256, 256, activation="silu", dropout=0.1),
        {BINS: 32, "learning_rate": 3e-3, "schedule": "flat_cos", "weight_decay": 1.0},
    ),
    "RealMLP-like": (
        [
            ("periodic", {"frequencies": 16, "sigma": 0.1, "size": 4}),
            *_dense(256, 256, 256, activation="mish", dropout=0.15),
        ],
        {"learning_rate": 3e-3, "beta2": 0.95, "schedule": "flat_cos"},
    ),
    "hand-made": HAND_MADE,
    "one wide layer": (
        _dense(512, activation="silu", dropout=0.1),
        {BINS: 32, "learning_rate": 5e-3, "beta2": 0.95, "schedule": "flat_cos"},
    ),
    f"small MLP{WITH_BINS}": (
        _dense(64, 64, activation="silu", dropout=0.1),
        {BINS: 16, "learning_rate": 5e-3, "schedule": "flat_cos"},
    ),
    "linear": ((), {"learning_rate": 1e-2}),
    "additive": ((), {BINS: 16, "learning_rate": 1e-2}),
}
"""By name, the most promising first; all with AdamW, a batch of 64 and, unless they say otherwise, a weight decay of 0.01.

* MLP with bins: Gorishniy, Rubachev & Babenko 2022, "On Embeddings for Numerical Features in Tabular Deep Learning", arXiv:2203.05556,
  sections 3.2 and 5.
* Decayed MLP: long trainings of it learn some tables by heart. AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101, section 2) takes learning
  rate x weight decay off the weights in a step, so that thousands of steps take a weight decay near 1 to notice any.
* RealMLP-like: Holzmüller, Grinsztajn & Steinwart 2024, "Better by Default", arXiv:2407.04491, section 3: numbers as waves, 3 layers of 256
  units with Mish, dropout 0.15, beta2 0.95. Its label smoothing is left out: it bends probabilities towards equal ones. So is its scaling
  layer, which made no difference, and its schedule coslog4: flat_cos was better. Its learning rates, 0.04 and for regression 0.2, are
  those of its parametrization (weights over the root of a layer's inputs).
* One wide layer: a random-feature-like model that is fast and hard to beat on tables of few columns once numbers are in bins.
* Small MLP: on most tables hardly worse than the large one at the same examples, at a fraction of the time.
* Additive: a linear model of binned numbers, piecewise linear in each column, as in Hastie & Tibshirani 1986, "Generalized Additive
  Models".
"""


def hand_made() -> NetworkGenome:
    """What a practitioner would write down without searching: the network that evolution has to beat.

    Two ReLU layers of 128 units with a little dropout, trained by AdamW at 0.002.
    """
    layers, hyper = HAND_MADE
    return NetworkGenome.path(marked(layers), hyper)


def fitted(
    recipes: Mapping[str, Recipe], depth: tuple[int, int], layers: Layers, hyper: Mapping[str, Gene]
) -> dict[str, NetworkGenome]:
    """The recipes with every gene at the value of its range that is closest, those that are the same once.

    One that needs another kind of layer, another depth, or a word that a gene does not offer is left out.

    Args:
        recipes: By name.
        depth: Fewest and most layers of the space.
        layers: The ranges of the genes of each layer kind.
        hyper: The ranges of the hyper-parameters.
    """
    found: dict[str, NetworkGenome] = {}
    for name, (written, values) in recipes.items():
        stack = [(kind, _nearest(layers.get(kind), genes)) for kind, genes in written[: depth[1]]]
        own = _nearest(hyper, {**PLAIN, **values})
        if own is not None and not own.get(BINS):
            name = name.removesuffix(WITH_BINS)
        if len(stack) >= depth[0] and own is not None and all(genes is not None for _, genes in stack):
            genome = NetworkGenome.path(marked((kind, genes or {}) for kind, genes in stack), own)
            if genome.phenotype not in {other.phenotype for other in found.values()}:
                found[name] = genome
    return found


def _nearest(ranges: Mapping[str, Gene] | None, values: Mapping[str, Value]) -> dict[str, Value] | None:
    """The closest value of every gene; None where there is none."""
    if ranges is None or not ranges.keys() <= values.keys():
        return None
    close = {name: gene.nearest(values[name]) for name, gene in ranges.items()}
    found = {name: value for name, value in close.items() if value is not None}
    return found if len(found) == len(close) else None
