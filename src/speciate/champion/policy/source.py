"""Writes model.py of a champion without gradients: a standalone file that acts with torch alone."""

from __future__ import annotations

from speciate.champion import templates
from speciate.champion.policy.description import PolicyDescription, TableRecord
from speciate.champion.policy.wiring import Wiring, wiring
from speciate.champion.source import Imports, constants, import_lines, part_of
from speciate.champion.wording import one_line

NETWORK = '''INPUTS = {inputs}
GROUPS = {groups}
"""Activation and number of nodes of each group, in the order in which they are computed."""
OUTPUTS = {outputs}
"""Which nodes are the outputs, counted over all groups."""
RECURRENT = {recurrent}


def load(weights: str | Path = Path(__file__).with_name("model.safetensors")) -> Network:
    """The network with its weights, ready for use."""
    net = Network(INPUTS, GROUPS, OUTPUTS, RECURRENT)
    net.load_state_dict(read_weights(Path(weights), net.state_dict()))
    return net.eval()
'''

TOP = '''"""Acts in {title}.

    python model.py observations.csv > actions.csv  # a column for each number that is observed, a row for each step;
                                                    # with a header or without

    from model import act, load
    net = load()                                    # a plain torch.nn.Module
    {usage}

Needs torch and nothing else; the weights are in model.safetensors beside this file. Written by speciate {version}.
"""

from __future__ import annotations

{imports}

OBSERVATIONS = {observations}
"""How what is observed becomes inputs."""
ACTIONS = {actions}
"""How outputs become actions."""
COLUMNS = {columns}
"""How many numbers are observed."""

{network}


@torch.inference_mode()
def act(observations: Any, net: Network | None = None, before: Tensor | None = None) -> Any:
    """{act}"""
    net = load() if net is None else net
    answer = net(to_inputs(torch.as_tensor(observations), OBSERVATIONS), before)
    outputs, state = answer if RECURRENT else (answer, None)
    actions = to_actions(outputs, ACTIONS)
    return (actions, state) if RECURRENT else actions
'''

TABLE_TOP = '''"""Predicts {title}.

    python model.py rows.csv > predictions.csv      # {reads}

    from model import load, predict
    net = load()                                    # a plain torch.nn.Module: from inputs(rows) to {meaning}
    predict(rows, net)                              # {rows}

Needs torch and nothing else; the weights are in model.safetensors beside this file. Written by speciate {version}.
"""

from __future__ import annotations

{imports}

{constants}

{network}


@torch.inference_mode()
def outputs(rows: Any, net: nn.Module | None = None) -> Tensor:
    """What the network answers to raw rows: (rows, {count}), {meaning}."""
    net = load() if net is None else net
    return torch.cat([net(part.flatten(1)) for part in inputs(rows).split(1024)])
'''

PLAIN = "Observations (rows, ...) to actions (rows, ...)."
RECURRENT = "Observations (rows, ...) and what came back one step before, to actions (rows, ...) and what to hand in next."

MAIN = '''
def main() -> int:
    """The command: reads a table of observations, prints actions."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("usage: python model.py observations.csv > actions.csv", file=sys.stderr)
        return 2
    try:
        rows = read_numbers(Path(sys.argv[1]).read_bytes(), COLUMNS)
        net, state, actions = load(), None, []
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 65
    for row in torch.tensor(rows).double().split(1):
        answer = act(row, net, state)
        action, state = answer if RECURRENT else (answer, None)
        actions.append(action.reshape(-1).tolist())
    names = [f"action_{k}" for k in range(len(actions[0]))] if len(actions[0]) > 1 else ["action"]
    write_table(sys.stdout, names, actions)
    return 0


if __name__ == "__main__":
    sys.exit(main())
'''


def policy_source(description: PolicyDescription) -> str:
    """The text of model.py."""
    if description.table is not None:
        return _table_source(description, description.table)
    wired, task = wiring(description.genome.model_dump()), description.task
    imports: Imports = {"sys": set(), "torch": {"Tensor", ""}, "pathlib": {"Path"}, "typing": {"Any"}}
    fixed = [part_of(name, imports) for name in ("policy", "weights", "command")]
    top = TOP.format(
        title=one_line(task.name),
        usage="action, state = act(observations, net, state)   # state: None at the start"
        if wired.recurrent
        else "act(observations, net)                          # (rows, ...), as the environment gives them",
        version=description.versions.get("speciate", ""),
        imports=import_lines(imports),
        network=_network(wired),
        observations=task.observations,
        actions=task.actions,
        columns=1 if task.observations["kind"] == "one-hot" else wired.inputs,
        act=RECURRENT if wired.recurrent else PLAIN,
    )
    return "\n\n\n".join(text.strip("\n") for text in [top, *fixed, MAIN]) + "\n"


def _network(wired: Wiring) -> str:
    """What the network is made of, and the function that loads it."""
    return NETWORK.format(
        inputs=wired.inputs,
        groups=list(wired.groups),
        outputs=list(wired.outputs),
        recurrent=wired.recurrent,
    ).rstrip()


def _table_source(description: PolicyDescription, record: TableRecord) -> str:
    """That of a champion that predicts for raw rows: the champions of all tables read them alike."""
    wired, table = wiring(description.genome.model_dump()), record.preprocessing["kind"] == "table"
    imports: Imports = {"sys": set(), "torch": {"Tensor", ""}, "pathlib": {"Path"}, "typing": {"Any"}}
    imports |= {"collections.abc": {"Mapping", "Sequence"}} if table else {"math": set()}
    names = ("policy", "cells", *(("dates", "table") if table else ("image",)), "weights", "command")
    fixed = [part_of(name, imports) for name in names]
    imports["torch"].add("nn")
    own = [
        templates.TABLE if table else templates.IMAGE,
        templates.CLASSIFICATION if record.task == "classification" else templates.REGRESSION,
    ]
    top = TABLE_TOP.format(
        title=one_line(f"{record.target} from a row of {description.task.name.removeprefix('table:')}"),
        reads="raw rows, whose columns are found by name" if table else "raw rows, one column for each value",
        rows="a list of dictionaries, such as csv.DictReader gives"
        if table
        else "a tensor or lists (rows, ...)",
        version=description.versions.get("speciate", ""),
        imports=import_lines(imports),
        constants=constants(record),
        network=_network(wired),
        count=len(wired.outputs),
        meaning="standardized values" if record.task == "regression" else "a logit for each class",
    )
    return "\n\n\n".join(text.strip("\n") for text in [top, *own, *fixed, templates.MAIN]) + "\n"
