"""The champion's folder: weights, description, model card, and a file that predicts or acts with torch alone.

There are two kinds of networks, of layers and of single connections; each brings a subclass of `Model` and one of `Description`.
"""

from speciate.champion.connections import ConnectionsModel
from speciate.champion.exporting import FORMATS, export
from speciate.champion.facts import run_facts
from speciate.champion.folder import load_model, write_champion
from speciate.champion.layers import LayersModel
from speciate.champion.model import Model

__all__ = [
    "FORMATS",
    "ConnectionsModel",
    "LayersModel",
    "Model",
    "export",
    "load_model",
    "run_facts",
    "write_champion",
]
