"""Fits the parts of a search to each other: its numbers, the network that it starts from, and where it runs."""

from __future__ import annotations

from speciate.backends import Backend, InlineBackend, ProcessBackend, available_cores
from speciate.errors import ConfigurationError
from speciate.evaluators import Evaluator
from speciate.inheritance.finished_network import Ancestry
from speciate.networks.network import Network
from speciate.spaces import Space


def check_numbers(seed: int, examples: int, finalists: int, repeats: int, final_examples: int | None) -> None:
    """Check the numbers of a search.

    Raises:
        ConfigurationError: One of them is out of its range.
    """
    for name, value, low in (
        ("seed", seed, 0),
        ("examples", examples, 1),
        ("finalists", finalists, 0),
        ("repeats", repeats, 1),
        ("final_examples", final_examples, 1),
    ):
        if value is not None and (type(value) is not int or value < low):
            raise ConfigurationError(f"{name} must be a whole number of at least {low}, got {value!r}")


def start_from(
    ancestor: Network | None, space: Space, evaluator: Evaluator, seed: int, freeze: bool
) -> tuple[Ancestry | None, Space]:
    """The network that a search starts from, fitted to its data, and the space with the network in it.

    Raises:
        ConfigurationError: There is none to freeze, or networks do not inherit.
        DataError: It cannot take the data.
    """
    if ancestor is None:
        if freeze:
            raise ConfigurationError("there is nothing to freeze", hint="freeze goes with an ancestor")
        return None, space
    if not evaluator.inherits or evaluator.data is None:
        raise ConfigurationError(
            "nothing can start from an ancestor if weights are not inherited",
            hint='use SupervisedEvaluator(data, inherit="preserve")',
        )
    ancestry = Ancestry.of(ancestor, space, evaluator.data, seed, freeze)
    return ancestry, ancestry.space(space, evaluator.data.input_shape)


def default_backend(evaluator: Evaluator) -> Backend:
    """Worker processes on all cores where the evaluator gains by them, this process for everything else."""
    return ProcessBackend() if evaluator.parallel and available_cores() > 1 else InlineBackend()
