"""The text of a champion's model.py, but for the parts that are modules in `standalone`."""

from __future__ import annotations

TOP = '''"""{title}

    python model.py rows.csv > predictions.csv      # {reads}

    from model import load, predict
    net = load()                                    # a plain torch.nn.Module with the trained weights
    predict(rows, net)                              # {rows}

Needs torch and nothing else; the weights are in model.safetensors beside this file. Written by speciate {version}.
"""

from __future__ import annotations

{imports}

{constants}


{network}


def load(weights: str | Path = Path(__file__).with_name("model.safetensors")) -> {type}:
    """The network with its trained weights, ready to predict."""
    with torch.device("meta"):  # the shapes alone
        net = {make}()
    net.load_state_dict(read_weights(Path(weights), net.state_dict()), assign=True)
    return net.eval()


@torch.inference_mode()
def outputs(rows: Any, net: nn.Module | None = None) -> Tensor:
    """What the network answers to raw rows: (rows, {outputs})."""
    net = load() if net is None else net
    return torch.cat([net(part) for part in inputs(rows).split({at_once})]).double()
'''

PATH = '''
def network() -> nn.Sequential:
    """{about}"""
    return {layers}
'''

TABLE = '''
def inputs(rows: Sequence[Mapping[str, Any]]) -> Tensor:
    """Raw rows, such as those of csv.DictReader, to the network's inputs."""
    return table_inputs(rows, COLUMNS)


def read_rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a text table, whose columns are found by name."""
    names = [column["name"] for column in COLUMNS]
    return read_table(content, names, [column["name"] for column in COLUMNS if column["type"] == "numeric"])
'''

IMAGE = '''
def inputs(rows: Any) -> Tensor:
    """Raw values (rows, ...), as a tensor or nested lists, to the network's inputs."""
    return image_inputs(rows, SHAPE, DIVIDE, MEAN, SCALE)


def read_rows(content: bytes) -> list[list[float]]:
    """The rows of a text table with one column for each value, in the order of SHAPE."""
    numbers = [[number_of(cell) for cell in row.values()] for row in read_table(content)]
    return [[math.nan if number is None else number for number in row] for row in numbers]
'''

CLASSIFICATION = '''
def predict_proba(rows: Any, net: nn.Module | None = None) -> list[dict[str, float]]:
    """For each row the probability of each class."""
    return [dict(zip(CLASSES, each, strict=True)) for each in outputs(rows, net).softmax(dim=1).tolist()]


def predict(rows: Any, net: nn.Module | None = None) -> list[str]:
    """For each row the most probable class."""
    return [max(each, key=lambda label: each[label]) for each in predict_proba(rows, net)]


def answers(content: bytes) -> tuple[list[str], list[list[object]]]:
    """The header and the rows of the answer to a text table."""
    found = predict_proba(read_rows(content))
    header = ["prediction", *(f"probability_{label}" for label in CLASSES)]
    return header, [[max(each, key=lambda label: each[label]), *each.values()] for each in found]
'''

REGRESSION = '''
def predict(rows: Any, net: nn.Module | None = None) -> list[float]:
    """For each row the value."""
    return (outputs(rows, net).squeeze(1) * TARGET_SCALE + TARGET_MEAN).tolist()


def answers(content: bytes) -> tuple[list[str], list[list[object]]]:
    """The header and the rows of the answer to a text table."""
    return ["prediction"], [[value] for value in predict(read_rows(content))]
'''

MAIN = '''
def main() -> int:
    """The command: reads a table, prints predictions."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("usage: python model.py rows.csv > predictions.csv", file=sys.stderr)
        return 2
    try:
        header, rows = answers(Path(sys.argv[1]).read_bytes())
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 65
    sys.stdout.reconfigure(encoding="utf-8")
    write_table(sys.stdout, header, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
'''
