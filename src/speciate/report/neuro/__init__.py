"""The report of a run without gradients."""
