"""Candidates in, evaluations out."""

from speciate.evaluators.base import Evaluator
from speciate.evaluators.function import FunctionEvaluator
from speciate.evaluators.supervised import Network, SupervisedEvaluator

__all__ = ["Evaluator", "FunctionEvaluator", "Network", "SupervisedEvaluator"]
