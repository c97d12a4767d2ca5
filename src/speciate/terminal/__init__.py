"""What people see in a terminal: the live view of a run, and the screens of the command."""

from speciate.terminal.consoles import console, is_plain, print_json
from speciate.terminal.screens import (
    print_facts,
    print_labeled,
    print_lines,
    print_result,
    print_run,
    print_runs,
)
from speciate.terminal.watch import watcher

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
    "watcher",
]
