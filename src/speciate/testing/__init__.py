"""Contract suites that every implementation of an interface can run, and toy problems. Nothing else imports this."""

from speciate.testing.contracts import (
    AlgorithmContract,
    AsynchronousContract,
    BackendContract,
    EvaluatorContract,
    remade,
)
from speciate.testing.problems import crashing, sphere, sphere_space

__all__ = [
    "AlgorithmContract",
    "AsynchronousContract",
    "BackendContract",
    "EvaluatorContract",
    "crashing",
    "remade",
    "sphere",
    "sphere_space",
]
