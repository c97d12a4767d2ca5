"""A whole brood's training: the compiled engine beside the idiomatic PyTorch loop, and beside the article's loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from benchmarks import mnist
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.markdown import table
from benchmarks.timing import median_ratio, seconds, take_turns

BARS = {"small": 10.0, "digits": 10.0, "narrow": 5.0, "wide": 1.5}
"""How many times as many examples per second as the idiomatic loop, by brood."""

ARTICLE_BAR, CORES_BAR = 5.0, 1.8
"""The same for the article's loop, and for twice the cores."""

SAMPLED = ("narrow", "wide")
"""Broods of which the loop is given a sample: it would take too long."""

Rates = dict[str, list[float]]
"""Examples per second of every turn, by who was measured."""


def measure(settings: Settings, say: Say) -> Result:
    """Brood by brood."""
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise SkippedError("Pillow is not installed; pip install 'speciate[bench]'") from None
    found = {name: measure_brood(name, settings, say) for name in BARS}
    return {"broods": found, "article": measure_article(settings, say)}


def measure_brood(name: str, settings: Settings, say: Say) -> dict[str, Any]:
    """Pairs with equal threads on the sample, then ours alone with one thread and with all cores on the whole brood."""
    from benchmarks.broods import BROODS
    from speciate.backends import available_cores

    brood, examples, rounds = BROODS[name], settings["examples"], settings["rounds"]
    genomes = brood.genomes(settings["networks"])
    chosen = sample(brood, genomes, settings["sample"]) if name in SAMPLED else genomes
    warm_up(brood, chosen)
    pairs = {}
    for threads in sorted({1, available_cores()}):
        say(f"{brood.label}, {len(chosen)} networks, threads: {threads}")
        rivals = {
            "ours": ours(brood, chosen, examples, threads),
            "loop": loop(brood, chosen, examples, threads),
        }
        pairs[str(threads)] = take_turns(rivals, rounds, say)
    say(f"{brood.label}, {len(genomes)} networks, ours alone")
    counts = {str(threads): ours(brood, genomes, examples, int(threads)) for threads in pairs}
    return {
        "label": brood.label,
        "networks": len(genomes),
        "sample": len(chosen),
        "pairs": pairs,
        "cores": take_turns(counts, rounds, say),
    }


def measure_article(settings: Settings, say: Say) -> dict[str, Any]:
    """The article's loop on a few of the largest brood's networks, and ours on the same."""
    from benchmarks.broods import BROODS
    from speciate.backends import available_cores

    brood, examples = BROODS["wide"], settings["examples"]
    chosen = sample(brood, brood.genomes(settings["networks"]), settings["article"])
    images = encoded(examples)
    warm_up(brood, chosen)
    cores = available_cores()
    say(f"the article's loop, {len(chosen)} networks of {brood.label}")
    contenders = {"ours, 1": ours(brood, chosen, examples, 1)}
    contenders |= {f"ours, {cores}": ours(brood, chosen, examples, cores)}
    contenders |= {f"article, {n}": article(chosen, images, n) for n in sorted({1, cores})}
    return {"networks": len(chosen), "rates": take_turns(contenders, settings["rounds"], say)}


def sample(brood: Any, genomes: Sequence[Any], count: int) -> list[Any]:
    """So many networks, evenly spread over the brood's sizes."""
    from benchmarks.broods import inputs_of, parameters, spread

    return spread(genomes, [parameters(genome, inputs_of(brood)) for genome in genomes], count)


def warm_up(brood: Any, genomes: Sequence[Any]) -> None:
    """Compile, import, and touch the data: one step of each optimizer."""
    each = list({genome.hyper_parameters["optimizer"]: genome for genome in genomes}.values())
    for contender in (ours(brood, each, brood.batch, 1), loop(brood, each, brood.batch, 1)):
        contender()


def ours(brood: Any, genomes: Sequence[Any], examples: int, threads: int) -> Callable[[], float]:
    """The compiled engine with so many networks at a time."""
    from speciate.training.compiled.engine import CompiledEngine

    x, y = brood.problem()
    engine = CompiledEngine(threads)
    engine.train(brood.jobs(genomes[:1], brood.batch), x, y)  # starts its threads

    def work() -> float:
        jobs, outcomes = brood.jobs(genomes, examples), []
        taken = seconds(lambda: outcomes.extend(engine.train(jobs, x, y)))
        if any(outcome.diverged for outcome in outcomes):
            raise RuntimeError("a training diverged and stopped early: the rivals would not do equal work")
        return len(jobs) * examples / taken

    return work


def loop(brood: Any, genomes: Sequence[Any], examples: int, threads: int) -> Callable[[], float]:
    """The idiomatic loop with so many threads of torch."""
    from benchmarks import idiomatic
    from benchmarks.broods import CLASSES, inputs_of

    x, y = brood.problem()
    values = [genome.to_json() for genome in genomes]

    def work() -> float:
        networks = [idiomatic.build(value, inputs_of(brood), CLASSES) for value in values]

        def train() -> None:
            for network, value in zip(networks, values, strict=True):
                idiomatic.train(network, value["hyper"], x, y, examples=examples, batch=brood.batch)

        return len(networks) * examples / with_threads(threads, train)

    return work


def article(genomes: Sequence[Any], images: Any, threads: int) -> Callable[[], float]:
    """The article's loop with so many threads of torch."""
    from benchmarks import article_loop

    values = [genome.to_json() for genome in genomes]

    def work() -> float:
        networks = [article_loop.build(value) for value in values]

        def train() -> None:
            for network, value in zip(networks, values, strict=True):
                article_loop.train_only(network, value["hyper"], images)

        return len(networks) * len(images) / with_threads(threads, train)

    return work


def encoded(count: int) -> Any:
    """The first `count` images as PNG."""
    from benchmarks import article_loop

    pixels, labels = mnist.pixels()
    return article_loop.encoded(pixels[:count], labels[:count])


def with_threads(threads: int, work: Callable[[], None]) -> float:
    """How long something takes with so many threads of torch."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return seconds(work)
    finally:
        torch.set_num_threads(before)


def show(result: Result) -> str:
    """The pairs, the article's loop, and the cores."""
    broods = result["broods"]
    rounds = len(broods["small"]["pairs"]["1"]["ours"])
    head = (
        "brood",
        "networks",
        "threads",
        "ours, examples/s",
        "the loop, examples/s",
        "ratio",
        "from - to",
        "bar",
    )
    rows = [
        (
            found["label"],
            found["sample"],
            threads,
            *_compared(rates["ours"], rates["loop"]),
            f"{BARS[name]:g}",
        )
        for name, found in broods.items()
        for threads, rates in found["pairs"].items()
    ]
    note = (
        f"Medians of {rounds} pairs that take turns, and the median, least and greatest of their ratios; equal networks, "
        "threads, steps and examples on both sides. Layers 1-4, all widths equally likely, five activations, dropout, four "
        "optimizers. Building the networks is left out on both sides; everything else is in. Ours trains as many networks at "
        "a time as there are threads, each with one; the loop trains one after another, with so many threads of torch. Of "
        "the MNIST broods both train the same sample, evenly spread over the sizes. The loop has its data as one tensor, "
        "fused optimizers where torch has them, and no schedule of the learning rate, which ours has."
    )
    return "\n\n".join([table(head, rows), note, _article(result["article"]), _cores(broods)])


def _compared(ours: list[float], theirs: list[float]) -> tuple[str, str, str, str]:
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return (
        f"{median(ours):,.0f}",
        f"{median(theirs):,.0f}",
        f"**{median_ratio(ours, theirs):.1f} x**",
        f"{min(ratios):.1f} - {max(ratios):.1f}",
    )


def _article(found: dict[str, Any]) -> str:
    rates: Rates = found["rates"]
    loops = {name: rate for name, rate in rates.items() if name.startswith("article")}
    best = max(loops, key=lambda name: median(loops[name]))
    head = ("threads", "ours, examples/s", "the article's loop, examples/s", "ratio", "from - to", "bar")
    rows = [
        (name.removeprefix("ours, "), *_compared(rate, loops[best]), f"{ARTICLE_BAR:g}")
        for name, rate in rates.items()
        if name.startswith("ours")
    ]
    note = (
        f"The article's loop decodes an image for every example. {found['networks']} networks of the widest brood, evenly "
        f"spread over the sizes, training alone; the article's loop with {best.removeprefix('article, ')} "
        "of torch's threads, which is the faster of one and all; medians and ratios as above."
    )
    return table(head, rows) + "\n\n" + note


def _cores(broods: dict[str, Any]) -> str:
    rows = []
    for found in broods.values():
        rates: Rates = found["cores"]
        one, most = median(rates["1"]), median(rates[max(rates, key=int)])
        rows.append(
            (found["label"], found["networks"], f"{one:,.0f}", f"{most:,.0f}", f"**{most / one:.2f} x**")
        )
    count = max(next(iter(broods.values()))["cores"], key=int)
    head = ("brood", "networks", "ours, 1 thread, examples/s", f"{count} threads, examples/s", "ratio")
    note = f"Ours alone on whole broods, taking turns; ratio of the medians, bar {CORES_BAR:g} for twice the cores."
    return table(head, rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "training",
    "How fast is a whole brood trained, beside the idiomatic loop?",
    {"rounds": 5, "networks": 50, "sample": 12, "article": 4, "examples": 10_000},
    lambda s: (
        5 + s["rounds"] * s["examples"] * (s["networks"] * 1.8e-4 + s["sample"] * 4e-4 + s["article"] * 5e-4)
    ),
    measure,
    show,
    data=mnist.FILES,
)
