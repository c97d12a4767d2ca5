"""All benchmarks, in the order of the results page."""

from __future__ import annotations

from benchmarks import article, evolution_vs_random, overhead, startup, tables
from benchmarks.benchmark import Benchmark

BENCHMARKS: dict[str, Benchmark] = {
    module.BENCHMARK.name: module.BENCHMARK
    for module in (article, evolution_vs_random, tables, overhead, startup)
}
"""The benchmarks by name."""
