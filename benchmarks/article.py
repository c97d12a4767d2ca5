"""The article's experiment: what evolution reaches on MNIST, and how long its own loop would have taken."""

from __future__ import annotations

from dataclasses import asdict
from statistics import mean, median
from typing import Any

from benchmarks import mnist, places
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.cache import kept
from benchmarks.intervals import mean_interval, shown
from benchmarks.markdown import duration, table

BAR, ARTICLE = 0.940, 0.9366
"""The champion's accuracy to reach, and what the article reports."""


def measure(settings: Settings, say: Say) -> Result:
    """Run by run, each followed by the article's loop on a few of its networks. Finished runs are kept."""
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise SkippedError("Pillow is not installed; pip install 'speciate[bench]'") from None
    images, folder = _images(), places.CACHE / "article"
    parts = [
        kept(folder, settings, f"seed-{seed}", lambda seed=seed: _seed(seed, settings, images, say))
        for seed in range(settings["seeds"])
    ]
    return {
        "runs": [part["run"] for part in parts],
        "loops": [loop for part in parts for loop in part["loops"]],
    }


def _seed(seed: int, settings: Settings, images: Any, say: Say) -> dict[str, Any]:
    """One run, then the article's loop on the seed's share of the sample."""
    found, rows = mnist.run("tournament", seed, settings["population"], generations=settings["generations"])
    say(f"seed {seed}: test {found['test']:.2%}, {found['trained']} networks, {duration(found['seconds'])}")
    loops = []
    for row in _sample(rows, seed, settings):
        loops.append({"seed": seed, "ours": row.seconds, **_by_the_article(row, images)})
        say(f"the article's loop, network {row.id}: {loops[-1]['seconds']:.1f} s, ours {row.seconds:.1f} s")
    return {"run": found, "loops": loops}


def _images() -> Any:
    """10,000 images to train on and 10,000 to score, as PNG."""
    from benchmarks import article_loop

    pixels, labels = mnist.pixels()
    n = mnist.EXAMPLES
    return tuple(article_loop.encoded(pixels[part], labels[part]) for part in (slice(n), slice(n, 2 * n)))


def _sample(rows: list[Any], seed: int, settings: Settings) -> list[Any]:
    """A seed's share of the sample: from evenly spaced ranks by size, so that it costs what the average costs."""
    count, seeds = settings["sample"], settings["seeds"]
    by_size = sorted(mnist.trained(rows), key=lambda row: (row.parameters, row.id))
    ranks = [int((i + 0.5) / count * len(by_size)) for i in range(count) if i % seeds == seed]
    return [by_size[rank] for rank in ranks]


def _by_the_article(row: Any, images: Any) -> dict[str, Any]:
    from benchmarks import article_loop

    timing = article_loop.fastest(row.genome, *images)
    return {"id": row.id, "parameters": row.parameters, "network": row.description, **asdict(timing)}


def show(result: Result) -> str:
    """The scores, then the times."""
    runs, loops = result["runs"], result["loops"]
    head = ("seed", "champion, test %", "validation %", "last generation %", "networks trained", "wall time")
    rows = [
        (
            run["seed"],
            f"{run['test'] * 100:.2f}",
            f"{run['valid'] * 100:.2f}",
            f"{run['last_generation'] * 100:.2f}",
            run["trained"],
            duration(run["seconds"]),
        )
        for run in runs
    ]
    test = mean_interval([run["test"] for run in runs])
    verdict = (
        f"Champion's accuracy on the sealed test rows: **{shown(test, factor=100)} %** over {len(runs)} seeds (bar "
        f"{BAR:.1%}; the article reports {ARTICLE:.2%}, selected on the test rows). Baselines, mean of the same runs: "
        f"{_baselines(runs)}."
    )
    loop_head = (
        "network of the sample",
        "parameters",
        "the article's loop, s",
        "its threads",
        "of it loading, s",
        "ours, one thread, s",
    )
    loop_rows = [
        (
            x["network"],
            f"{x['parameters']:,}",
            f"{x['seconds']:.1f}",
            x["threads"],
            f"{x['loading']:.1f}",
            f"{x['ours']:.1f}",
        )
        for x in loops
    ]
    return "\n\n".join([verdict, table(head, rows), _times(runs, loops), table(loop_head, loop_rows)])


def _baselines(runs: list[dict[str, Any]]) -> str:
    names = [name for name, score in runs[0]["baselines"].items() if score is not None]
    return ", ".join(f"{name} {mean(run['baselines'][name] for run in runs):.2%}" for name in names)


def _times(runs: list[dict[str, Any]], loops: list[dict[str, Any]]) -> str:
    """Whole runs of ours against the extrapolated time of the article's loop."""
    each = [loop["seconds"] for loop in loops]
    ours = median(run["seconds"] for run in runs)
    theirs = median(run["trained"] for run in runs) * mean(each)
    loading = sum(loop["loading"] for loop in loops) / sum(each)
    return (
        f"A run took {duration(ours)} (median; from reading the data to the champion's test, baselines and final included, all "
        f"cores, one thread a worker). The article's loop, measured between the runs on {len(loops)} of their networks spread "
        f"evenly over their sizes, with one thread or torch's default, whichever is faster, takes {mean(each):.1f} s a network "
        f"({min(each):.1f} - {max(each):.1f}), {loading:.0%} of it for decoding and collating images (from PNG; measured "
        f"apart). **Extrapolated, not measured**: for as many networks as a run's search trains, one after another, "
        f"{duration(theirs)}, **{theirs / ours:.1f} times** as long. The port's scores are not compared: it has no schedule of "
        "the learning rate."
    )


BENCHMARK = Benchmark(
    "article",
    "Does the article's experiment reach more than the article, and how much faster than its own loop?",
    {"seeds": 5, "population": 50, "generations": 10, "sample": 5},
    lambda s: s["seeds"] * (20 + 0.7 * s["population"] * s["generations"]) + 5.0 * s["sample"],
    measure,
    show,
    data=mnist.FILES,
)
