"""What every section is given."""

from __future__ import annotations

from dataclasses import dataclass

from speciate.report.data import Circumstances, Findings, ReportData
from speciate.report.drawing import Drawing
from speciate.report.html import Child, Html, figure
from speciate.report.scores import Scale


@dataclass(frozen=True, slots=True)
class Page:
    """The data of a page and its drawings.

    Attributes:
        data: What is shown.
        wide: Drawings for screens, by name.
        narrow: The same for phones.
    """

    data: ReportData
    wide: dict[str, Drawing]
    narrow: dict[str, Drawing]

    @property
    def found(self) -> Findings:
        """What the run found."""
        return self.data.findings

    @property
    def about(self) -> Circumstances:
        """What happened to be so."""
        return self.data.circumstances

    @property
    def scale(self) -> Scale:
        """How scores are shown."""
        return Scale(self.data.findings.data.metric)

    def figure(self, name: str, caption: Child) -> Html:
        """The figure of a name with its caption; nothing where there is none."""
        return figure(self.wide[name], self.narrow[name], caption) if name in self.wide else Html("")
