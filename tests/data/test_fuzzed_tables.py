"""Damaged and odd text tables end in data, or in an error with an exit code; nothing else comes out."""

import random

import numpy as np
import pytest

from speciate.champion.standalone import command, table
from speciate.data import load_data, load_rows
from speciate.data.columns import understand_columns
from speciate.data.raw import Reading
from speciate.data.sources import read_source
from speciate.data.targets import drop_unlabeled, understand_target
from speciate.errors import SpeciateError

PARTS = [
    *(
        b'"',
        b"'",
        b"\0",
        b"\r",
        b"\n",
        b"\r\n",
        b",",
        b";",
        b"\t",
        b"|",
        b" ",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xa0",
        b"\x80",
    ),
    *(
        b"1e999",
        b"-inf",
        b"nan",
        b"None",
        b"True",
        b"9" * 400,
        b"0" * 30,
        b"1_000",
        b"0x1f",
        b"1e-400",
        b"\xd9\xa3",
    ),
    *(
        b"1.234,5",
        b"1,234.5",
        b"1,234",
        b"$12",
        b"8 kg",
        b"(3)",
        b"()",
        b"-",
        b"+",
        b"%",
        b"12%",
        b"\xe2\x88\x925",
        b"e",
        b".",
    ),
    *(
        b"31/12/2020",
        b"2020-02-30",
        b"01/02/03",
        b"Feb 30, 2021",
        b"7:61",
        b"99:59 PM",
        b"20240531",
        b"0001-01-01",
        b"9999-12-31T23:59",
    ),
    *("\u5317\u4eac,".encode("gbk"), "\u00e9".encode("cp1252"), "x,y\n".encode("utf-16")),
    *(b"y", b"a,a,y\n", b"=1+1", b"a" * 3000, b"\x1b[2J", b"#", b"\\"),
]
PARTS = [part if isinstance(part, bytes) else bytes([part]) for part in PARTS]
SEEDS = [
    b"x,k,d,y\n"
    + b"".join(
        b"%d.5,%s,2020-01-%02d,%s\n" % (i, b"uvw"[i % 3 :][:1], i + 1, b"ab"[i % 2 :][:1]) for i in range(12)
    ),
    b"x;y\n" + b"".join(b"%d,%d;%d\n" % (i, i % 7, i % 2) for i in range(12)),
    b"x\ty\n" + b"".join(b"$%d,000.00\t%d.25\n" % (i + 1, i * i) for i in range(12)),
    b"t,y\n" + b"".join(b"%02d:30,%d/%d/2021\n" % (i, i + 1, i + 1) for i in range(12)),
]
INPUTS, WHOLE = 2000, 100


def damaged(rng):
    content = rng.choice(SEEDS)
    for _ in range(rng.randint(1, 6)):
        at, length = rng.randint(0, len(content)), rng.choice((0, 0, 1, 3, 20))
        content = content[:at] + rng.choice(PARTS) * rng.choice((1, 1, 1, 2, 12)) + content[at + length :]
    return content[: rng.randint(0, len(content))] if rng.random() < 0.1 else content


def outcome(errors, call, *arguments, **named):
    """What a call gives; None where it says that it cannot, with an exit code."""
    try:
        return call(*arguments, **named)
    except errors as error:
        code = getattr(error, "exit_code", 65)
    assert code in (65, 74, 78)
    return None


@pytest.mark.fault(72)
@pytest.mark.filterwarnings("ignore")
def test_fuzzed_tables(tmp_path):
    rng, path, read = random.Random(0), tmp_path / "t.csv", 0
    reading = Reading(memory=2**26)
    entry = {"name": "x", "type": "numeric", "fill": 0.0, "indicator": True, "mean": 0.0, "scale": 1.0}
    for number in range(INPUTS):
        content = damaged(rng)
        path.write_bytes(content)
        if number % WHOLE == 0:
            data = outcome(SpeciateError, load_data, path, target="y", memory=2**26)
            if data is not None:
                assert all(np.isfinite(part.x).all() for part in (data.train, data.valid, data.test.open()))
                predicted = outcome(SpeciateError, load_rows, path, data.preprocessing)
                assert predicted is None or np.isfinite(predicted[1]).all()
            continue
        raw = outcome(SpeciateError, read_source, path, "y", reading)
        if raw is not None:
            read += 1
            columns = understand_columns(raw.x, reading, raw.decimal, raw.has_commas)
            assert len(raw.x) == len(raw.y)
            assert list(columns.all) == list(raw.x)
            raw = outcome(SpeciateError, drop_unlabeled, raw)
            if raw is not None:
                outcome(SpeciateError, understand_target, raw, "auto")
        rows = outcome(ValueError, command.read_table, content)
        outcome(ValueError, table.table_inputs, rows or [], [entry])
        outcome(ValueError, command.read_numbers, content)
    assert read > INPUTS // 10  # else nothing was tried but refusals
