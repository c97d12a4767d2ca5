"""How this package's functions become machine code: products and sums may be fused."""

from __future__ import annotations

from pathlib import Path

from speciate.jit import Compiler
from speciate.layers import modules

compiled = Compiler([*sorted(Path(__file__).parent.glob("*.py")), Path(modules.__file__)], {"contract"})
"""Decorates what is to be compiled."""
