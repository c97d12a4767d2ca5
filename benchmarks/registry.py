"""All benchmarks, in the order of the results page."""

from __future__ import annotations

from benchmarks import (
    ablation,
    article,
    asynchronous,
    continued,
    demo,
    evolution_vs_random,
    experiment,
    final_correlation,
    inheritance,
    interruption,
    kills,
    neat_cartpole,
    neat_command,
    neat_control,
    neat_poles,
    neat_speed,
    neat_xor,
    on_ray,
    overhead,
    reading,
    replacement,
    rivals,
    roofline,
    sooner,
    startup,
    table_ablation,
    table_curves,
    tables,
    training,
)
from benchmarks.benchmark import Benchmark

BENCHMARKS: dict[str, Benchmark] = {
    module.BENCHMARK.name: module.BENCHMARK
    for module in (
        article,
        inheritance,
        sooner,
        ablation,
        continued,
        experiment,
        training,
        roofline,
        demo,
        evolution_vs_random,
        tables,
        table_curves,
        rivals,
        table_ablation,
        final_correlation,
        neat_poles,
        neat_control,
        neat_cartpole,
        overhead,
        on_ray,
        asynchronous,
        startup,
        reading,
        kills,
        replacement,
        interruption,
        neat_xor,
        neat_speed,
        neat_command,
    )
}
"""The benchmarks by name."""
