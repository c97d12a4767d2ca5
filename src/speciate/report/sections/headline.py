"""The top of the page: what was found, how sure that is, and what it was compared with."""

from __future__ import annotations

from speciate.report.data import Champion, Rival
from speciate.report.html import Html, el, join, name, section, table
from speciate.report.sections.base import Page
from speciate.report.text import DASH
from speciate.text import counted

STATES = {
    "interrupted": "This run was interrupted. Everything that was finished is here; resume goes on from there.",
    "failed": "This run stopped with a failure. Everything that was finished is here.",
    "running": "This run is not finished: it is still going on, or it was killed. This is how far it has come.",
    "": "This run has not begun.",
}


def header(page: Page) -> Html:
    """The name of the run and what kind of run it was."""
    found, about = page.found, page.about
    parts = [found.data.source or found.data.name, found.algorithm]
    if found.generations:
        count = found.generations[-1].number + 1
        parts.append(f"{counted(count, 'generation')} of {found.population_size or 'unknown size'}")
    parts += [f"seed {found.seed}" if found.seed is not None else "", about.status or "not begun"]
    meta = join(
        piece for i, part in enumerate(filter(None, parts)) for piece in (" · " if i else "", name(part))
    )
    return el(
        "header",
        el("p", "speciate · report of a run", kind="eyebrow"),
        el("h1", name(about.name, 120)),
        el("p", meta, kind="meta"),
    )


def result(page: Page) -> Html:
    """The champion's sealed test score beside the baselines."""
    notes = [el("div", el("p", sentence), kind="note") for sentence in warnings(page)]
    champion = page.found.champion
    if champion is None:
        head = el("p", _no_champion(page))
        return section("result", "Result", *notes, head, _baselines(page))
    return section(
        "result", "Result", *notes, _headline(page, champion), _baselines(page), _scores(page, champion)
    )


def warnings(page: Page) -> list[str]:
    """What a reader must know before believing anything."""
    found = [STATES[page.about.status]] if page.about.status in STATES else []
    if page.about.weights == "lost":
        found.append(
            "The champion's weight file is lost: it is not in the folder. Its scores below were measured before; "
            "its genome is here, and with it the network can be trained again."
        )
    return found


def _no_champion(page: Page) -> str:
    spent = page.found.spending
    finished = sum(s.trained + s.repeats for s in spent)
    failed = sum(s.failed for s in spent)
    if not finished:
        return "There is no champion yet: no network has been evaluated."
    if failed >= sum(s.trained for s in spent):
        return f"There is no champion: all {counted(failed, 'evaluation')} failed. See “Failures” below."
    return (
        f"There is no champion yet: {counted(finished, 'candidate')} evaluated, and the final not yet decided. "
        "Test scores do not exist before there is a champion: the test rows are sealed until then."
    )


def _headline(page: Page, champion: Champion) -> Html:
    scale = page.scale
    if champion.test_score is None:
        score = scale.show(champion.valid_score)
        what = f"{scale.axis} of the champion on the validation rows. This run has no test rows."
    else:
        score = scale.show(champion.test_score)
        what = f"{scale.axis} of the evolved network on {counted(champion.test_rows, 'test row')} that nothing had seen"
        if champion.test_low is not None and champion.test_high is not None:
            what += f"; 95% interval {scale.show(champion.test_low)} to {scale.show(champion.test_high)}"
        what += ". " + verdict(page, champion)
    what = what[:1].upper() + what[1:]
    return el("div", el("div", score, kind="score"), el("p", what, kind="what"), kind="headline")


def verdict(page: Page, champion: Champion) -> str:
    """How the champion compares with the best baseline, and whether the test rows are enough to tell."""
    rivals = [(r, r.test_score) for r in page.found.baselines if r.test_score is not None]
    if not rivals or champion.test_score is None:
        return ""
    rival, score = max(rivals, key=lambda pair: pair[1])
    change = champion.test_score - score
    title = f"the {rival.name} network" if rival.name == "hand-made" else f"the {rival.name} model"
    if change > 0:
        words = (
            f"That is {page.scale.difference(change).lstrip('+')} better than the best alternative, {title}"
        )
    elif change == 0:
        words = f"That is exactly what the best alternative scored, {title}"
    else:
        by = page.scale.difference(-change).lstrip("+")
        words = f"The best alternative, {title}, scored {by} better"
    return words + _sureness(page, rival, change) + "." + _size(champion, rival)


def _sureness(page: Page, rival: Rival, change: float) -> str:
    """Whether a difference is more than chance, by its interval over the same rows."""
    if rival.lead is None:
        return "; whether that is more than chance was not measured in this run"
    low, high = rival.lead if change >= 0 else (-rival.lead[1], -rival.lead[0])
    between = f"the 95% interval of the difference, over the same rows, is {page.scale.changes(low, high)}"
    if low > 0:
        return f", which is more than chance: {between}"
    return f", which may be chance: {between}"


def _size(champion: Champion, rival: Rival) -> str:
    """A word on the sizes, where they differ by a fifth or more."""
    if not rival.parameters or not champion.parameters:
        return ""
    times = rival.parameters / champion.parameters
    if times >= 1.2:
        return f" The evolved network has {times:.1f} times fewer parameters."
    return f" The evolved network has {1 / times:.1f} times as many parameters." if times <= 1 / 1.2 else ""


def _baselines(page: Page) -> Html:
    tested = page.found.champion is not None and page.found.champion.test_score is not None
    if not page.found.baselines:
        return el("p", "No baselines were measured in this run.", kind="soft")
    caption = (
        "Each dot is a score on the sealed test rows, each band its 95% confidence interval: how far the score could be "
        "off with other rows of the same kind. All were scored on the same rows, so overlapping bands do not mean that a "
        "difference is chance: the last column below has the interval of each difference."
        if tested
        else "Scores on the validation rows. Test scores are measured once, when there is a champion."
    )
    return page.figure("baselines", caption)


def _scores(page: Page, champion: Champion) -> Html:
    scale = page.scale

    def row(
        title: str,
        valid: float | None,
        test: float | None,
        ends: tuple[float | None, float | None],
        size: int | None,
        lead: tuple[float, float] | None = None,
    ) -> list[str | Html]:
        low, high = ends
        between = DASH if low is None or high is None else f"{scale.show(low)} to {scale.show(high)}"
        ahead = DASH if lead is None else scale.changes(*lead)
        count = f"{size:,}" if size else DASH
        return [name(title, 60), scale.show(valid), scale.show(test), between, count, ahead]

    c = champion
    rows = [row("evolved", c.valid_score, c.test_score, (c.test_low, c.test_high), c.parameters)]
    rows += [
        row(r.name, r.valid_score, r.test_score, (r.test_low, r.test_high), r.parameters, r.lead)
        for r in reversed(page.found.baselines)
    ]
    titles = ["", "validation", "test", "95% interval", "parameters", "evolved is better by"]
    return table(titles, rows, numeric=(1, 2, 3, 4, 5))
