"""The runs in a folder: finding one by name, and what is known about each, as plain values."""

from speciate.runs.find import find_champion, find_comparison, find_run, list_runs
from speciate.runs.summary import glance, status_of, summarize

__all__ = ["find_champion", "find_comparison", "find_run", "glance", "list_runs", "status_of", "summarize"]
