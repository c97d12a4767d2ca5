"""Candidates in, evaluations out."""

from speciate.evaluators.base import Evaluator
from speciate.evaluators.function import FunctionEvaluator
from speciate.evaluators.supervised import SupervisedEvaluator
from speciate.networks.network import Network

__all__ = ["Evaluator", "FunctionEvaluator", "Network", "SupervisedEvaluator"]
