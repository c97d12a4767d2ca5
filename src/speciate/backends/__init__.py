"""Where evaluations run."""

from speciate.backends.base import BACKENDS, Backend, backend
from speciate.backends.inline import InlineBackend
from speciate.backends.processes import ProcessBackend
from speciate.backends.ray import RayBackend
from speciate.jit import available_cores

__all__ = [
    "BACKENDS",
    "Backend",
    "InlineBackend",
    "ProcessBackend",
    "RayBackend",
    "available_cores",
    "backend",
]
