"""Runs on MNIST, shared by the benchmarks that train networks."""

from __future__ import annotations

import gzip
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import places

FILES = tuple(
    f"mnist/{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1")
)
EXAMPLES = 10_000
"""Training examples a network, and of the champion's training."""


@dataclass(frozen=True)
class How:
    """What a run is asked for besides algorithm, seed and size.

    Attributes:
        space: Either "mlp" or "conv".
        inherit: What children take over.
        crossover: Share of the children that have two parents.
        merge: What these get where both have the same layer.
        final: Examples of the champion's last training; None for as many as help.
    """

    space: str = "mlp"
    inherit: str = "none"
    crossover: float = 0.0
    merge: str = "layers"
    final: int | None = EXAMPLES


def run(
    algorithm: str, seed: int, population: int, how: How = How(), **limit: Any
) -> tuple[dict[str, Any], list[Any]]:
    """What came of `speciate run idx:mnist --examples 10000 --final-examples 10000 --seed S`, and its rows.

    Worker processes on all cores, a run folder that is deleted in the end; the seed also draws the validation rows.

    Args:
        algorithm: A name in `ALGORITHMS`.
        seed: Of the run and the split.
        population: Candidates a generation.
        how: The rest.
        limit: What `Search.run` takes, and `callbacks`.
    """
    from speciate.algorithms import ALGORITHMS
    from speciate.backends import ProcessBackend
    from speciate.data import load_data
    from speciate.evaluators import SupervisedEvaluator
    from speciate.run.search import Search

    started = time.perf_counter()
    data = load_data(f"idx:{places.data() / 'mnist'}", seed=seed)
    pairs = {"crossover": how.crossover} if how.crossover else {}
    callbacks = limit.pop("callbacks", ())
    with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
        search = Search(
            space(data, how),
            ALGORITHMS[algorithm](population_size=population, **pairs),
            SupervisedEvaluator(data, inherit=how.inherit, merge=how.merge),
            store=f"{folder}/run",
            seed=seed,
            examples=EXAMPLES,
            backend=ProcessBackend(),
            final_examples=how.final,
            callbacks=callbacks,
        ).run(**limit)
        seconds = time.perf_counter() - started
        return {"seed": seed, "seconds": seconds, **_summary(search)}, search.rows


def space(data: Any, how: How) -> Any:
    """The space that the command makes of these settings."""
    from speciate.mutation import LOCAL, PRESERVING
    from speciate.spaces import NetworkSpace

    operators = PRESERVING if how.inherit == "preserve" else LOCAL
    fitted = {"rows": len(data.train), "outputs": data.outputs, "operators": operators}
    if how.space == "conv":
        return NetworkSpace.conv(input_shape=data.input_shape, **fitted)
    return NetworkSpace.mlp(features=int(np.prod(data.input_shape)), **fitted)


def trained(rows: list[Any]) -> list[Any]:
    """The search's candidates that were trained: elites and other repeats are not."""
    return [row for row in rows if row.phase == "search" and row.repeat_of is None]


def _summary(search: Any) -> dict[str, Any]:
    """What came of a finished run, in plain numbers."""
    rows = [row for row in search.rows if row.phase == "search"]
    last = max(row.generation for row in rows)
    scores = [row.score for row in rows if row.score is not None]
    champion = search.champion
    return {
        "test": champion.test_score,
        "valid": champion.valid_score,
        "champion": champion.description,
        "best_valid": max(scores),
        "last_generation": float(
            np.mean([r.score for r in rows if r.generation == last and r.score is not None])
        ),
        "trained": len(trained(rows)),
        "examples": sum(row.examples for row in search.rows if row.repeat_of is None),
        "lineage": max(row.lineage_examples for row in search.rows if row.phase == "champion"),
        "failed": sum(row.status != "ok" for row in rows),
        "baselines": {b.name: b.test_score for b in search.store.baselines()},
        "training_seconds": float(np.mean([row.seconds for row in trained(rows)])),
    }


def pixels() -> tuple[np.ndarray, np.ndarray]:
    """MNIST's own training images (60,000, 28, 28) of bytes and their classes."""
    images, labels = (gzip.decompress((places.data() / name).read_bytes()) for name in FILES[:2])
    return (
        np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28),
        np.frombuffer(labels, np.uint8, offset=8).astype(np.int64),
    )
