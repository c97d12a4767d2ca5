"""The command: parse, call, print."""

from speciate.cli.main import main

__all__ = ["main"]
