"""NEAT's loops over genes, compiled by Numba: one genome at a time, so that each reads like the rule it implements."""
