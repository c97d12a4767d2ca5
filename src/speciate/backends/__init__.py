"""Where evaluations run."""

from speciate.backends.base import Backend
from speciate.backends.inline import InlineBackend
from speciate.backends.processes import ProcessBackend
from speciate.backends.ray import RayBackend
from speciate.jit import available_cores

BACKENDS: dict[str, type[Backend]] = {kind.name: kind for kind in (InlineBackend, ProcessBackend, RayBackend)}
"""The backends by the name used in commands and configurations."""

__all__ = ["BACKENDS", "Backend", "InlineBackend", "ProcessBackend", "RayBackend", "available_cores"]
