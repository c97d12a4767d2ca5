"""Data sets of openml.org by number, kept in scikit-learn's cache."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any

from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import Raw, Reading
from speciate.data.sources.arrays import Rows, from_table, tidy
from speciate.errors import DataError

PATIENCE = 30.0
"""Seconds without an answer before giving up."""


def read(number: str, target: str | None, reading: Reading) -> Raw:
    """The data set with that number; its own default target unless another column is named.

    Raises:
        DataError: There is no such data set, it has no default target, or it cannot be fetched.
    """
    bunch = _fetch(number)
    table = tidy(bunch.frame)
    chosen = target or (bunch.target_names[0] if len(bunch.target_names or ()) == 1 else None)
    name = str(bunch.details.get("name", f"openml-{number}"))
    return from_table(table, chosen, name=name, source=f"openml:{number}")


def read_rows(number: str, preprocessing: Preprocessing, reading: Reading) -> tuple[Rows, Rows]:
    """The table, twice: for people and for the preprocessing."""
    table = tidy(_fetch(number).frame)
    return table, table


def _fetch(number: str) -> Any:
    if not number.isdecimal():
        raise DataError(
            f"openml:{number} is not a number",
            hint="find the data set's number on https://www.openml.org and write openml:61",
        )
    from sklearn.datasets import fetch_openml

    try:
        with _limited(), warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # what fetch_openml says between two tries; the outcome is said here
            return fetch_openml(data_id=int(number), as_frame=True, parser="auto", n_retries=2, delay=1.0)
    except (
        OSError,
        HTTPException,
        ValueError,
        ImportError,
    ) as error:  # no network, no such number, wrong checksum
        raise DataError(
            f"openml:{number} cannot be fetched",
            why=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no answer'}",
            hint=f"fetch it by hand from https://www.openml.org/d/{number} and give the file, with its target; "
            f"or try sklearn:digits, which needs no network",
        ) from error


@contextmanager
def _limited() -> Iterator[None]:
    """Sockets give up after a while: fetch_openml has no such setting."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
