"""Writes README.md: the champion's model card, every number of which comes from the run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from speciate.champion.description import Description, Lead, Scores
from speciate.champion.wording import markdown
from speciate.data import METRICS
from speciate.spaces import count_multiplications

if TYPE_CHECKING:
    from torch import nn

    from speciate.champion.policy.description import TableRecord


def model_card(description: Description, module: nn.Module) -> str:
    """The text of README.md.

    Args:
        description: What model.json says.
        module: The layers, as `plain` gives them.
    """
    parts = [
        _what(description),
        _metrics(description),
        _uses(description),
        _data(description),
        _network(description, module),
        _training(description),
        _usage(description),
        "## License\n\nNot stated. The license of the data may restrict what the model may be used for.",
    ]
    return "\n\n".join(parts) + "\n"


def _what(d: Description) -> str:
    target, data = markdown(d.target), markdown(d.data.name)
    goal = f"one of {len(d.classes):,} classes" if d.task == "classification" else "a number"
    run = f"run {markdown(d.run.name)}" if d.run.name else "a run in memory"
    return (
        f"# {data}: {target}\n\n"
        f"A neural network that predicts **{target}** ({goal}) from a row of **{data}**. It was found by evolution "
        f"with [Speciate](https://github.com/speciate/speciate): the best of {d.run.candidates:,} networks in {run}.\n\n"
        f"| | |\n|---|---|\n"
        f"| task | {d.task} |\n"
        f"| layers and training | {markdown(d.layers)} |\n"
        f"| parameters | {d.parameters:,} ({4 * d.parameters / 1e3:,.1f} kB) |\n"
        f"| input | {' x '.join(map(str, d.input_shape))} numbers, made from raw rows as described below |\n"
        f"| output | {output_text(d)} |"
    )


def output_text(d: Description | TableRecord) -> str:
    """What the outputs of the network mean."""
    if d.task == "regression":
        return f"one number; the value is {d.target_mean:.6g} + {d.target_scale:.6g} x output"
    labels = ", ".join(markdown(label, 40) for label in d.classes[:20])
    more = f" and {len(d.classes) - 20:,} more" if len(d.classes) > 20 else ""
    return f"a logit for each class: {labels}{more}"


def _metrics(d: Description) -> str:
    tested = d.scores.test is not None
    lines = [
        "## Scores\n",
        f"`{d.metric}` ({METRICS[d.metric].about}; higher is better). Networks were chosen by their score on the "
        f"{d.data.rows['valid']:,} validation rows, which is therefore too good. "
        + (
            f"The {d.data.rows['test']:,} test rows were used once, after the choice; in brackets the 95 % "
            "confidence interval over test rows. All answered the same rows, so the last column, the difference with its own "
            "interval, says more than whether two brackets overlap."
            if tested
            else "There were no test rows, so nothing here says how good the network is on new data."
        ),
        "",
        "| | validation | test | this network is better by |\n|---|---|---|---|",
        f"| **this network** | {_number(d.scores.valid)} | {_tested(d.scores)} | |",
    ]
    rows = [(f"{markdown(b.name)}: {markdown(b.description)}", b) for b in reversed(d.baselines)]
    lines += [
        f"| {name} | {_number(b.scores.valid)} | {_tested(b.scores)} | {_led(b.lead)} |" for name, b in rows
    ]
    return "\n".join(lines) + _verdict(d)


def _verdict(d: Description) -> str:
    """A sentence on the best baseline, on the rows that count."""
    tested = d.scores.test is not None
    scored = [(b.scores.test if tested else b.scores.valid, i) for i, b in enumerate(d.baselines)]
    known = [(score, i) for score, i in scored if score is not None]
    mine = d.scores.valid if d.scores.test is None else d.scores.test
    if not known:
        return ""
    score, i = max(known)
    rival, where = d.baselines[i], "test" if tested else "validation"
    sure = _sureness(rival.lead) if tested else ""
    if mine > score:
        better = f"{_number(mine - score)} better than the best baseline, {markdown(rival.name)}"
        return f"\n\nOn the {where} rows it is {better}{sure}."
    if tested and rival.lead is not None and rival.lead.high < 0:
        by = f"by {_number(-rival.lead.value)}{sure}"
        return f"\n\nOn the {where} rows it is **worse** than the {markdown(rival.name)} baseline, {by}."
    return f"\n\nOn the {where} rows it is **not** better than the {markdown(rival.name)} baseline{sure}, which may do as well."


def _sureness(lead: Lead | None) -> str:
    """Whether a difference is more than chance."""
    if lead is None:
        return ""
    words = "more than chance" if lead.low > 0 or lead.high < 0 else "maybe by chance"
    return f" ({words}: the 95 % interval of the difference is {_number(lead.low)} to {_number(lead.high)})"


def _tested(scores: Scores) -> str:
    if scores.test is None:
        return "not measured"
    low, high = scores.test_low, scores.test_high
    if low is None or high is None:
        return _number(scores.test)
    return f"{_number(scores.test)} [{_number(low)}, {_number(high)}]"


def _led(lead: Lead | None) -> str:
    return "" if lead is None else f"{_number(lead.value)} [{_number(lead.low)}, {_number(lead.high)}]"


def _number(value: float) -> str:
    """Four decimals, or four digits where that says more."""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.{max(0, 3 - int(math.log10(abs(value))))}f}"


def _uses(d: Description) -> str:
    return (
        "## Intended use and limits\n\n"
        f"* For rows like those of {markdown(d.data.name)}: the same columns with the same meaning and units, "
        "gathered in the same way.\n"
        "* The scores hold for rows drawn as the test rows were, at random from the same source. They say nothing "
        "about other times, places or populations, and nothing about single groups within the data.\n"
        "* Probabilities were not calibrated, and a row unlike all training rows gets an answer like any other.\n"
        "* Whether the data hold unwanted bias was not examined. Do so before decisions about people rest on it."
    )


def _data(d: Description) -> str:
    rows = d.data.rows
    lines = "\n".join(f"* {markdown(line, 400)}" for line in d.data.summary)
    return (
        "## Data\n\n"
        f"{lines}\n"
        f"* source: {markdown(d.data.source)}\n"
        f"* {rows['train']:,} training, {rows['valid']:,} validation and {rows['test']:,} test rows\n"
        f"* fingerprint of the prepared data (SHA-256): `{markdown(d.data.fingerprint)}`\n\n"
        f"### Preprocessing\n\n{preprocessing_text(d)}"
    )


def preprocessing_text(d: Description | TableRecord) -> str:
    """How raw rows become inputs, in the order of the inputs."""
    state = d.preprocessing
    if state["kind"] == "image":
        return (
            f"Values are divided by {state['divide']:g}, then standardized with the mean "
            f"({', '.join(f'{n:.4g}' for n in state['mean'])}) and standard deviation "
            f"({', '.join(f'{n:.4g}' for n in state['scale'])}) of the training rows."
        )
    lines = [
        "Fitted on the training rows alone; the exact numbers are in `model.json` and `model.py`.\n",
        "| column | used as | missing values |\n|---|---|---|",
    ]
    lines += [_column(column) for column in state["columns"][:100]]
    more = len(state["columns"]) - 100
    return "\n".join(lines) + (f"\n\nand {more:,} more." if more > 0 else "")


def _column(column: dict[str, object]) -> str:
    name = markdown(column["name"], 60)
    if column["type"] == "category":
        levels = column["levels"]
        assert isinstance(levels, list)
        others = ", one for all other texts" if column["other"] else ""
        missing = "an input of their own" if column["missing_level"] else "like an unknown text"
        return f"| {name} | {len(levels):,} categories, one input each{others} | {missing} |"
    part = f" ({column['part']})" if "part" in column else ""
    marked = " and marked by an input of their own" if column["indicator"] else ""
    return f"| {name} | {column['type']}{part}, standardized | filled with {column['fill']:g}{marked} |"


def _network(d: Description, module: nn.Module) -> str:
    from speciate.champion.network_code import network_code

    shapes = f"(rows, {', '.join(map(str, d.input_shape))}) to (rows, {d.outputs})"
    written = network_code(module, f"{shapes}.")
    code = (
        written.classes
        if written.type == "Network"
        else "\n\n\n".join(filter(None, [written.classes, written.make]))
    )
    return (
        f"## Network\n\n```python\n{code}\n```\n\n"
        f"From {shapes}: {d.parameters:,} trainable parameters, float32; "
        f"{count_multiplications(*d.network):,} multiplications a row."
    )


def _training(d: Description) -> str:
    hyper = ", ".join(f"{markdown(name)} {markdown(value)}" for name, value in d.genome.hyper.items())
    final = (
        f" The best were trained again, {d.run.finalists:,} trainings in all, and the champion has the best mean."
        if d.run.finalists
        else ""
    )
    versions = ", ".join(f"{markdown(name)} {markdown(version)}" for name, version in d.versions.items())
    return (
        "## How it was found and trained\n\n"
        f"* Search: algorithm {markdown(d.run.algorithm)}, seed {d.run.seed}, {d.run.candidates:,} networks, each "
        f"trained on {d.run.examples:,} examples (repetitions count).{final} It is candidate "
        f"{d.run.champion} of the search.\n"
        f"* Its real training: {d.examples:,} examples, {hyper}, loss "
        f"{'cross entropy' if d.task == 'classification' else 'mean squared error of the standardized target'}.\n"
        f"{_line(d)}"
        f"* Versions: {versions}.\n"
        "* To repeat it, run the same version on the same data with the settings in `run.toml` or `run.sqlite` of the "
        "run's folder; with the same versions on the same kind of processor the weights come out the same bit by bit."
    )


def _line(d: Description) -> str:
    """Where its first weights came from; empty if it was trained from scratch."""
    text = ""
    if d.run.ancestor:
        notes = "".join(f" {markdown(note[:1].upper() + note[1:], 400)}." for note in d.run.notes)
        text += f"* The search started from {markdown(d.run.ancestor)}.{notes}\n"
    if d.run.frozen:
        layers = "1 layer of it was" if d.run.frozen == 1 else f"{d.run.frozen:,} layers of it were"
        text += (
            f"* {layers} frozen: weights and form are what they were, and only layers on top of that, and the head, were "
            "evolved and trained here.\n"
        )
    if d.run.lineage > d.examples:
        text += f"* It inherited weights: {d.run.lineage:,} training examples went into them, those of its ancestors included.\n"
    return text


def _usage(d: Description) -> str:
    rows = (
        "a tensor or lists of raw values" if d.preprocessing["kind"] == "image" else "a list of dictionaries"
    )
    return (
        "## How to use it\n\n"
        "With torch alone:\n\n"
        "```\npython model.py rows.csv > predictions.csv\n```\n\n"
        f"```python\nfrom model import load, predict\n\nnet = load()          # a plain torch.nn.Module\n"
        f"predict(rows, net)    # rows: {rows}\n```\n\n"
        "With Speciate, which also reads Parquet, NumPy files and folders of images:\n\n"
        "```\nspeciate predict . rows.csv\n```\n\n"
        '```python\nfrom speciate.champion import load_model\n\nmodel = load_model(".")\n'
        "model.predict(table)  # a DataFrame or an array\nmodel.module          # the same torch.nn.Module\n```"
    )
