"""What people see in a terminal: the screens of the command, and in `watch` the live view of a run.

The screens work from plain values and import neither torch nor NumPy, so that errors, `ls` and `show` come at once.
"""

from speciate.terminal.output import console, is_plain, print_json, status, write
from speciate.terminal.screens import (
    print_facts,
    print_labeled,
    print_lines,
    print_result,
    print_run,
    print_runs,
)

__all__ = [
    "console",
    "is_plain",
    "print_facts",
    "print_json",
    "print_labeled",
    "print_lines",
    "print_result",
    "print_run",
    "print_runs",
    "status",
    "write",
]
