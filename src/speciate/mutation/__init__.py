"""How children are made: selection of parents, mutations and crossovers, as plain functions."""

from speciate.mutation.crossover import crossover
from speciate.mutation.mutations import mutate, mutate_often, operator
from speciate.mutation.selection import best, tournament
from speciate.mutation.tables import ARTICLE, LOCAL, PRESERVING

__all__ = [
    "ARTICLE",
    "LOCAL",
    "PRESERVING",
    "best",
    "crossover",
    "mutate",
    "mutate_often",
    "operator",
    "tournament",
]
