"""Whether the run in a folder is the one that wants to go on there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from speciate.errors import ConfigurationError
from speciate.store import Store, utc_now
from speciate.versions import versions

Event = Callable[[str, str], None]
"""Writes a notable moment down: its kind and a message."""


def begin_or_recognize(
    store: Store,
    identity: Mapping[str, Any],
    facts: Mapping[str, Any],
    accept_changes: bool,
    event: Event,
) -> None:
    """Write down what a new run is, or make sure that a stored one is the same.

    Args:
        store: The run's store.
        identity: What decides the run's results.
        facts: What reports say about it.
        accept_changes: Whether to go on under other conditions. The run counts as not repeatable then.
        event: Writes a notable moment down.

    Raises:
        ConfigurationError: The stored run began under other conditions; they are named.
    """
    known = store.get("identity")
    if known is None:
        store.set(identity=identity, created=utc_now(), **facts)
        return
    found = changes(known, identity, store.get("versions", {}), versions())
    if not found:
        return
    if not accept_changes:
        refuse(found)
    event("changed", f"the run cannot be repeated any more: {'; '.join(found)}")
    store.set(identity=identity, versions=versions(), repeatable=False, data=facts["data"])


def changes(
    known: Mapping[str, Any],
    now: Mapping[str, Any],
    versions_then: Mapping[str, str],
    versions_now: Mapping[str, str],
) -> list[str]:
    """What a run's results depend on and is not as it was when the run began, in words.

    Args:
        known: The run's identity as it is stored.
        now: The identity of what wants to go on with it.
        versions_then: What `versions` gave when the run began.
        versions_now: What it gives now.
    """
    settings = [
        f"{key}: was {known.get(key)!r:.300}, is {now[key]!r:.300}"
        for key in now
        if not is_same(known.get(key), now[key])
    ]
    return settings + [
        f"{name}: was {versions_then.get(name)}, is {versions_now[name]}"
        for name in versions_now
        if versions_then.get(name) != versions_now[name]
    ]


def is_same(known: Any, now: Any) -> bool:
    """Whether a part of a stored identity is that of what wants to go on.

    Sources ("code") that were not known when the run began fit any.
    """
    if not isinstance(known, Mapping) or not isinstance(now, Mapping):
        return bool(known == now)
    keys = (known.keys() | now.keys()) - ({"code"} if not known.get("code") else set())
    return all(is_same(known.get(key), now.get(key)) for key in keys)


def refuse(found: Sequence[str]) -> NoReturn:
    """Name what has changed.

    Raises:
        ConfigurationError: Always.
    """
    raise ConfigurationError(
        "the folder holds a run with other settings, other data or other versions",
        why="; ".join(found),
        hint="use what it was started with, or another name; if a mistake in your own code ended it, delete its folder; "
        "--accept-changes goes on all the same, and the run cannot be repeated any more",
        kept="the run in the folder is unchanged",
    )
