"""Every engine against the reference engine, on random broods."""

from __future__ import annotations

import pytest
import torch
from broods import brood, twins

from speciate.training.compiled.engine import CompiledEngine
from speciate.training.jobs import Engine
from speciate.training.reference import ReferenceEngine, outputs_of

ENGINES: list[Engine] = [CompiledEngine(threads=2)]
SIZE = 10


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param  # type: ignore[no-any-return]


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("seed", range(15))
def test_it_gives_what_the_reference_gives(engine: Engine, seed: int, loss: str) -> None:
    jobs, x, y = brood(seed, SIZE, loss)
    others = twins(jobs)
    assert not any(engine.misfit(job, x) for job in jobs)
    found = engine.train(jobs, x, y)
    wanted = ReferenceEngine().train(others, x, y)
    for a, b, one, other in zip(found, wanted, jobs, others, strict=True):
        what = f"{one.module}\n{one.recipe}"
        assert (a.diverged, a.examples_seen, a.engine) == (b.diverged, b.examples_seen, engine.name), what
        assert a.loss == pytest.approx(b.loss, rel=1e-3, abs=1e-5, nan_ok=True), what
        if a.diverged:
            continue
        torch.testing.assert_close(
            outputs_of(one.module, x),
            outputs_of(other.module, x),
            rtol=1e-3,
            atol=1e-3,
            msg=lambda m, w=what: f"{m}\n{w}",
        )
