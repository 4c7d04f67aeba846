-- Version 2: what a synchronisation tells about its source.
ALTER TABLE folder ADD COLUMN source_id TEXT;     -- the id that users and the source know; NULL: the same as id

CREATE TABLE oddity (                             -- what was odd in the source, one row a code
    code     TEXT PRIMARY KEY NOT NULL,
    count    INTEGER NOT NULL,
    examples TEXT NOT NULL DEFAULT '[]'           -- JSON array of row ids and paths; never what identifies a person
) STRICT, WITHOUT ROWID;

CREATE TABLE source_export (                      -- the source's own export history; read, never continued
    id            INTEGER PRIMARY KEY,
    source_table  TEXT NOT NULL,
    source_id     TEXT NOT NULL,
    user          TEXT NOT NULL DEFAULT '',       -- login name
    status        TEXT NOT NULL,                  -- as the source says: pending, processing, completed, failed, ...
    query_params  TEXT NOT NULL DEFAULT '{}',     -- JSON; may hold what was searched for
    query_summary TEXT NOT NULL DEFAULT '',
    file_path     TEXT NOT NULL DEFAULT '',
    file_size     INTEGER,
    patient_count INTEGER,
    created_at    TEXT,                           -- RFC 3339, UTC
    started_at    TEXT,
    completed_at  TEXT,
    error_message TEXT NOT NULL DEFAULT '',
    share_mode    TEXT NOT NULL DEFAULT '',       -- never the token of a share
    UNIQUE (source_table, source_id)
) STRICT;
