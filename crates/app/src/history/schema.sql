-- Version 1 of the export history.
CREATE TABLE dataset_export (
    seq               INTEGER PRIMARY KEY,      -- order of creation, whatever the clock says
    id                TEXT NOT NULL UNIQUE,
    name              TEXT NOT NULL,
    notes             TEXT NOT NULL,
    user              TEXT NOT NULL,            -- a user of the registry, or 'owner'
    as_owner          INTEGER NOT NULL,         -- tells the owner from a user of that name
    project           TEXT NOT NULL,
    registry          ANY NOT NULL,             -- path: text, or bytes where it is no text
    registry_synced_at TEXT,
    status            TEXT NOT NULL CHECK (status IN
                          ('pending', 'processing', 'completed', 'completed_with_problems', 'failed', 'cancelled', 'interrupted')),
    phase             TEXT CHECK (phase IN ('preparing', 'writing', 'publishing')),
    selection         TEXT NOT NULL,            -- JSON
    on_missing        TEXT NOT NULL CHECK (on_missing IN ('fail', 'skip')),
    destination       ANY NOT NULL,             -- path of the archive, final
    patients          INTEGER NOT NULL,
    files             INTEGER NOT NULL,
    bytes             INTEGER NOT NULL,
    archive_bytes_max INTEGER NOT NULL,
    confirmed         TEXT NOT NULL,            -- JSON: numbers and digest of the plan that the user confirmed
    changed           INTEGER NOT NULL DEFAULT 0, -- the job's plan is another one
    archive_bytes     INTEGER,
    archive_sha256    TEXT,
    archive_device    INTEGER,
    archive_inode     INTEGER,
    archive_modified  INTEGER,                  -- nanoseconds since 1970
    problems          TEXT NOT NULL DEFAULT '[]', -- JSON
    unknown_patients  TEXT NOT NULL DEFAULT '[]', -- JSON: ids of a pasted list that were left out
    created_at        TEXT NOT NULL,
    started_at        TEXT,
    completed_at      TEXT,
    error             TEXT,                     -- JSON
    attempt           INTEGER NOT NULL DEFAULT 1,
    owner             TEXT,                     -- the process that runs it; NULL when nobody does
    cancel_requested  INTEGER NOT NULL DEFAULT 0,
    CHECK ((status = 'processing') = (phase IS NOT NULL)),
    CHECK ((status IN ('pending', 'processing')) = (owner IS NOT NULL)),
    CHECK (status NOT IN ('completed', 'completed_with_problems')
           OR (archive_bytes IS NOT NULL AND archive_sha256 IS NOT NULL AND archive_inode IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX dataset_export_destination ON dataset_export (destination) WHERE status IN ('pending', 'processing');
CREATE INDEX dataset_export_user ON dataset_export (user);

-- Files that a live process is making. What stands here under a dead one is removed at the next start, and nothing else.
CREATE TABLE part_file (
    path  ANY PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL
) STRICT;

-- One row for every transition, for ever.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         TEXT NOT NULL,
    user       TEXT NOT NULL,                   -- whose export it is
    os_user    TEXT NOT NULL,                   -- the account that acted
    export_id  TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    from_state TEXT NOT NULL,                   -- '' before it was created
    to_state   TEXT NOT NULL,                   -- 'publishing' is a phase of processing; 'deleted': the record is gone
    what       TEXT NOT NULL                    -- JSON
) STRICT;
CREATE INDEX audit_export ON audit (export_id);
CREATE TRIGGER audit_keeps_rows BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_loses_none BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
