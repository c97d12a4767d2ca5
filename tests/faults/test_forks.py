"""A fit and a prediction in a fork, a spawned process, a thread or a worker of joblib end, after a fit in this process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import concurrent.futures as futures, multiprocessing, os, sys
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 5)).astype("float32")
y = (X[:, 0] > 0).astype(int)


def fit(_=None):
    from speciate import EvolvedClassifier, load_model

    given = dict(population=4, generations=1, examples=300, final_examples=300, finalists=1, repeats=1, backend="inline")
    model = EvolvedClassifier(random_state=0, **given).fit(X, y)
    wide = np.repeat(X, 400, 0)  # so much that torch takes all its threads
    return float(model.predict_proba(wide).sum(axis=0)[0])


if __name__ == "__main__":
    import torch

    first = fit()
    large = torch.randn(1500, 1500, requires_grad=True)
    (large @ large).sum().backward()
    how = sys.argv[1]
    if how == "os.fork":
        child = os.fork()
        if child == 0:
            os._exit(0 if abs(fit() - first) < 1e-6 * first else 3)
        found = [first] if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0 else []
    elif how == "threads":
        with futures.ThreadPoolExecutor(2) as pool:
            found = list(pool.map(fit, range(2)))
    elif how == "loky":
        from joblib.externals import loky  # one worker: each of them imports everything anew

        found = [loky.get_reusable_executor(max_workers=1).submit(fit).result()]
    else:
        with multiprocessing.get_context(how).Pool(1) as pool:
            found = pool.map(fit, [0])
    assert found and all(abs(value - first) < 1e-6 * first for value in found), (first, found)
    print("same")
"""


@pytest.mark.fault(89)
@pytest.mark.parametrize("how", ["os.fork", "fork", "threads", "spawn", "loky"])
def test_b10_a_fit_after_a_fit_ends(how: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(SCRIPT)
    given = [sys.executable, str(tmp_path / "program.py"), how]
    done = subprocess.run(given, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stdout) == (0, "same\n"), done.stderr[-2000:]
