"""The article's whole experiment, beside a script of Optuna and PyTorch that evaluates the same networks."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from benchmarks import machine, mnist, places
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.cache import kept
from benchmarks.markdown import duration, table

BAR = 1.5
"""How many times as long the script is to take."""

SEED = 0


def measure(settings: Settings, say: Say) -> Result:
    """Our run, a short trial of the script's ways to use the cores, then the script. Finished parts are kept."""
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise SkippedError("Optuna is not installed; pip install 'speciate[bench]'") from None
    # Parts measured with other code are no pair.
    keep = partial(kept, places.CACHE / "experiment", {**settings, "code": machine.commit()})
    ours = keep("ours", lambda: _ours(settings))
    genomes = chosen(ours["networks"], settings["networks"])
    say(f"ours: {duration(ours['run']['seconds'])}, {len(ours['networks'])} networks")
    ways = keep("ways", lambda: _ways(chosen(ours["networks"], settings["trial"]), say))
    best = min(ways["seconds"], key=ways["seconds"].get)
    say(f"the script with {best}, {len(genomes)} networks")
    script = keep("script", lambda: _script(best, genomes))
    say(f"the script: {duration(script['seconds'])}")
    spent = ours["run"]["seconds"] + ways["all"] + script["seconds"]
    scores = script.pop("scores")
    return {
        "run": ours["run"],
        "ways": ways["seconds"],
        "way": best,
        "networks": len(genomes),
        "diverged": sum(network["status"] == "diverged" for network in ours["networks"]),
        "script": {**script, "best_valid": max(scores)},
        "seconds": spent,
    }


def _ours(settings: Settings) -> dict[str, Any]:
    run, rows = mnist.run("tournament", SEED, settings["population"], generations=settings["generations"])
    return {
        "run": run,
        "networks": [
            {"genome": row.genome, "parameters": row.parameters, "status": row.status}
            for row in mnist.trained(rows)
        ],
    }


def chosen(networks: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Genomes of at most `count` networks, evenly spread over the sizes."""
    from benchmarks.broods import spread

    if count >= len(networks):
        return [network["genome"] for network in networks]
    sizes = [network["parameters"] for network in networks]
    return [network["genome"] for network in spread(networks, sizes, count)]


def _ways(genomes: list[dict[str, Any]], say: Say) -> dict[str, Any]:
    """How long each way takes for a few networks, without reading the data and starting processes."""
    from benchmarks import script

    spent = {}
    for way in script.WAYS:
        spent[way] = script.run(way, genomes, _task(), _cores())
        say(f"trial of the script with {way}, {len(genomes)} networks: {spent[way].evaluating:.1f} s")
    return {
        "seconds": {way: found.evaluating for way, found in spent.items()},
        "all": sum(found.seconds for found in spent.values()),
    }


def _script(way: str, genomes: list[dict[str, Any]]) -> dict[str, Any]:
    from benchmarks import script

    return asdict(script.run(way, genomes, _task(), _cores()))


def _task() -> Any:
    from benchmarks import script

    return script.Task(f"idx:{places.data() / 'mnist'}", SEED, mnist.EXAMPLES)


def _cores() -> int:
    from speciate.backends import available_cores

    return available_cores()


def show(result: Result) -> str:
    """Both times and their ratio."""
    run, script, whole = result["run"], result["script"], result["networks"] == result["run"]["trained"]
    ratio = script["seconds"] / run["seconds"]
    rows = [
        ("ours, the whole experiment", run["trained"], f"{run['seconds']:.0f}", f"{run['best_valid']:.2%}"),
        (
            f"the script, {result['way']}",
            result["networks"],
            f"{script['seconds']:.0f}",
            f"{script['best_valid']:.2%}",
        ),
    ]
    claim = (
        f"the script took **{ratio:.2f} times** as long (bar {BAR:g})"
        if whole
        else "the times are not comparable, for the script had only a part of the networks"
    )
    ways = ", ".join(f"{way} {seconds:.1f} s" for way, seconds in result["ways"].items())
    note = (
        f"Wall time on all cores in one run, one after the other; {claim}. Ours is the whole "
        "experiment from reading the data to the champion's test, with baselines, final and champion; the script's time is "
        "that of the search's evaluations alone, from reading the data to the last score: it trains the very networks that "
        "our search has trained, with equal examples, batches and validation rows, proposed by `enqueue_trial` in memory. "
        f"{result['diverged']} of ours diverged and stopped there; the script goes on to the end. It has no schedule of the "
        "learning rate, so scores are shown only to say that it trains. It uses the cores in the way that was fastest on a few of "
        f"the networks: {ways}."
    )
    head = ("who", "networks trained in the search", "wall time, s", "best validation score")
    return table(head, rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "experiment",
    "How long does the article's whole experiment take, beside an Optuna + PyTorch script?",
    {"population": 50, "generations": 10, "networks": 1_000, "trial": 12},
    lambda s: (
        40
        + 0.2 * s["population"] * s["generations"]
        + 0.4 * min(s["networks"], s["population"] * s["generations"])
        + 1.5 * s["trial"]
    ),
    measure,
    show,
    data=mnist.FILES,
)
