"""Speciate: evolve neural networks in PyTorch.

The public names below are imported when they are used, so that `import speciate` costs nothing.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same table for type checkers, which do not run `__getattr__`; a test compares the two
    from speciate.algorithms import (
        AgingEvolution,
        Algorithm,
        GenerationalTournament,
        LocalSearch,
        Proposal,
        RandomSearch,
        algorithm,
    )
    from speciate.backends import Backend, InlineBackend, ProcessBackend, RayBackend, backend
    from speciate.champion import load_model
    from speciate.config import NeuroConfig, RunConfig, evolve, from_champion, neuroevolve
    from speciate.data import load_data, source
    from speciate.errors import ConfigurationError, SpeciateError
    from speciate.estimators import EvolvedClassifier, EvolvedRegressor
    from speciate.evaluators import Champion, FunctionEvaluator, SupervisedEvaluator, TrainingEvaluator
    from speciate.layers import layer
    from speciate.neat.evolvers import evolver
    from speciate.neat.tasks import task
    from speciate.networks import Network, from_module
    from speciate.records import Budget, Candidate, Evaluation, Status
    from speciate.run.callbacks import Callback
    from speciate.run.search import Search
    from speciate.scoring import score_champion
    from speciate.spaces import (
        Choice,
        Integer,
        NetworkGenome,
        NetworkSpace,
        ParameterSpace,
        Real,
        mutation_operator,
    )

__version__ = "0.1.0"

NAMES = {
    "AgingEvolution": "algorithms",
    "Algorithm": "algorithms",
    "Backend": "backends",
    "Budget": "records",
    "Callback": "run.callbacks",
    "Candidate": "records",
    "Champion": "evaluators",
    "Choice": "spaces",
    "ConfigurationError": "errors",
    "Evaluation": "records",
    "EvolvedClassifier": "estimators",
    "EvolvedRegressor": "estimators",
    "FunctionEvaluator": "evaluators",
    "GenerationalTournament": "algorithms",
    "InlineBackend": "backends",
    "Integer": "spaces",
    "LocalSearch": "algorithms",
    "Network": "networks",
    "NetworkGenome": "spaces",
    "NetworkSpace": "spaces",
    "NeuroConfig": "config",
    "ParameterSpace": "spaces",
    "ProcessBackend": "backends",
    "Proposal": "algorithms",
    "RandomSearch": "algorithms",
    "RayBackend": "backends",
    "Real": "spaces",
    "RunConfig": "config",
    "Search": "run.search",
    "SpeciateError": "errors",
    "Status": "records",
    "SupervisedEvaluator": "evaluators",
    "TrainingEvaluator": "evaluators",
    "algorithm": "algorithms",
    "backend": "backends",
    "evolve": "config",
    "evolver": "neat.evolvers",
    "from_champion": "config",
    "from_module": "networks",
    "layer": "layers",
    "load_data": "data",
    "load_model": "champion",
    "mutation_operator": "spaces",
    "neuroevolve": "config",
    "score_champion": "scoring",
    "source": "data",
    "task": "neat.tasks",
}
"""The public names, and the part of the package that each is from."""


def __getattr__(name: str) -> Any:
    if name not in NAMES:
        raise AttributeError(f"module 'speciate' has no attribute {name!r}")
    return getattr(import_module(f"speciate.{NAMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*NAMES, "__version__"])


__all__ = [
    "AgingEvolution",
    "Algorithm",
    "Backend",
    "Budget",
    "Callback",
    "Candidate",
    "Champion",
    "Choice",
    "ConfigurationError",
    "Evaluation",
    "EvolvedClassifier",
    "EvolvedRegressor",
    "FunctionEvaluator",
    "GenerationalTournament",
    "InlineBackend",
    "Integer",
    "LocalSearch",
    "Network",
    "NetworkGenome",
    "NetworkSpace",
    "NeuroConfig",
    "ParameterSpace",
    "ProcessBackend",
    "Proposal",
    "RandomSearch",
    "RayBackend",
    "Real",
    "RunConfig",
    "Search",
    "SpeciateError",
    "Status",
    "SupervisedEvaluator",
    "TrainingEvaluator",
    "__version__",
    "algorithm",
    "backend",
    "evolve",
    "evolver",
    "from_champion",
    "from_module",
    "layer",
    "load_data",
    "load_model",
    "mutation_operator",
    "neuroevolve",
    "score_champion",
    "source",
    "task",
]


def _after_fork() -> None:
    """Keep torch on one thread in a fork of this process: OpenMP's others are missing there, and would be waited for without end."""
    torch = sys.modules.get("torch")
    if hasattr(torch, "set_num_threads"):
        torch.set_num_threads(1)  # type: ignore[union-attr]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
