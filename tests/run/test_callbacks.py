from __future__ import annotations

import logging

import pytest

from speciate.run.callbacks import Callback, Callbacks


class Broken(Callback):
    def __init__(self) -> None:
        self.calls = 0

    def on_event(self, search: object, kind: str, message: str) -> None:
        self.calls += 1
        raise RuntimeError("boom")


class Counting(Broken):
    def on_event(self, search: object, kind: str, message: str) -> None:
        self.calls += 1


@pytest.mark.fault(41)
def test_a_broken_callback_is_logged_once_and_dropped_after_three_failures(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, good = Broken(), Counting()
    notify = Callbacks([broken, good])
    with caplog.at_level(logging.WARNING, "speciate"):
        for _ in range(5):
            notify("event", None, "kind", "message")
    assert (broken.calls, good.calls) == (3, 5)
    assert [r.getMessage() for r in caplog.records] == [
        "callback Broken failed in on_event",
        "callback Broken failed 3 times and is not called any more",
    ]
