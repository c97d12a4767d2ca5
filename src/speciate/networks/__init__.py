"""From genomes to modules."""

from speciate.networks.build import build, hand_made
from speciate.networks.importing import from_module
from speciate.networks.network import Network, Origin

__all__ = ["Network", "Origin", "build", "from_module", "hand_made"]
