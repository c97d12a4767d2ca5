"""A run from its first candidate to its champion."""
