"""The activations a node may have, by name."""

from __future__ import annotations

ACTIVATIONS = ("sigmoid", "tanh", "relu", "linear", "sine", "gaussian", "absolute", "logistic")
"""A name's place is its code in a population's table.

"sigmoid" is the paper's steepened one, 1 / (1 + exp(-4.9 x)) (Stanley & Miikkulainen 2002, section 4.1); "logistic" is
1 / (1 + exp(-x)), "gaussian" exp(-x**2).
"""
CODES = {name: code for code, name in enumerate(ACTIVATIONS)}
"""Codes by name."""
