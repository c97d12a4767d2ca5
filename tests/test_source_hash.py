from __future__ import annotations

import subprocess
import sys
from functools import partial

from speciate.registry import own_source, source_hash
from speciate.run.identity import is_same
from speciate.testing import sphere

SCRIPT = """
from speciate.registry import source_hash
class One:
    def f(self, x): return {where} in {{"a", "b", "c"}}
def g(x): return [x + {number} for _ in range(3)]
print(source_hash(One), source_hash(One()), source_hash(g))
"""


class Doubled:
    def __call__(self, x: float) -> float:
        return 2 * x


def test_functions_classes_objects_and_partial_functions_have_a_source() -> None:
    assert source_hash(Doubled) == source_hash(Doubled())
    assert source_hash(partial(sphere, 1)) == source_hash(sphere)
    assert len({source_hash(thing) for thing in (Doubled, sphere, source_hash)}) == 3
    assert source_hash(3) == source_hash(print) == ""
    assert own_source(sphere) == {}
    assert own_source(Doubled()) == {"code": source_hash(Doubled)}


def test_a_script_from_standard_input_is_known_by_what_it_was_compiled_to() -> None:
    def hashes(**values: object) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-"], input=SCRIPT.format(**values), capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    first = hashes(where="'a'", number=1)
    assert first == hashes(where="'a'", number=1)
    assert first[0] == first[1] != hashes(where="'d'", number=1)[0]
    assert first[2] != hashes(where="'a'", number=2)[2]
    assert all(first)


def test_a_source_that_was_not_known_fits_any() -> None:
    assert is_same({"kind": "task"}, {"kind": "task", "code": "ab"})
    assert is_same({"kind": "task", "code": ""}, {"kind": "task", "code": "ab"})
    assert not is_same({"kind": "task", "code": "cd"}, {"kind": "task", "code": "ab"})
    assert not is_same({"kind": "task"}, {"kind": "task", "seed": 1})
