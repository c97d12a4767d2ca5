"""Lists of layers set side by side: what they share is on one row, in the order that each of them has."""

from __future__ import annotations

from collections.abc import Sequence

Row = tuple[int | None, ...]


def aligned(columns: Sequence[Sequence[str]]) -> list[Row]:
    """The rows of a table with a column for each list: positions in the lists, None where a list has a gap.

    Two neighbors share as many rows as their orders allow (a longest common subsequence); what stands alone comes in the
    order of the columns, as in a listing of differences.
    """
    rows: list[tuple[str, Row]] = []
    for k, column in enumerate(columns):
        rows = _merged(rows, column, (None,) * k)
    return [row for _, row in rows]


def _merged(rows: Sequence[tuple[str, Row]], column: Sequence[str], gap: Row) -> list[tuple[str, Row]]:
    """The rows with one more column; `gap` is a row of the columns so far in which nothing stands."""
    common = _common([mark for mark, _ in rows], column)
    found: list[tuple[str, Row]] = []
    i = j = 0
    for row, at in [*common, (len(rows), len(column))]:
        found += [(mark, (*held, None)) for mark, held in rows[i:row]]
        found += [(mark, (*gap, j + k)) for k, mark in enumerate(column[j:at])]
        if row < len(rows):
            found.append((rows[row][0], (*rows[row][1], at)))
        i, j = row + 1, at + 1
    return found


def _common(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """The positions of a longest common subsequence."""
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in reversed(range(len(a))):
        for j in reversed(range(len(b))):
            longer = max(best[i + 1][j], best[i][j + 1])
            best[i][j] = best[i + 1][j + 1] + 1 if a[i] == b[j] else longer
    found, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found
