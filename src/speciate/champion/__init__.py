"""The champion's folder: weights, description, model card, and a file that predicts with torch alone."""

from speciate.champion.assembly import assemble
from speciate.champion.exporting import FORMATS, export
from speciate.champion.facts import run_facts
from speciate.champion.folder import is_current, write_champion
from speciate.champion.model import Model, load_model

__all__ = [
    "FORMATS",
    "Model",
    "assemble",
    "export",
    "is_current",
    "load_model",
    "run_facts",
    "write_champion",
]
