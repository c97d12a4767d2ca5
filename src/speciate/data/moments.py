"""The moments of columns of numbers, in the training rows: what standardizes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def standards(block: NDArray[np.float64]) -> list[tuple[float, bool, float, float]]:
    """For each column of block (n, columns): median, whether any value is missing, then mean and scale once filled."""
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    if block.shape[1] == 0:
        return []
    missing: NDArray[np.bool_] = np.any(np.isnan(block), axis=0)
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    filled = imputer.fit_transform(block)
    scaler = StandardScaler().fit(filled)
    for i in np.flatnonzero(
        (scaler.scale_ == 1) & (scaler.var_ != 1)
    ):  # it takes little beside much for constant
        off = filled[:, i] - scaler.mean_[i]
        if np.ptp(off) > 16 * np.spacing(np.abs(filled[:, i]).max()):
            unit = np.abs(off).max()
            scaler.scale_[i] = (off / unit).std() * unit
    rows = zip(np.nan_to_num(imputer.statistics_), missing.tolist(), scaler.mean_, scaler.scale_, strict=True)
    # A column without any value in the training rows is filled with 0.
    return [(float(fill), bool(gap), float(mean), float(scale)) for fill, gap, mean, scale in rows]
