"""A Gaussian process on genomes: which of many candidates promises most, by what is known of others."""

from speciate.algorithms.surrogate.knowledge import Knowledge

__all__ = ["Knowledge"]
