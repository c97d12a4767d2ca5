from __future__ import annotations

import numpy as np

from speciate.rng import Stream, derive, generator


def test_streams_are_apart_and_repeatable() -> None:
    seen = {
        tuple(generator(seed, stream, i).integers(0, 2**62, 3))
        for seed in (0, 1)
        for stream in Stream
        for i in (0, 1, 2)
    }
    assert len(seen) == 2 * len(Stream) * 3
    assert np.array_equal(generator(5, Stream.SPLIT, 7).random(4), generator(5, Stream.SPLIT, 7).random(4))


def test_what_a_seed_means_never_changes() -> None:
    assert derive(0, Stream.EVALUATE, 0) == 2918264622725855778
    assert generator(0, Stream.PROPOSE, 1).integers(0, 2**62) == 4448245108747188374
    assert 0 <= derive(2**40, Stream.PROPOSE, 10**6) < 2**63
