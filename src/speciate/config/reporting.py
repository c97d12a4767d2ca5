"""The report at the end of a run, whoever started it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from speciate.errors import SpeciateError

if TYPE_CHECKING:
    from speciate.run.search import Search


def report(search: Search) -> Path | None:
    """Write the run's report; what goes wrong with it is said, but does not spoil the run.

    Returns:
        The page, or None if it could not be written.
    """
    from speciate.report import write_report  # it draws: nobody waits for that before the end

    assert search.folder is not None
    try:
        return write_report(search.folder.path)
    except SpeciateError as error:
        logging.getLogger("speciate").warning("the report could not be written: %s", error.what)
        return None
