"""How children are made: selection of parents, mutations and crossovers, as plain functions."""

from speciate.mutation.crossover import crossover
from speciate.mutation.mutations import MUTATIONS, Mutation, mutate, operator
from speciate.mutation.selection import best, tournament

__all__ = ["MUTATIONS", "Mutation", "best", "crossover", "mutate", "operator", "tournament"]
