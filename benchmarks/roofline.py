"""Where the time of a training step goes, beside what the matrix products would take at the machine's peak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

from benchmarks import mnist, places
from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.markdown import table
from benchmarks.timing import seconds, take_turns

ADULT = "tabular/adult.csv"
PEAK_SIZES = (96, 192, 384, 768, 1024)
"""Rows and columns of the square products that look for the peak."""

PEAK_SECONDS = 0.2
"""How long each size is tried."""

LABELS = {
    "products": "matrix products",
    "activations": "activations, dropout, slopes",
    "optimizers": "optimizer",
    "losses": "loss",
    "rest": "gathering inputs, biases",
    "preparing": "preparing networks",
}
"""The parts of a step, in the order of the table."""

CALLED = ("products", "activations", "optimizers", "losses")
"""Those that the loop calls functions for; the rest stands in the loop itself."""


def measure(settings: Settings, say: Say) -> Result:
    """The peak, the steps, the evaluations."""
    peak = measure_peak(settings["rounds"])
    say(f"peak: {max(peak.values()):.0f} GFLOP/s")
    steps = {}
    for name in ("small", "digits", "narrow", "wide"):
        steps[name] = measure_steps(name, settings, say)
    evaluations = {
        "digits, 8,000 examples": measure_evaluations("sklearn:digits", None, 8_000, settings),
        "adult, 10,000 examples": measure_evaluations(
            str(places.data() / ADULT), "income", mnist.EXAMPLES, settings
        ),
    }
    return {"peak": peak, "steps": steps, "evaluations": evaluations}


def measure_peak(rounds: int) -> dict[str, float]:
    """The best GFLOP/s of single-precision products with one thread: of SciPy's BLAS and of torch's, each at its best size."""
    import torch
    from scipy.linalg.blas import sgemm
    from threadpoolctl import threadpool_limits

    found = {"SciPy": 0.0, "torch": 0.0}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1, user_api="blas"):
            for n in PEAK_SIZES * rounds:
                a, b, c = (np.asfortranarray(np.ones((n, n), np.float32)) for _ in range(3))
                x, y, z = (torch.ones(n, n) for _ in range(3))
                tried = {
                    "SciPy": _rate(lambda a=a, b=b, c=c: sgemm(1.0, a, b, c=c, overwrite_c=1), n),
                    "torch": _rate(lambda x=x, y=y, z=z: torch.mm(x, y, out=z), n),
                }
                found = {who: max(found[who], rate) for who, rate in tried.items()}
    finally:
        torch.set_num_threads(threads)
    return found


def _rate(product: Callable[[], object], n: int) -> float:
    """GFLOP/s of a product of two (n, n) matrices: the best of a few tries."""
    product()
    once = seconds(product)
    times = max(1, int(PEAK_SECONDS / 4 / max(once, 1e-9)))

    def work() -> None:
        for _ in range(times):
            product()

    return max(2 * n**3 * times / seconds(work) / 1e9 for _ in range(4))


def measure_steps(name: str, settings: Settings, say: Say) -> dict[str, Any]:
    """Seconds of a brood's training as a whole and of its parts, by turns.

    The whole is the engine as it is; the parts come from the copy of its loop that has clocks.
    """
    from benchmarks.broods import BROODS
    from benchmarks.stopwatch import watching
    from benchmarks.training import SAMPLED, sample
    from speciate.training.compiled.engine import CompiledEngine

    brood, examples = BROODS[name], settings["examples"]
    genomes = brood.genomes(settings["networks"])
    chosen = sample(brood, genomes, settings["sample"]) if name in SAMPLED else genomes
    x, y = brood.problem()
    engine = CompiledEngine(threads=1)
    parts: dict[str, list[float]] = {}

    def whole() -> float:
        jobs = brood.jobs(chosen, examples)
        return seconds(lambda: engine.train(jobs, x, y))

    def watched() -> float:
        with watching() as found:
            taken = whole()
        found["preparing"] = taken - found["loop"] - found["clocks"]
        found["gathering"] = gathering(brood, chosen, examples)
        found["rest"] = found["loop"] - sum(found[part] for part in CALLED)
        for part, value in found.items():
            parts.setdefault(part, []).append(value)
        return taken

    for contender in (whole, watched):  # compiles
        contender()
    parts.clear()
    say(brood.label)
    times = take_turns({"whole": whole, "with clocks": watched}, settings["rounds"], say)
    steps = len(chosen) * -(-examples // brood.batch)
    operations = sum(floating_point_operations(genome, x.shape[1], examples) for genome in chosen)
    return {
        "label": brood.label,
        "networks": len(chosen),
        "steps": steps,
        "gflop": operations / 1e9,
        "whole": times["whole"],
        "with clocks": times["with clocks"],
        "parts": parts,
    }


def floating_point_operations(genome: Any, inputs: int, examples: int) -> int:
    """Of the matrix products of a training: forward, by the weights, and by the inputs, which the first layer needs not."""
    from benchmarks.broods import CLASSES

    widths = [inputs, *(dict(node.genes)["units"] for node in genome.layers), CLASSES]
    sizes = [a * b for a, b in pairwise(widths)]
    return 2 * examples * (3 * sum(sizes) - sizes[0])


def gathering(brood: Any, genomes: Sequence[Any], examples: int) -> float:
    """Seconds to copy all the examples that networks are shown, batch by batch, into one place: the loop's own lines, alone."""
    from speciate.training.jobs import order_of, streams

    x = brood.problem()[0].numpy()
    orders = [
        order_of(len(x), job.recipe, streams(job)[0]) for job in brood.jobs(genomes, examples)
    ]  # the loop's
    inputs = np.empty((brood.batch, x.shape[1]), np.float32)
    copy = _gather()
    copy(x, orders[0][: brood.batch], inputs)
    return seconds(lambda: [copy(x, order, inputs) for order in orders])


@cache
def _gather() -> Any:
    """Compiled when it is needed: Numba takes a second to import."""
    from benchmarks.stopwatch import machine_code

    return machine_code(_copy)


def _copy(x, order, inputs):
    batch, width = inputs.shape
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        for r in range(len(rows)):
            source, target = x[rows[r]], inputs[r]
            for c in range(width):
                target[c] = source[c]


def measure_evaluations(
    source: str, target: str | None, examples: int, settings: Settings
) -> dict[str, list[float]]:
    """Seconds of whole evaluations, and of building, training and scoring done apart, of all networks of a round."""
    from speciate.data import load_data
    from speciate.evaluators import SupervisedEvaluator
    from speciate.records import Budget, Candidate
    from speciate.spaces import NetworkSpace

    data = load_data(source, target=target)
    space = NetworkSpace.mlp(
        features=int(np.prod(data.input_shape)), rows=len(data.train), outputs=data.outputs
    )
    evaluator = SupervisedEvaluator(data)
    drawn = [space.sample(np.random.default_rng(i)) for i in range(2 * settings["sample"])]
    candidates = [Candidate(i, genome, i, Budget(examples)) for i, genome in enumerate(drawn)]
    # Trainings that diverge stop early; this also compiles and imports.
    candidates = [c for c in candidates if evaluator.evaluate([c])[0].ok][: settings["sample"]]
    found: dict[str, list[float]] = {name: [] for name in ("whole", "building", "training", "scoring")}
    for _ in range(settings["rounds"]):
        sums = np.sum([_evaluation(evaluator, candidate) for candidate in candidates], axis=0)
        for name, value in zip(found, sums.tolist(), strict=True):
            found[name].append(value / len(candidates))
    return found


def _evaluation(evaluator: Any, candidate: Any) -> Sequence[float]:
    """Seconds of a whole evaluation, then of its parts."""
    import torch

    from speciate.data import score
    from speciate.networks import build
    from speciate.spaces import count_parameters
    from speciate.training import planner, reference
    from speciate.training.jobs import Job

    data = evaluator.data
    shape = (data.input_shape, data.outputs)
    whole = seconds(lambda: evaluator.evaluate([candidate]))
    modules: list[Any] = []

    def building() -> None:
        count_parameters(candidate.genome, *shape)
        modules.append(build(candidate.genome, *shape, np.random.default_rng(0)))

    def scoring() -> None:
        answers = reference.outputs_of(modules[0], x_valid).double().softmax(dim=1).numpy()
        for metric in ("accuracy", "neg_log_loss"):
            score(metric, data.valid.y, answers)

    x, y, x_valid = (torch.from_numpy(array) for array in (data.train.x, data.train.y, data.valid.x))
    with reference.one_thread():
        built = seconds(building)
        job = Job(modules[0], evaluator.recipe(candidate), np.random.default_rng(1))
        return whole, built, seconds(lambda: planner.train([job], x, y)), seconds(scoring)


def show(result: Result) -> str:
    """The steps, then the evaluations."""
    peak = max(result["peak"].values())
    head = ("one step, ms", *LABELS.values(), "whole", "gathering alone", "products at peak", "share of peak")
    rows = [_step_row(found, peak) for found in result["steps"].values()]
    each = ", ".join(f"{rate:.0f} {who}'s" for who, rate in result["peak"].items())
    counts = ", ".join(str(found["networks"]) for found in result["steps"].values())
    note = (
        f"One thread; milliseconds per step, medians of {len(next(iter(result['steps'].values()))['whole'])} rounds over "
        f"random broods ({counts} networks). The whole is `CompiledEngine(threads=1).train` as it is; the parts come from turns "
        "with a copy of its loop that has a clock around every function it calls, so they are timed where they happen, less "
        "what the clocks take; they may miss the whole by what the turns differ. Gathering and biases are what is left of the "
        "loop; gathering alone is the same copying with nothing else between. Preparing is everything before and after a "
        "network's loop, the order of its examples included. "
        f"Peak: {peak:.0f} GFLOP/s, the best of single-thread products of {PEAK_SIZES[0]} to "
        f"{PEAK_SIZES[-1]} rows and columns in the same run ({each}). Share of peak: what the products reach while they run / "
        "what the whole step does."
    )
    return "\n\n".join([table(head, rows), note, _evaluations(result["evaluations"])])


def _step_row(found: dict[str, Any], peak: float) -> tuple[str, ...]:
    """Milliseconds of a step of one brood."""
    scale = 1e3 / found["steps"]
    parts = {name: median(found["parts"][name]) * scale for name in LABELS}
    whole, least = median(found["whole"]) * scale, found["gflop"] / peak * scale
    times = [*parts.values(), whole, median(found["parts"]["gathering"]) * scale, least]
    shares = f"{least / parts['products']:.0%} / {least / whole:.0%}"
    return (found["label"], *(f"{t:.3f}" for t in times), shares)


def _evaluations(found: dict[str, dict[str, list[float]]]) -> str:
    rows = []
    for name, times in found.items():
        each = {part: median(values) * 1e3 for part, values in times.items()}
        rest = each["whole"] - each["building"] - each["training"] - each["scoring"]
        shown = (each["building"], each["training"], each["scoring"], rest, each["whole"])
        rows.append((name, *(f"{t:.1f}" for t in shown), f"{each['training'] / each['whole']:.0%}"))
    head = (
        "one evaluation, ms",
        "building",
        "training",
        "scoring",
        "everything else",
        "whole",
        "share of training",
    )
    note = (
        "`SupervisedEvaluator.evaluate` on one network at a time, one thread, means over random networks of the space that "
        "`speciate run` takes for the data, medians over rounds; the parts are done apart from it, on the same networks."
    )
    return table(head, rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "roofline",
    "Where does the time of a training step go?",
    {"rounds": 5, "networks": 50, "sample": 12, "examples": 10_000},
    lambda s: 30 + (s["rounds"] + 1) * s["examples"] * (s["networks"] * 6e-6 + s["sample"] * 1.5e-4),
    measure,
    show,
    data=(*mnist.FILES, ADULT),
)
