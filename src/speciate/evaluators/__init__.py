"""Candidates in, evaluations out."""

from speciate.evaluators.base import Evaluator
from speciate.evaluators.champion import Champion, Chosen, Examination, RunContext
from speciate.evaluators.function import FunctionEvaluator
from speciate.evaluators.supervised import SupervisedEvaluator
from speciate.evaluators.training import TrainingEvaluator

__all__ = [
    "Champion",
    "Chosen",
    "Evaluator",
    "Examination",
    "FunctionEvaluator",
    "RunContext",
    "SupervisedEvaluator",
    "TrainingEvaluator",
]
