"""The sections of a run's page: each takes the data and the drawings and gives markup, or nothing."""
