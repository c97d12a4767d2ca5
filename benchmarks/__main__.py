"""The command: `python -m benchmarks [NAME ...] [--setting N ...]`."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from benchmarks import places, results, runner
from benchmarks.registry import BENCHMARKS


def parser() -> argparse.ArgumentParser:
    """The arguments; every setting of any benchmark is an option."""
    listed = "\n".join(f"  {b.name:20} {b.purpose} Settings: {dict(b.settings)}" for b in BENCHMARKS.values())
    found = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Run benchmarks (all by default) and write the page of results.",
        epilog=f"benchmarks:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    found.add_argument("--page", action="store_true", help="run nothing, only write the page again")
    found.add_argument("--fresh", action="store_true", help="forget what interrupted benchmarks have kept")
    found.add_argument(
        "--results",
        type=Path,
        metavar="DIR",
        help="keep the results elsewhere, with a page of their own (for trials with small settings)",
    )
    for name in sorted({name for b in BENCHMARKS.values() for name in b.settings}):
        who = ", ".join(f"{b.name} {b.settings[name]}" for b in BENCHMARKS.values() if name in b.settings)
        default = next(b.settings[name] for b in BENCHMARKS.values() if name in b.settings)
        found.add_argument(f"--{name.replace('_', '-')}", help=f"default: {who}", **_kind(default))
    return found


def _kind(default: Any) -> dict[str, Any]:
    """How a setting with such a default is given: a switch, a number or a text."""
    if isinstance(default, bool):
        return {"action": "store_const", "const": True}
    return {"type": _positive, "metavar": "N"} if isinstance(default, int) else {"metavar": "TEXT"}


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 0 unless a benchmark was asked for by name and had to be skipped."""
    known = parser()
    options = known.parse_args(arguments)
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        known.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    chosen = [BENCHMARKS[name] for name in options.names or BENCHMARKS]
    settings = {name for b in BENCHMARKS.values() for name in b.settings}
    given = {name: getattr(options, name) for name in settings if getattr(options, name) is not None}
    if unused := [name for name in given if not any(name in b.settings for b in chosen)]:
        known.error(f"none of the chosen benchmarks has the setting {', '.join(sorted(unused))}")
    folder = options.results or places.RESULTS
    if options.fresh:
        shutil.rmtree(places.CACHE, ignore_errors=True)
    skipped = [] if options.page else runner.run(chosen, given, folder)
    written = folder / "RESULTS.md" if options.results else places.PAGE
    folder.mkdir(parents=True, exist_ok=True)
    written.write_text(results.page(BENCHMARKS.values(), folder))
    print(f"wrote {written}")
    return 1 if set(skipped) & set(options.names) else 0


if __name__ == "__main__":
    raise SystemExit(main())
