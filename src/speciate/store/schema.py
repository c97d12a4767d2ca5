"""The tables of a run, readable with any SQLite browser, and their version."""

from __future__ import annotations

APPLICATION_ID = 0x53504543
"""`PRAGMA application_id` of a run: "SPEC"."""

VERSION = 5
"""`PRAGMA user_version`: raised by one with every change below."""

SCHEMA = """
-- What the run is. Values are JSON.
CREATE TABLE run (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Genomes by the hash of their canonical JSON. Those that would be trained alike share a phenotype.
CREATE TABLE genomes (
    key TEXT PRIMARY KEY,
    phenotype TEXT NOT NULL,
    json TEXT NOT NULL,
    description TEXT NOT NULL
) WITHOUT ROWID;

-- Every candidate that was asked for, written before the work on it began.
CREATE TABLE candidates (
    id INTEGER PRIMARY KEY,             -- position in the run, from 0, over all phases
    phase TEXT NOT NULL,                -- search, final, champion, refit
    generation INTEGER NOT NULL,
    genome TEXT NOT NULL REFERENCES genomes (key),
    seed INTEGER NOT NULL,              -- of everything random in the evaluation
    examples INTEGER NOT NULL,          -- the budget: training examples to show
    operator TEXT NOT NULL,             -- what made it
    parents TEXT NOT NULL,              -- JSON array of candidate ids
    ancestors TEXT NOT NULL DEFAULT '[]',           -- JSON array of [candidate id, genome, weights] to inherit from
    inherited_examples INTEGER NOT NULL DEFAULT 0,  -- examples that they and their ancestors were shown
    known INTEGER,                      -- of how many results of its phase it was made, NULL where its id says so
    fold INTEGER NOT NULL DEFAULT 0     -- which rows it is scored on: 0 the validation rows, from 1 a part of the training rows
);

-- What came of it. A candidate without a row here is unfinished.
CREATE TABLE evaluations (
    candidate INTEGER PRIMARY KEY REFERENCES candidates (id),
    status TEXT NOT NULL,               -- ok, diverged, error, timeout, oom, crashed, infeasible, unfinished
    score REAL,                         -- validation score, higher is better, NULL unless ok
    metrics TEXT NOT NULL,              -- JSON object of further measurements
    examples_seen INTEGER NOT NULL,     -- training examples shown to it
    lineage_examples INTEGER NOT NULL,  -- the same with those of the ancestors whose weights it inherited
    seconds REAL NOT NULL,
    parameters INTEGER NOT NULL,
    engine TEXT NOT NULL,
    repeat_of INTEGER,                  -- the equal candidate whose result this is
    weights TEXT,                       -- SHA-256, the name of a file in weights/
    error TEXT NOT NULL,
    finished TEXT NOT NULL,             -- UTC, ISO 8601
    place INTEGER                       -- in the order in which results came
);

-- Candidates that stand for many genomes: slices of a generation of NEAT or of an evolution strategy. Their genome is their
-- place. What they are follows from the seed and all earlier results.
CREATE TABLE broods (
    candidate INTEGER PRIMARY KEY REFERENCES candidates (id),
    size INTEGER NOT NULL,              -- members
    best TEXT REFERENCES genomes (key)  -- the best member, if no earlier generation has a better one
);

-- Numbers of the members of a slice, in their order.
CREATE TABLE members (
    candidate INTEGER NOT NULL REFERENCES broods (candidate),
    name TEXT NOT NULL,                 -- fitness, species, genes, ...
    type TEXT NOT NULL,                 -- of a number, as NumPy names it: <f8 is a little-endian double
    numbers BLOB NOT NULL,
    PRIMARY KEY (candidate, name)
) WITHOUT ROWID;

-- What a search has to beat.
CREATE TABLE baselines (
    name TEXT PRIMARY KEY,
    valid_score REAL NOT NULL,
    test_score REAL,                    -- NULL until the champion exists: the test split is sealed
    metrics TEXT NOT NULL,              -- JSON object
    description TEXT NOT NULL,
    seconds REAL NOT NULL
) WITHOUT ROWID;

-- Notable moments, for people.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    time TEXT NOT NULL,                 -- UTC, ISO 8601
    kind TEXT NOT NULL,
    message TEXT NOT NULL
);
"""

FACTS = {
    **dict.fromkeys(("identity", "versions", "data", "champion", "ancestor", "beliefs"), (dict,)),
    **dict.fromkeys(("status", "name", "created", "algorithm", "backend"), (str,)),
    **dict.fromkeys(("limit", "seed", "examples", "population_size", "workers"), (int,)),
    **dict.fromkeys(("salvaged", "repeatable"), (bool,)),
    "seconds": (int, float),
}
"""Facts about a run that are relied on, and their types as JSON has them; any of them may be null."""

CHAMPION = ("id", "genome", "description", "valid_score", "test_score", "parameters", "examples", "weights")
"""What the fact "champion" holds at least."""

MIGRATIONS = {
    1: (
        "ALTER TABLE candidates ADD COLUMN ancestors TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE candidates ADD COLUMN inherited_examples INTEGER NOT NULL DEFAULT 0",
    ),
    2: (
        """CREATE TABLE broods (
            candidate INTEGER PRIMARY KEY REFERENCES candidates (id),
            size INTEGER NOT NULL,
            best TEXT REFERENCES genomes (key)
        )""",
        """CREATE TABLE members (
            candidate INTEGER NOT NULL REFERENCES broods (candidate),
            name TEXT NOT NULL,
            type TEXT NOT NULL,
            numbers BLOB NOT NULL,
            PRIMARY KEY (candidate, name)
        ) WITHOUT ROWID""",
    ),
    3: (
        "ALTER TABLE candidates ADD COLUMN known INTEGER",
        "ALTER TABLE evaluations ADD COLUMN place INTEGER",
    ),
    4: ("ALTER TABLE candidates ADD COLUMN fold INTEGER NOT NULL DEFAULT 0",),
}
"""What makes a run of one version one of the next."""
