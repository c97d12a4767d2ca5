"""Selection: scores in, indices out."""

from speciate.selection.ranking import best
from speciate.selection.tournament import tournament

__all__ = ["best", "tournament"]
