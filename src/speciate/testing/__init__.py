"""Contract suites that every implementation of an interface can run, and toy problems. Nothing else imports this."""

from speciate.testing.contracts import AlgorithmContract, BackendContract, EvaluatorContract
from speciate.testing.problems import crashing, sphere, sphere_space

__all__ = ["AlgorithmContract", "BackendContract", "EvaluatorContract", "crashing", "sphere", "sphere_space"]
