"""A source of data of one's own: what stands behind its prefix is up to it.

python examples/own_source.py
cd examples; speciate run own_source:rings --target ring
"""

from __future__ import annotations

import numpy as np
import pandas as pd

import speciate


@speciate.source("rings")
def rings(rows: str = "600") -> pd.DataFrame:
    """Two rings around each other: `rings:600` has 600 rows."""
    rng = np.random.default_rng(0)
    ring = np.arange(int(rows)) % 2
    angle, radius = rng.uniform(0, 2 * np.pi, len(ring)), 1 + ring + rng.normal(0, 0.1, len(ring))
    return pd.DataFrame(
        {"x": radius * np.cos(angle), "y": radius * np.sin(angle), "ring": np.array(["in", "out"])[ring]}
    )


if __name__ == "__main__":
    settings = {"population": 6, "generations": 3, "examples": 2000, "final_examples": 4000, "finalists": 2}
    search = speciate.evolve("rings:400", target="ring", workers=2, name="rings", **settings)
    print(search.champion)
