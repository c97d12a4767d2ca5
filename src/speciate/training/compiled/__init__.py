"""How this package's functions become machine code: products and sums may be fused."""

from __future__ import annotations

from pathlib import Path

from speciate.jit import Compiler
from speciate.layers import modules

SOURCES = [*sorted(Path(__file__).parent.glob("*.py")), Path(modules.__file__)]

compiled = Compiler(SOURCES, {"contract"})
"""Decorates what is to be compiled."""

reordered = Compiler(SOURCES, {"contract", "reassoc"})
"""The same for sums along a row, which become vector instructions only where their terms may be added in another order."""
