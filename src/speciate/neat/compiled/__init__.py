"""NEAT's loops over genes, compiled by Numba: one genome at a time, so that each reads like the rule it implements.

Arithmetic is to the letter, so that the plain twins in the tests give the same bits.
"""

from __future__ import annotations

from pathlib import Path

from speciate.jit import Compiler

compiled = Compiler(sorted(Path(__file__).parent.glob("*.py")))
"""Decorates what is to be compiled."""
