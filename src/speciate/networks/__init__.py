"""From genomes to modules."""

from speciate.networks.build import build, hand_made

__all__ = ["build", "hand_made"]
