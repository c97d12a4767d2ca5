"""The report of a run, and of a comparison of runs: folder -> data -> pictures and one page."""

from speciate.report.build import report_data
from speciate.report.comparing import comparison
from speciate.report.comparison_page import comparison_json, comparison_lines, write_comparison
from speciate.report.data import ReportData
from speciate.report.figures import run_figures
from speciate.report.page import write_report

__all__ = [
    "ReportData",
    "comparison",
    "comparison_json",
    "comparison_lines",
    "report_data",
    "run_figures",
    "write_comparison",
    "write_report",
]
