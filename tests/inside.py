"""The command in this process: much sooner than in one of its own, where nothing is killed."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speciate.cli.main import command


@dataclass(frozen=True)
class Done:
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        """All that it said, on one line."""
        return " ".join((self.stdout + self.stderr).replace("│", " ").split())


def speciate(*arguments: str, cwd: Path) -> Done:
    """Run the command in a folder."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command(arguments)
    return Done(code, out.getvalue(), err.getvalue())


def shown(run: str, cwd: Path) -> dict[str, Any]:
    """What `show --json` prints."""
    done = speciate("show", run, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found
