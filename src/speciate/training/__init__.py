"""Training: modules, arrays and tensors; nothing here knows genomes."""

from speciate.training.recipe import OPTIMIZERS, Recipe

__all__ = ["OPTIMIZERS", "Recipe"]
