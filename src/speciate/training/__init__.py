"""Training: modules, arrays and tensors; nothing here knows genomes."""

from speciate.training.recipe import OPTIMIZERS, OPTIONAL, Recipe

__all__ = ["OPTIMIZERS", "OPTIONAL", "Recipe"]
