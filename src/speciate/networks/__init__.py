"""From genomes to modules."""

from speciate.networks.build import build, count_parameters, hand_made, shapes

__all__ = ["build", "count_parameters", "hand_made", "shapes"]
