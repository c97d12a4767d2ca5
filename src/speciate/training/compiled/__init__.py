"""The compiled engine: a network's whole training in one call of machine code, made on the spot by Numba."""
