"""Every kind of source gives the rows that are in it."""

import numpy as np
import pytest

from speciate.data import load_data


@pytest.mark.parametrize(
    ("name", "rows", "shape", "outputs"),
    [
        ("digits", 1797, (1, 8, 8), 10),
        ("wine", 178, (13,), 3),
        ("breast_cancer", 569, (30,), 2),
        ("iris", 150, (4,), 3),
        ("diabetes", 442, (10,), 1),
    ],
)
def test_scikit_learns_data_sets(name, rows, shape, outputs):
    data = load_data(f"sklearn:{name}")
    assert (data.name, data.input_shape, data.outputs) == (name, shape, outputs)
    assert len(data.train) + len(data.valid) + data.test.rows == rows
    assert data.train.x.shape[1:] == shape
    assert data.train.x.dtype == np.float32
    assert data.train.x.flags.c_contiguous
