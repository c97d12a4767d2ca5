"""What Speciate costs and what it finds, next to its rivals: `python -m benchmarks [NAME ...]` writes RESULTS.md."""
