"""Where evaluations run."""

from speciate.backends.base import Backend
from speciate.backends.inline import InlineBackend
from speciate.backends.processes import ProcessBackend
from speciate.cores import available_cores

BACKENDS: dict[str, type[Backend]] = {"inline": InlineBackend, "processes": ProcessBackend}
"""The backends by the name used in commands and configurations."""

__all__ = ["BACKENDS", "Backend", "InlineBackend", "ProcessBackend", "available_cores"]
