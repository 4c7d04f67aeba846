-- What this account keeps beside the history. Paths are text, or bytes where they are no text.

CREATE TABLE registry (
    id        TEXT PRIMARY KEY,
    path      NOT NULL UNIQUE,                 -- canonical
    opened_at TEXT NOT NULL,
    project   TEXT,                            -- looked at last
    user      TEXT,                            -- acted as last; NULL: the owner
    listed    INTEGER NOT NULL                 -- 0: taken off the list of recent ones
);

-- Where a data root lies on this machine. The registry is never written.
CREATE TABLE location (
    registry TEXT NOT NULL REFERENCES registry (id),
    prefix   TEXT NOT NULL,
    folder   NOT NULL,
    PRIMARY KEY (registry, prefix)
);

CREATE TABLE cohort (
    id       TEXT PRIMARY KEY,
    registry TEXT NOT NULL REFERENCES registry (id),
    project  TEXT NOT NULL,
    name     TEXT NOT NULL,
    rule     TEXT,                             -- JSON; NULL: a frozen list
    patients BLOB,                             -- row ids of a frozen list, 8 bytes each, little endian
    count    INTEGER NOT NULL,
    saved_at TEXT NOT NULL,
    UNIQUE (registry, project, name)
);

CREATE TABLE kept (
    key   TEXT PRIMARY KEY,
    value NOT NULL
);
