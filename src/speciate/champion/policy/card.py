"""Writes README.md of a champion without gradients, every number of which comes from the run."""

from __future__ import annotations

from speciate.champion.card import output_text, preprocessing_text
from speciate.champion.policy.description import PolicyDescription, TableRecord
from speciate.champion.wording import markdown


def policy_card(d: PolicyDescription) -> str:
    """The text of README.md."""
    license_ = "## License\n\nNot stated."
    if d.table is None:
        parts = [_what(d), _scores(d), _limits(d), _found(d), _usage(d), license_]
    else:
        license_ += " The license of the data may restrict what the network may be used for."
        own = _table_limits(d), _table_inputs(d.table), _found(d), _table_usage(d.table)
        parts = [_what(d), _scores(d), *own, license_]
    return "\n\n".join(parts) + "\n"


def _what(d: PolicyDescription) -> str:
    run = f"run {markdown(d.run.name)}" if d.run.name else "a run in memory"
    if d.table is None:
        inputs, outputs = (
            f"observations, {_form(d.task.observations)}",
            f"{d.genome.outputs:,} numbers: {_form(d.task.actions)}",
        )
    else:
        inputs, outputs = "made from raw rows as described below", output_text(d.table)
    return (
        f"# {markdown(d.task.name)}\n\n"
        f"A network that was evolved for **{markdown(d.task.name)}** with "
        f"[Speciate](https://github.com/speciate/speciate), weights and all, without gradients: the best of "
        f"{d.run.evaluations:,} networks in {run}.\n\n"
        f"| | |\n|---|---|\n"
        f"| network | {markdown(d.text)} |\n"
        f"| inputs | {d.genome.inputs:,} numbers: {inputs} |\n"
        f"| outputs | {outputs} |\n"
        f"| weights | {d.connections:,}, float64 |"
    )


def _form(form: dict[str, object]) -> str:
    words = {
        "plain": "as they are",
        "scaled": "scaled to -1 to 1 where they have bounds",
        "one-hot": "one input for each value",
        "greatest": "the action is the place of the greatest",
        "greatest of each": "each part of the action is the place of the greatest of its own",
        "positive": "a part of the action is on where its output is positive",
        "span": "from -1 to 1 they span the bounds of the action",
    }
    return words[str(form["kind"])]


def _scores(d: PolicyDescription) -> str:
    rows = "".join(f"| {markdown(name)} | {value:,.6g} |\n" for name, value in d.numbers.items())
    goal = "" if d.task.goal is None else f" The task counts as solved at {d.task.goal:,.6g}."
    return (
        f"## Scores\n\nFitness is {markdown(d.task.fitness)}.{goal} It was chosen for {d.fitness:,.6g}, so that number "
        f"flatters. What was measured afterwards:\n\n| | |\n|---|---|\n{rows}"
    )


def _limits(d: PolicyDescription) -> str:
    return (
        "## Intended use and limits\n\n"
        f"* For {markdown(d.task.name)} as it is simulated. Nothing says that it does as well with other physics, delays or noise.\n"
        "* What it does in states that it never met in training was not examined."
    )


def _table_limits(d: PolicyDescription) -> str:
    return (
        "## Intended use and limits\n\n"
        f"* For rows like those of {markdown(d.task.name.removeprefix('table:'))}: the same columns with the same meaning and "
        "units, gathered in the same way.\n"
        "* A row unlike all training rows gets an answer like any other. Probabilities were not calibrated.\n"
        "* Whether the data hold unwanted bias was not examined. Do so before decisions about people rest on it."
    )


def _table_inputs(table: TableRecord) -> str:
    return (
        f"## Preprocessing\n\n{preprocessing_text(table)}\n\n"
        "`model.py` and Speciate do this to raw rows, and turn outputs into predictions. The network alone (`load()` in "
        "`model.py`, `model.module`, files for `torch.export.load` or ONNX) takes the numbers that come of it, in this order."
    )


def _found(d: PolicyDescription) -> str:
    versions = ", ".join(f"{markdown(name)} {markdown(version)}" for name, version in d.versions.items())
    return (
        "## How it was found\n\n"
        f"* Algorithm {markdown(d.run.algorithm)}, seed {d.run.seed}, {d.run.generations:,} generations, "
        f"{d.run.evaluations:,} evaluations.\n"
        f"* Versions: {versions}.\n"
        "* To repeat it, run the same version with the settings in `run.toml` of the run's folder; the same network comes out, bit by "
        "bit."
    )


def _usage(d: PolicyDescription) -> str:
    return (
        "## How to use it\n\n"
        "With torch alone:\n\n"
        "```\npython model.py observations.csv > actions.csv\n```\n\n"
        "```python\nfrom model import act, load\n\nnet = load()             # a plain torch.nn.Module\n"
        "act(observations, net)   # (rows, ...), as the environment gives them\n```\n\n"
        "With Speciate:\n\n"
        '```python\nfrom speciate import load_model\n\npolicy = load_model(".")\npolicy.act(observations)\n'
        "policy.module            # the same torch.nn.Module\n```"
    )


def _table_usage(table: TableRecord) -> str:
    return (
        "## How to use it\n\n"
        "With torch alone:\n\n"
        "```\npython model.py rows.csv > predictions.csv\n```\n\n"
        "```python\nfrom model import load, outputs, predict\n\nnet = load()            # a plain torch.nn.Module\n"
        f"predict(rows, net)      # raw rows, {_rows(table)}\n"
        "outputs(rows, net)      # what the network answers, before it becomes predictions\n```\n\n"
        "With Speciate:\n\n"
        "```\nspeciate predict . rows.csv\n```\n\n"
        '```python\nfrom speciate import load_model\n\nmodel = load_model(".")\nmodel.predict(rows)     # a pandas table or an array\n```'
    )


def _rows(table: TableRecord) -> str:
    return (
        "such as those of csv.DictReader" if table.preprocessing["kind"] == "table" else "a tensor or lists"
    )
