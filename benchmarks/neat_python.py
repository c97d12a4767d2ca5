"""neat-python as a rival: its settings, and its usual loop on an environment."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import places

SHIPPED = {
    "NEAT": {
        "fitness_criterion": "max", "fitness_threshold": 1e9, "pop_size": 150, "reset_on_extinction": False,
        "no_fitness_termination": True,
    },
    "DefaultGenome": {
        "activation_default": "sigmoid", "activation_mutate_rate": 0.0, "activation_options": "sigmoid",
        "aggregation_default": "sum", "aggregation_mutate_rate": 0.0, "aggregation_options": "sum",
        "bias_init_mean": 0.0, "bias_init_stdev": 1.0, "bias_max_value": 30.0, "bias_min_value": -30.0,
        "bias_mutate_power": 0.5, "bias_mutate_rate": 0.7, "bias_replace_rate": 0.1,
        "compatibility_disjoint_coefficient": 1.0, "compatibility_weight_coefficient": 0.5,
        "conn_add_prob": 0.5, "conn_delete_prob": 0.5, "enabled_default": True, "enabled_mutate_rate": 0.01,
        "feed_forward": True, "initial_connection": "full", "node_add_prob": 0.2, "node_delete_prob": 0.2,
        "num_hidden": 0, "num_inputs": 4, "num_outputs": 2,
        "response_init_mean": 1.0, "response_init_stdev": 0.0, "response_max_value": 30.0, "response_min_value": -30.0,
        "response_mutate_power": 0.0, "response_mutate_rate": 0.0, "response_replace_rate": 0.0,
        "weight_init_mean": 0.0, "weight_init_stdev": 1.0, "weight_max_value": 30, "weight_min_value": -30,
        "weight_mutate_power": 0.5, "weight_mutate_rate": 0.8, "weight_replace_rate": 0.1,
        "single_structural_mutation": False, "structural_mutation_surer": "default",
        "bias_init_type": "gaussian", "response_init_type": "gaussian", "weight_init_type": "gaussian",
        "enabled_rate_to_true_add": 0.0, "enabled_rate_to_false_add": 0.0,
    },
    "DefaultSpeciesSet": {"compatibility_threshold": 3.0},
    "DefaultStagnation": {"species_fitness_func": "max", "max_stagnation": 20, "species_elitism": 2},
    "DefaultReproduction": {"elitism": 2, "survival_threshold": 0.2, "min_species_size": 2},
}  # fmt: skip
"""The settings of its XOR example, version 2.0."""

OURS = {
    "conn_add_prob": 0.3, "conn_delete_prob": 0.0, "node_add_prob": 0.03, "node_delete_prob": 0.0,
    "weight_mutate_power": 0.5, "bias_mutate_power": 0.5, "weight_replace_rate": 0.03, "bias_replace_rate": 0.03, "enabled_mutate_rate": 0.0, "compatibility_weight_coefficient": 0.4,
}  # fmt: skip
"""What makes its settings as near to our tuned ones as they come."""


def config(population: int, changes: dict[str, Any]) -> Any:
    """Its configuration: the shipped one with a population and changes of the genome's settings."""
    import neat

    sections = {name: dict(values) for name, values in SHIPPED.items()}
    sections["NEAT"]["pop_size"] = population
    sections["DefaultGenome"].update(changes)
    text = "\n".join(
        f"[{name}]\n" + "\n".join(f"{key} = {value}" for key, value in values.items())
        for name, values in sections.items()
    )
    with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
        file = Path(folder) / "config"
        file.write_text(text)
        return neat.Config(
            neat.DefaultGenome,
            neat.DefaultReproduction,
            neat.DefaultSpeciesSet,
            neat.DefaultStagnation,
            str(file),
        )


def play_one_by_one(networks: Sequence[Any], seeds: Sequence[int]) -> tuple[list[float], int]:
    """Returns of CartPole, one episode of one network after another, and all steps: how its users do it."""
    import gymnasium

    environment, returns, steps = gymnasium.make("CartPole-v1"), [], 0
    for network in networks:
        total = 0.0
        for seed in seeds:
            seen, _ = environment.reset(seed=seed)
            over = False
            while not over:
                first, second = network.activate(seen)
                seen, reward, ended, cut, _ = environment.step(int(second > first))
                total, steps, over = total + reward, steps + 1, ended or cut
        returns.append(total / len(seeds))
    return returns, steps


def play_together(networks: Sequence[Any], seeds: Sequence[int]) -> tuple[list[float], int]:
    """The same on Gymnasium's vector environment, a slot for every network and episode; slots that have ended are given up."""
    import gymnasium
    import numpy as np
    from gymnasium.vector.utils import batch_space

    count = len(networks) * len(seeds)
    environment: Any = gymnasium.make_vec("CartPole-v1", count, vectorization_mode="vector_entry_point")
    environment = environment.unwrapped
    seen, _ = environment.reset(seed=seeds[0])
    returns, playing = np.zeros(count), np.arange(count)
    acting = [networks[slot // len(seeds)].activate for slot in playing]
    steps = 0
    while len(playing):
        chosen = [
            second > first
            for first, second in (act(row) for act, row in zip(acting, seen.tolist(), strict=True))
        ]
        seen, rewards, ended, cut, _ = environment.step(np.array(chosen, np.int64))
        returns[playing] += rewards
        steps += len(playing)
        on = ~(ended | cut)
        if not on.all():  # the environment goes on with the others alone
            playing, seen, acting = (
                playing[on],
                seen[on],
                [act for act, yes in zip(acting, on, strict=True) if yes],
            )
            environment.state, environment.steps = environment.state[:, on], environment.steps[on]
            environment.prev_done = environment.prev_done[on]
            environment.action_space = batch_space(environment.single_action_space, len(playing))
    return returns.reshape(-1, len(seeds)).mean(axis=1).tolist(), steps
