"""What can go wrong, as one tree of exceptions that each carry their exit code.

SpeciateError
├── DataError (65, also ValueError)             the data cannot be used
├── UsageError (2, also ValueError)             the command or call makes no sense
├── ConfigurationError (78, also ValueError)    a setting is unknown, out of range or contradicts another
├── EvaluationError (70, also RuntimeError)     evaluations failed in a way that stops the run
├── CreationError (73, also OSError)            a run folder or file cannot be created
├── StorageError (74, also OSError)             reading or writing failed, or a run is damaged
└── BusyError (75, also OSError)                another process is using the run

Failures of a single candidate are not exceptions: they are `Evaluation` records with a status.
"""

from __future__ import annotations


class SpeciateError(Exception):
    """An error with everything a user needs to go on.

    Args:
        what: What is wrong, with the name and the value, in one sentence.
        where: The file, line, column or argument it concerns.
        why: The reason, if `what` does not say it.
        hint: What to try.
        kept: What was kept, and how to go on from there.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", why: str = "", hint: str = "", kept: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.why, self.hint, self.kept = what, where, why, hint, kept

    def lines(self) -> list[tuple[str, str]]:
        """The parts that are set, as (label, text) pairs, in reading order."""
        parts = [
            ("error", self.what),
            ("where", self.where),
            ("why", self.why),
            ("try", self.hint),
            ("kept", self.kept),
        ]
        return [(label, text) for label, text in parts if text]

    def __str__(self) -> str:
        return "\n".join(text if label == "error" else f"  {label}: {text}" for label, text in self.lines())

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.where, self.why, self.hint, self.kept))


def _rebuild(
    kind: type[SpeciateError], what: str, where: str, why: str, hint: str, kept: str
) -> SpeciateError:
    return kind(what, where=where, why=why, hint=hint, kept=kept)


class DataError(SpeciateError, ValueError):
    """The data cannot be used as they are."""

    exit_code = 65


class DataWarning(UserWarning):
    """Some of the data could not be read as in training; says which, and what was done."""


class UsageError(SpeciateError, ValueError):
    """The command or the call makes no sense."""

    exit_code = 2


class ConfigurationError(SpeciateError, ValueError):
    """A setting is unknown, has the wrong type, is out of range or contradicts another."""

    exit_code = 78


class EvaluationError(SpeciateError, RuntimeError):
    """Evaluations failed in a way that stops the run."""

    exit_code = 70


class CreationError(SpeciateError, OSError):
    """A run folder or a file cannot be created."""

    exit_code = 73


class StorageError(SpeciateError, OSError):
    """Reading or writing failed, or a run folder is damaged."""

    exit_code = 74


class BusyError(SpeciateError, OSError):
    """The run is in use by another process."""

    exit_code = 75
