"""The sentences of a run's page about its final, and about what the champion consists of."""

from __future__ import annotations

from itertools import pairwise

from speciate.intervals import few
from speciate.records import OUT_OF_FOLD
from speciate.report.data import Findings
from speciate.store import ChampionSummary, stands_for
from speciate.text import counted, either


def final(found: Findings) -> str:
    """What the final is for, and what it changed."""
    winner = next((f for f in found.final if f.won), None)
    several = len(found.final) > 1
    which = (
        f"best {len(found.final)} networks of the search were"
        if several
        else "best network of the search was"
    )
    trainings = counted(max(len(f.scores) + f.failed + f.pending for f in found.final), "time")
    words = (
        f"A single score is partly luck. The {which} therefore trained again, {trainings} each with fresh "
    )
    words += "seeds, and the best mean decides." if several else "seeds."
    if winner is None:
        words += " The final is not decided yet."
    elif winner.search_score is not None and winner.mean.mean is not None:
        best = max(f.search_score for f in found.final if f.search_score is not None)
        if winner.search_score < best:
            words += " The network with the highest score of the search did not win."
    return words


def finals(found: Findings) -> str:
    """How to read the final."""
    first = found.final[0]
    top = "the winner on top" if first.won else "the best mean on top"
    words = "One row a finalist, " + top if len(found.final) > 1 else "The row of the one finalist"
    words += ". Filled dots are trainings with fresh seeds, the upright bar is their mean"
    if any(f.search_score is not None for f in found.final):
        words += (
            "; the hollow orange dot is the score that took the network to the final, and is not counted: it was chosen for being "
            "high"
        )
    return words + "."


def training(found: Findings) -> str:
    """How the champion was trained."""
    start = "from the weights that it had in the search" if found.inherit else "from the start"
    counts = [training.examples for training in found.training]
    if len(counts) == 1:
        return f"The champion was trained once more, {start}, on {counted(counts[0], 'example')}."
    doubled = all(b == 2 * a for a, b in pairwise(counts))
    return (
        f"The champion was trained {len(counts)} times more, each time {start}, on {counts[0]:,} to {counts[-1]:,} examples"
        f"{', twice as many each time' * doubled}; the search gave each network {found.examples:,}."
    )


def trainings(found: Findings) -> str:
    """How to read the champion's trainings."""
    words = "Each dot is one complete training"
    kept = any(training.chosen for training in found.training)
    return words + ("; the filled one gave the weights that are kept." if kept else ".")


def rungs(found: Findings) -> str:
    """What a final at growing numbers of examples is for, and what came of it."""
    first, *others = [rung for rung in found.rungs if rung.examples is not None]
    words = (
        f"The search trains briefly, and what learns fast is not always what learns most. Its best networks{', and its recipes,' if found.recipes else ''} were "
        f"therefore trained again on more examples: {counted(len(first.networks), 'network')} on {first.examples:,}"
    )
    words += "".join(f", then {len(rung.networks)} on {rung.examples:,}" for rung in others) + ". "
    if others:
        words += "Those that go on do so with their learning rate and with a smaller one, which longer trainings want. "
    last = found.rungs[-1]
    if last.examples is None:
        best = f"The best {len(last.networks)} were" if len(last.networks) > 1 else "One of them was"
        words += f"{best} then trained {'on the rest of the folds' if last.folds > 1 else 'with more seeds'}, too. "
    if last.folds > 1:
        words += (
            f"The rows{' that are not for test' * bool(found.data.rows.get('test'))} are divided into {last.folds} folds; a network is scored "
            "on a fold that it was not trained on. "
        )
    if not found.kept:
        return words + "The final is not decided yet."
    count = sum(one.times for one in found.kept)
    if count == 1:
        return words + "One of them is the champion."
    return words + (
        f"The champion is the {count} trainings that answer best together: one was added after another, always the one that helped "
        "the mean of all most (Caruana et al. 2004)."
    )


def rung_rows(found: Findings) -> str:
    """How to read the rungs."""
    words = (
        "One row a network, by the number of its training examples. Each dot is a training; the upright bar is their mean, and the "
        "numbers are means, too. An arrow marks what went on to the next rung."
    )
    if max(rung.folds for rung in found.rungs) > 1:
        words = words.replace("Each dot is a training;", "Each dot is a training, scored on another fold;")
    if found.kept:
        words += " Networks in color are in the champion, as often as the last column says."
    return words


def winner(champion: ChampionSummary) -> str:
    """What the champion is, before the description of its (leading) network."""
    warm = "" if champion.temperature == 1 else f", with a temperature of {champion.temperature:.4g}"
    if not champion.members:
        return f"The winner{warm}, is" if warm else "The winner is"
    return f"The winner is an ensemble of {len(champion.members)} networks: the mean of what they say counts{warm}. Drawn is the first of them,"


def measured(found: Findings) -> str:
    """What the champion's scores stand for, where that is more than what stands above them."""
    champion = found.champion
    words = [few(champion.test_rows)] if champion and few(champion.test_rows) else []
    if champion and champion.refit:
        words.append(stands_for(len(champion.members) or 1, champion.test_score is not None))
    if champion and OUT_OF_FOLD in champion.numbers:
        rows = "rows that are not for test" if champion.test_score is not None else "rows"
        words.append(
            f"The champion was chosen by its answers for all {rows}, each given by networks that were not trained on it (its {OUT_OF_FOLD}, "
            "below); here stands its score of the validation rows, as of the others."
        )
    return " ".join(words)


def length(found: Findings) -> str:
    """On how many examples the champion's networks were trained."""
    assert found.champion is not None
    counts = sorted({one.examples for one in found.kept} or {found.champion.examples})
    return (
        f"{counts[0]:,} to {counted(counts[-1], 'example')}"
        if len(counts) > 1
        else counted(counts[0], "example")
    )


def leading(found: Findings) -> str:
    """Whose descent is shown, and what the final made of it."""
    words = ""
    if found.champion and found.champion.members:
        words = " That is the descent of the champion's leading network."
        others = dict.fromkeys(f"#{k.candidate}" for k in found.kept if k.candidate != found.champion.id)
        if others:
            words += f" Others come from {either(list(others), 'and')} of the search."
    if found.tuned:
        words += f" The final changed it once more: {'; '.join(found.tuned)}."
    return words
