"""What is said to people about data: notes, and what becomes of each column. It knows nothing of the rest, which all makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was understood or decided about the data, for people.

    Attributes:
        level: "info", or "warning" if the user should look at it before going on.
        text: One sentence or two.
        listed: Whether the plan of the columns says the same.
    """

    level: Literal["info", "warning"]
    text: str
    listed: bool = False


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What becomes of a column, for people.

    Attributes:
        name: Its name.
        kind: Its kind; None if it is left out.
        use: How it is read and used, or why it is not.
        alike: The same without what differs from column to column.
        missing: Rows without a value that can be used.
        pooled: Different texts that share an input.
        inputs: How many inputs it makes.
    """

    name: str
    kind: str | None
    use: str
    alike: str
    missing: int
    pooled: int
    inputs: int

    @property
    def phrase(self) -> str:
        """In a few words."""
        return self.use + (f", {self.missing:,} missing" if self.missing and self.kind else "")
