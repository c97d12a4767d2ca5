"""The sentences of a run's page that depend on what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from speciate.intervals import Lead, verdict
from speciate.records import HALVING, RECIPE, Status
from speciate.report.credit import Share
from speciate.report.data import Circumstances, Findings, ReportData, Rival
from speciate.report.figures.generations import box_caption, ridge_caption
from speciate.report.figures.rows import MOST_OPERATORS, score_rows
from speciate.report.figures.wiring import plain
from speciate.report.lineage import OUTSIDE, LineageStep
from speciate.report.network import DrawnNetwork
from speciate.report.pages import in_shell
from speciate.report.scores import DASH, Scale, operator_title
from speciate.report.steps import MOST_STEPS, DrawnStep
from speciate.store import Beliefs, ChampionSummary
from speciate.store.values import mapping, number
from speciate.text import counted

RECENT = 12
"""Latest steps of the lineage that are always shown."""

OPEN = 3
"""Drawn steps that are open when the page is."""

STATES = {
    "interrupted": "This run was interrupted. Everything that was finished is here; resume goes on from there.",
    "failed": "This run stopped with a failure. Everything that was finished is here.",
    "running": "This run is not finished: it is still going on, or it was killed. This is how far it has come.",
    "": "This run has not begun.",
}

PHASES = {
    "search": "search",
    "final": "final",
    "champion": "champion's training",
    "refit": "training on all rows",
}

WEIGHTS = {
    "common": "“taken over” means copied as they were; a layer whose shapes differ begins anew",
    "preserve": "“taken over” means that they fitted as they were; “adapted” that the layer was made wider, narrower or of other "
    "inputs, and kept as much of its function as it could; a new layer that can begin as the identity does",
}
"""What the words about weights mean, by how they are inherited."""


def origin(data: ReportData) -> list[str]:
    """What kind of run it was, in a few words each."""
    found, about = data.findings, data.circumstances
    parts = [found.data.source or found.data.name, found.algorithm]
    if found.generations:
        count = found.generations[-1].number + 1
        parts.append(f"{counted(count, 'generation')} of {found.population_size or 'unknown size'}")
    parts += [f"seed {found.seed}" if found.seed is not None else "", about.status or "not begun"]
    return [part for part in parts if part]


def warnings(about: Circumstances) -> list[str]:
    """What a reader must know before believing anything."""
    found = [STATES[about.status]] if about.status in STATES else []
    if about.weights == "lost":
        found.append(
            "The champion's weight file is lost: it is not in the folder. Its scores below were measured before; "
            "its genome is here, and with it the network can be trained again."
        )
    return found


def no_champion(found: Findings) -> str:
    """Why there is none."""
    trained = sum(s.trained for s in found.spending)
    finished, failed = trained + sum(s.repeats for s in found.spending), sum(s.failed for s in found.spending)
    if not finished:
        return "There is no champion yet: no network has been evaluated."
    if failed >= trained:
        return f"There is no champion: all {counted(failed, 'evaluation')} failed. See “Failures” below."
    words = f"There is no champion yet: {counted(finished, 'candidate')} evaluated, and the final not yet decided."
    if not found.data.rows.get("test", 1):
        return words
    return (
        f"{words} Test scores do not exist before there is a champion: the test rows are sealed until then."
    )


def headline(found: Findings, scale: Scale) -> str:
    """What the champion's score is, and how it compares with the baselines."""
    champion = found.champion
    assert champion is not None
    if champion.test_score is None:
        what = f"{scale.axis} of the champion on the validation rows. This run has no test rows."
    else:
        what = f"{scale.axis} of the evolved {_networks(champion)} on {counted(champion.test_rows, 'test row')} that nothing had seen"
        if champion.test_low is not None and champion.test_high is not None:
            what += f"; 95% interval {scale.between(champion.test_low, champion.test_high)}"
        what += ". " + _standing(found, champion, scale)
    return what[:1].upper() + what[1:]


def _networks(champion: ChampionSummary) -> str:
    return f"ensemble of {len(champion.members)} networks" if champion.members else "network"


def _standing(found: Findings, champion: ChampionSummary, scale: Scale) -> str:
    """How the champion compares with the baselines, and whether the test rows are enough to tell."""
    mine = champion.test_score
    rivals = [(r, r.test_score) for r in found.baselines if r.test_score is not None]
    if not rivals or mine is None:
        return ""
    leads = [Lead(rival.name, mine - score, *(rival.lead or (None, None))) for rival, score in rivals]
    hardest, _ = max(rivals, key=lambda pair: pair[1])
    return f"It is {verdict(leads, scale.amount, scale.unit)}." + _size(champion, hardest)


def _size(champion: ChampionSummary, rival: Rival) -> str:
    """A word on the size beside that of the best baseline, where they differ by a fifth or more."""
    if not rival.parameters or not champion.parameters:
        return ""
    times = rival.parameters / champion.parameters
    if times >= 1.2:
        return f" It has {times:.1f} times fewer parameters than {rival.name}."
    return f" It has {1 / times:.1f} times as many parameters as {rival.name}." if times <= 1 / 1.2 else ""


def network_caption(network: DrawnNetwork) -> str:
    """How to read the drawing."""
    drops = any(0 < (number(layer.genes.get("dropout")) or 0) < 1 for layer in network.layers)
    words = "Data flows from top to bottom. Each bar is a layer, "
    if plain(network):
        words += "as wide as it has units."
    else:
        words += "the wider the more numbers leave it (by their logarithm); those that are only outlined have no weights."
    if any(b != a + 1 for a, b in network.edges):
        words += " Side paths run in lanes beside the main one; a line that passes layers by hands on what it carries."
    if drops:
        words += " The muted part of a bar is the share that dropout leaves out in each training step."
    return words


def generation_size(found: Findings) -> str:
    """How many networks a generation has."""
    sizes = [len(part.scores) + part.failed + part.pending for part in found.generations]
    members = counted(max(sizes), "network")
    return members if min(sizes) == max(sizes) else f"up to {members}"


def boxes(found: Findings, scale: Scale) -> str:
    """How to read the box plots."""
    return box_caption(found.generations, scale, found.baselines, generation_size(found))


def curves(found: Findings, scale: Scale) -> str:
    """How to read the distributions."""
    return ridge_caption(found.generations, scale, generation_size(found))


def rivals(found: Findings) -> str:
    """How to read the scores of champion and baselines."""
    champion = found.champion
    if champion is None:
        return "Scores on the validation rows. Test scores are measured once, when there is a champion."
    if champion.test_score is None:
        return "Scores on the validation rows. This run has no test rows."
    words = "Each dot is a score on the sealed test rows."
    if any(row.low is not None for row in score_rows(champion, found.baselines)[0]):
        words += (
            " Each band is its 95% confidence interval: how far the score could be off with other rows of the same kind. All were "
            "scored on the same rows, so overlapping bands do not mean that a difference is chance."
        )
    if any(rival.lead for rival in found.baselines):
        words += " The last column below has the interval of the difference to each."
    return words


def best_so_far(found: Findings) -> str:
    """How to read the best so far."""
    reasons = ["why there is a final"] if found.final or found.rungs else []
    if found.champion is not None and found.champion.test_score is not None:
        reasons.append("why only the sealed test counts")
    words = "The best validation score after so many trained networks. It is a maximum of noisy scores, so it flatters"
    return f"{words}{': that is ' * bool(reasons)}{', and '.join(reasons)}."


def operators(found: Findings) -> str:
    """How to read what came of the operators."""
    what = (
        "gained more than the other children of their generation"
        if found.inherit
        else "scored higher than their parent"
    )
    words = (
        f"The share of each operator's children that {what}, with 95% intervals (Wilson). Copies, repeats, recipes and random "
        "networks are not counted; failures count as not better. The parent of a crossover's child is the better one of the two."
    )
    if found.inherit:
        words += " Children without others in their generation are left out."
    if len(found.credits) > MOST_OPERATORS:
        words += f" The {MOST_OPERATORS} operators with the most children are drawn."
    return words


def beliefs(found: Beliefs) -> str:
    """How to read what the search has learned of its space."""
    words = (
        "The search expects networks that are alike to score alike. How much each part of them counts in that was fitted to "
        f"{counted(found.networks, 'score')}: this is its share in how different they are taken to be. It says what scores depend on, "
        "not which values are good."
    )
    if found.correlation is not None:
        words += (
            f" Expected from all the others, the networks' places have a rank correlation of {found.correlation:.2f} with those that they "
            "took: 1 is always right, 0 is guessing."
        )
    return words


def share(value: float) -> str:
    """A share in percent."""
    return f"{value:.0%}"


def moved(found: Findings, scale: Scale) -> str:
    """The first and the last generation in words."""
    boxes = [(part.number, part.box) for part in found.generations if part.box is not None]
    (start, first), (end, last), show = boxes[0], boxes[-1], scale.show
    if len(boxes) == 1:
        return f"There is one generation with scores; its median is {show(first.median)}, its mean {show(first.mean)}."
    up, mean_up = last.median > first.median, last.mean > first.mean
    words = (
        f"{'The median rose' if up else 'The median did not rise'}: {show(first.median)} in generation {start}, "
        f"{show(last.median)} in generation {end}. The mean {'rose' if mean_up else 'did not rise'}"
        f"{', too' if up and mean_up else ' either' if not up and not mean_up else ''}: "
        f"{show(first.mean)} and {show(last.mean)}"
    )
    poor = last.median - last.mean > last.q3 - last.median and not mean_up
    return words + (", pulled down by networks that score far below the others." if poor else ".")


def descent(steps: Sequence[LineageStep]) -> str:
    """From what the champion descends, and by how many changes."""
    born, outside = len(steps) - 1, steps[0].id == OUTSIDE
    if outside and born == 1 and steps[1].operator == "ancestor":
        return "The champion is the network that the run started from, trained further, without a change."
    if not born:
        if steps[0].random:
            return "The champion was drawn at random; it descends from no other network."
        if steps[0].operator.startswith(RECIPE):
            return f"The champion is {operator_title(steps[0].operator)}, as it was written down: no change of it was better."
        return "The champion is the network that the run started from, or a change of it."
    root = "the network that the run started from" if outside else "one random network"
    if steps[0].operator.startswith(RECIPE):
        root = f"the {operator_title(steps[0].operator)}"
    as_it_came = " That of the network from outside is its score as it came." if outside else ""
    return (
        f"The champion descends from {root} by {counted(born, 'step')}. Each names what the operator changed, the score it had in "
        f"the search, and the difference to its parent.{as_it_came}"
    )


def early(steps: Sequence[LineageStep]) -> int:
    """How many of the first steps are folded away."""
    return len(steps) - RECENT if len(steps) > RECENT + 3 else 0


def drawn_steps(found: Findings) -> str:
    """What is drawn of the steps, and which drawings are open."""
    drawn, every = found.steps, len(found.lineage) - 1
    words = ["Where parent and child stand beside each other, what they share is on one row."]
    if found.inherit:
        words.append(
            "Under each layer of a child stands where its first weights came from, worked out from the genomes by the rule of "
            f"the run: {WEIGHTS[found.inherit]}."
        )
    if len(drawn) < every:
        words.append(
            f"Of the {counted(every, 'step')}, {len(drawn)} {'is' if len(drawn) == 1 else 'are'} drawn: those among the latest "
            f"{MOST_STEPS} whose networks can be read and are not too large."
        )
    if len(drawn) > OPEN:
        structural = sum(step.structural for step in drawn)
        if structural >= OPEN:
            which = (
                f"the {OPEN} with the best change of score among those that changed a layer or a connection"
            )
        elif structural:
            which = "those that changed a layer or a connection, and of the others those with the best change of score"
        else:
            which = f"the {OPEN} with the best change of score"
        words.append(f"Open are {which}.")
    return " ".join(words)


def opened(drawn: Sequence[DrawnStep]) -> list[DrawnStep]:
    """The steps that are open at first: those that changed a layer or a connection before others, by what they gained."""
    ranked = sorted(drawn, key=lambda s: (not s.structural, s.change is None, -(s.change or 0.0), s.id))
    return ranked[:OPEN]


def step_summary(step: DrawnStep, scale: Scale) -> str:
    """A step in one line."""
    parents = " and ".join(parent.name for parent in step.parents)
    gained = "" if step.change is None else f", {scale.difference(step.change)}"
    made = operator_title(step.operator)
    return f"Generation {step.generation}: {step.child.name} from {parents} by {made}{gained}"


def description(found: Findings, step: DrawnStep) -> str:
    """The child of a step in one line."""
    return next((known.description for known in found.lineage if known.id == step.id), "")


def hits(share: Share) -> str:
    """How many, and which share that is."""
    return f"{share.hits} ({100 * share.value:.0f}%)" if share.n else DASH


def failed(found: Findings) -> str:
    """How many evaluations failed, and what that means."""
    total = counted(sum(n for _, _, n in found.failures), "evaluation")
    words = f"{total} of {sum(s.trained for s in found.spending):,} ended without a score. Failures are never selected."
    if any(status == Status.DIVERGED for _, status, _ in found.failures):
        words += " “diverged” means that the loss was no longer a finite number."
    return words


def is_asynchronous(found: Findings) -> bool:
    """Whether the run depended on the order in which networks finished."""
    return bool(mapping(mapping(found.settings).get("algorithm")).get("asynchronous"))


def command(found: Findings) -> str:
    """The command that repeats the run, as far as the folder tells."""
    table_like = found.data.source.endswith((".csv", ".parquet"))
    options: list[tuple[str, Any]] = [
        ("--target", found.data.target if table_like else None),
        ("--algorithm", found.algorithm or None),
        ("--population", found.population_size or None),
        ("--generations", found.generations[-1].number + 1 if found.generations else None),
        ("--examples", found.examples or None),
        ("--final-examples", number(mapping(found.settings).get("final_examples"))),
        ("--final", HALVING if found.rungs else None),
        ("--seed", found.seed),
    ]
    parts = ["speciate", "run", in_shell(found.data.source or "DATA", 300)]
    for flag, value in options:
        if value is not None:
            parts += [flag, in_shell(f"{value:.0f}" if isinstance(value, float) else value, 300)]
    return " ".join([*parts, *(["--asynchronous"] if is_asynchronous(found) else [])])
