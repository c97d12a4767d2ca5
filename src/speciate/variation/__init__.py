"""How children are made: mutations and crossovers, as plain functions."""

from speciate.variation.crossover import crossover
from speciate.variation.mutations import MUTATIONS, Mutation, mutate, operator

__all__ = ["MUTATIONS", "Mutation", "crossover", "mutate", "operator"]
