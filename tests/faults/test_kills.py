"""SIGKILLs at random moments change nothing: the short form of the benchmark `kills`."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.kills import arguments, digests, finished, kill_at_random
from tests.inside import speciate

SETTINGS = {"population": 6, "generations": 4, "examples": 500, "workers": 2}


@pytest.mark.slow
@pytest.mark.fault(1)
def test_a_run_that_is_killed_at_random_moments_ends_like_one_that_is_not(tmp_path: Path) -> None:
    done = speciate("run", *arguments(SETTINGS), "--backend", "inline", "--name", "whole", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kills = kill_at_random(tmp_path, SETTINGS, 3, seed=1, say=print)
    runs = tmp_path / "runs"
    assert len(kills) == 3
    assert finished(runs / "killed") == finished(runs / "whole")
    assert digests(runs / "killed") == digests(runs / "whole")
    assert {f.name for f in (runs / "killed" / "weights").iterdir()} == {
        f.name for f in (runs / "whole" / "weights").iterdir()
    }
