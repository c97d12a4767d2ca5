"""The report of a run: run folder -> data -> pictures and one page."""

from speciate.report.build import report_data
from speciate.report.data import ReportData
from speciate.report.page import write_report

__all__ = ["ReportData", "report_data", "write_report"]
