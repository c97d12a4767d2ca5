"""The champion's folder: weights, description, model card, and a file that predicts with torch alone."""

from speciate.champion.assembly import assemble
from speciate.champion.exporting import FORMATS, export
from speciate.champion.facts import run_facts
from speciate.champion.folder import write_champion
from speciate.champion.model import Model, load_model
from speciate.champion.policy.folder import publish
from speciate.champion.policy.model import Policy

__all__ = [
    "FORMATS",
    "Model",
    "Policy",
    "assemble",
    "export",
    "load_model",
    "publish",
    "run_facts",
    "write_champion",
]
