"""Which rows are for training, validation and test: drawn once, one by one, in groups that stay together, or by time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

USES = ("training", "validation", "test")
"""What the parts are for, in words and in their order."""

TEST = 0.2
"""Share of the rows that are sealed where nothing else is said."""

FOLDS = 5
"""Into how many parts the rows that are not for test are divided where scores are measured on all of them."""


class Draw(Protocol):
    """Draws some of the rows.

    Attributes:
        exchangeable: Whether any of the rows may be for training and any for validation; not where validation rows are the later ones.
    """

    exchangeable: ClassVar[bool]

    def __call__(self, rows: Rows, fraction: float, keep: int, /) -> NDArray[np.bool_]:
        """Row numbers (m,), the fraction of them to draw, and for how many parts something must be left, to (m,) True for those drawn."""


@dataclass(frozen=True, eq=False)
class DrawRows:
    """Draws rows one by one, the same fraction of every class.

    Attributes:
        classes: (n,) the class of each row, from 0, or zeros.
        rng: Where the draws come from.
    """

    classes: Rows
    rng: np.random.Generator
    exchangeable: ClassVar[bool] = True

    def __call__(self, rows: Rows, fraction: float, keep: int) -> NDArray[np.bool_]:
        """Draw single rows; see `Draw`."""
        return share_out(self.classes[rows], fraction, self.rng, keep)


@dataclass(frozen=True, eq=False)
class DrawUnits:
    """Draws rows in units that stay together, as nearly the same fraction of every class as whole units allow.

    Units go one after another, those of scarce classes and then the largest first, to the side that is less full of what the
    unit holds, as in iterative stratification (Sechidis et al., ECML PKDD 2011), with the rounding of Webster and
    Sainte-Laguë. What is left of a class goes to a side that has none of it yet, the side that is not drawn first.

    Attributes:
        classes: (n,) the class of each row, from 0, or zeros.
        units: (n,) the unit of each row, from 0.
        rng: Decides the order of units of the same size.
    """

    classes: Rows
    units: Rows
    rng: np.random.Generator
    exchangeable: ClassVar[bool] = True

    def __call__(self, rows: Rows, fraction: float, keep: int) -> NDArray[np.bool_]:
        """Draw whole units; see `Draw`."""
        if not len(rows):
            return np.zeros(0, dtype=bool)
        _, units = np.unique(self.units[rows], return_inverse=True)
        width = int(self.classes[rows].max()) + 2  # the last one stands for all rows, of whatever class
        cells = np.concatenate([units * width + self.classes[rows], units * width + width - 1])
        cells, counts = np.unique(cells, return_counts=True)
        owner, kind = np.divmod(cells, width)
        sizes, total = np.bincount(units), np.bincount(kind, counts, width).tolist()
        left = np.bincount(kind, minlength=width).tolist()
        beyond = 1 - sizes.max() / len(rows)  # a giant unit leaves little, of which each part gets as much
        fraction = max(min(fraction, beyond / keep), 1e-9)
        scarce = np.zeros(len(sizes), dtype=bool)
        scarce[owner[np.bincount(kind)[kind] <= keep + 1]] = True
        shuffled = self.rng.permutation(len(sizes))
        order = shuffled[np.lexsort((-sizes[shuffled], ~scarce[shuffled]))]
        first = np.searchsorted(owner, np.arange(len(sizes) + 1)).tolist()
        parts, amounts, shares = kind.tolist(), counts.tolist(), (1 - fraction, fraction)
        filled, there = ([[0] * width, [0] * width] for _ in range(2))  # rows, and units, by side and class
        drawn = np.zeros(len(sizes), dtype=bool)
        for unit in order.tolist():
            inside = range(first[unit], first[unit + 1])
            load = [0.0, 0.0]
            must: int | None = None
            for i in inside:
                k = parts[i]
                for side in (0, 1):
                    load[side] += (
                        amounts[i] * (filled[side][k] + amounts[i] / 2) / (shares[side] * total[k] ** 2)
                    )
                lacks = max(keep - there[0][k], 0), int(not there[1][k])
                if left[k] <= sum(lacks) > 0:
                    need = int(lacks[0] == 0)
                    must = need if must is None or k == width - 1 else min(must, need)
            side = int(load[1] < load[0]) if must is None else must
            drawn[unit] = side
            for i in inside:
                filled[side][parts[i]] += amounts[i]
                there[side][parts[i]] += 1
                left[parts[i]] -= 1
        return np.asarray(drawn[units])


@dataclass(frozen=True, eq=False)
class DrawLatest:
    """Draws the latest rows; those of the same time stay on one side.

    Attributes:
        times: (n,) numbers that grow with time.
    """

    times: NDArray[np.float64]
    exchangeable: ClassVar[bool] = False

    def __call__(self, rows: Rows, fraction: float, keep: int) -> NDArray[np.bool_]:
        """Draw the latest rows; see `Draw`."""
        _, place, counts = np.unique(self.times[rows], return_inverse=True, return_counts=True)
        later = counts[::-1].cumsum()[::-1]  # rows from each time on
        cut = keep + int(np.argmin(np.abs(later[keep:] - fraction * len(rows))))
        return np.asarray(place >= cut)


def share_out(
    groups: NDArray[np.int64], fraction: float, rng: np.random.Generator, keep: int = 1
) -> NDArray[np.bool_]:
    """Draw a fraction of the rows, the same fraction of every group as nearly as whole rows allow.

    The total is `fraction` of all rows, rounded; what rounding leaves over goes to the groups that were rounded down
    most. Every group with more than `keep` rows gives at least one row and keeps at least `keep`; others give none.

    Args:
        groups: (n,) the group of each row, from 0.
        fraction: Above 0 and below 1.
        rng: Where the draw comes from.
        keep: Rows to leave in every group.

    Returns:
        (n,) True for the rows drawn.
    """
    sizes = np.bincount(groups)
    exact = sizes * fraction
    take = np.floor(exact).astype(np.int64)
    left = round(len(groups) * fraction) - int(take.sum())
    take[np.argsort(-(exact - take), kind="stable")[: max(left, 0)]] += 1
    take = np.where(sizes > keep, np.clip(take, 1, np.maximum(sizes - keep, 1)), 0)
    drawn = np.zeros(len(groups), dtype=bool)
    for group in np.flatnonzero(take):
        drawn[rng.permutation(np.flatnonzero(groups == group))[: take[group]]] = True
    return drawn


def split_rows(
    n: int, draw: Draw, *, validation: float | None, test: float, own_valid: int, own_test: int
) -> tuple[Rows, Rows, Rows]:
    """Row numbers for training, validation and test, each in ascending order.

    Args:
        n: Rows in all.
        draw: How rows are drawn, for test first.
        validation: Fraction of the rows that are not for test; None for 1/6 if the source has its own test rows (as
            in 50,000 + 10,000 of 60,000), else 1/5.
        test: Fraction of all rows; 0 for none; not used if the source has its own test rows.
        own_valid: Rows before the test rows that the source itself marks as validation rows.
        own_test: Rows at the end that the source itself marks as test rows.
    """
    role = np.zeros(n, dtype=np.int8)
    role[n - own_test :] = 2
    role[n - own_test - own_valid : n - own_test] = 1
    if own_test == 0 and test > 0:  # something is left for training, and for validation
        free = np.flatnonzero(role == 0)
        role[free[draw(free, test, 1 if own_valid else 2)]] = 2
    if own_valid == 0:
        free = np.flatnonzero(role == 0)
        role[free[draw(free, validation or (1 / 6 if own_test else 1 / 5), 1)]] = 1
    train, valid, sealed = (np.flatnonzero(role == r).astype(np.int64) for r in range(3))
    return train, valid, sealed


def fold_rows(draw: Draw, train: Rows) -> NDArray[np.int8] | None:
    """The fold of each training row (m,), from 1, all of nearly the same size; the validation rows are fold 0.

    Args:
        draw: How rows are drawn.
        train: Row numbers of the training rows.

    Returns:
        None where the rows cannot be exchanged, or are too few.
    """
    if not draw.exchangeable:
        return None
    folds, places = np.zeros(len(train), np.int8), np.arange(len(train))
    for fold in range(1, FOLDS - 1):
        drawn = draw(train[places], 1 / (FOLDS - fold), FOLDS - 1 - fold)
        folds[places[drawn]] = fold
        places = places[~drawn]
    folds[places] = FOLDS - 1
    return folds if np.bincount(folds, minlength=FOLDS)[1:].all() else None


def contradictions(
    source: object,
    *,
    target: str | None = None,
    validation: float | None = None,
    test: float | None = None,
    group: Any = None,
    time_column: Any = None,
    validation_file: object = None,
    test_file: object = None,
    **others: Any,
) -> Iterator[tuple[str, str]]:
    """What does not go together of what `load_data` takes, as (argument, what is wrong)."""
    files = {"validation": validation_file, "test": test_file}
    for use, share, default in (("validation", validation, None), ("test", test, TEST)):
        if files[use] is not None and share not in (None, default):
            yield (
                use,
                f"there can be no share of the rows for {use} if they have a file of their own ({use}_file)",
            )
    if group is not None and time_column is not None:
        yield "group", "rows are drawn in groups (group) or in the order of time (time_column), not both"
    for name, column in (("group", group), ("time_column", time_column)):
        if isinstance(column, str) and column == target:
            yield name, "this is the target; name another column"
    seen: dict[Path, str] = {}
    for name, file in {"data": source, **{f"{use}_file": file for use, file in files.items()}}.items():
        if isinstance(file, str | Path) and (other := seen.setdefault(Path(file).absolute(), name)) != name:
            yield name, f"this is the same file as {other}: rows would be in two parts"
