-- Version 1 of the Sheaf registry. Field names follow FileRegistry.
CREATE TABLE registry_info (
    key   TEXT PRIMARY KEY NOT NULL,      -- 'created_by', 'synced_at' (RFC 3339; absent in a native registry), 'source'
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE project (
    id          INTEGER PRIMARY KEY,
    slug        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    is_active   INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE folder (
    id         INTEGER PRIMARY KEY,
    project_id INTEGER REFERENCES project (id),   -- NULL: shared by all projects
    parent_id  INTEGER REFERENCES folder (id),
    name       TEXT NOT NULL
) STRICT;
CREATE INDEX folder_parent ON folder (parent_id);

CREATE TABLE patient (
    id         INTEGER PRIMARY KEY,               -- stable; selections and cohorts hold it
    project_id INTEGER NOT NULL REFERENCES project (id),
    patient_id TEXT NOT NULL,                     -- the id that users and the source know
    number     INTEGER NOT NULL,                  -- names the patient's folder in an archive: the id if that is a number
    name       TEXT NOT NULL DEFAULT '',          -- identifying
    record_no  TEXT,                              -- identifying
    visibility TEXT NOT NULL DEFAULT 'public',
    deleted    INTEGER NOT NULL DEFAULT 0,
    created_at TEXT,
    UNIQUE (project_id, patient_id)
) STRICT;
CREATE UNIQUE INDEX patient_number ON patient (project_id, number);
CREATE INDEX patient_record ON patient (record_no) WHERE record_no IS NOT NULL;

CREATE TABLE patient_folder (                     -- a placement: no, one or many folders
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    folder_id  INTEGER NOT NULL REFERENCES folder (id),
    PRIMARY KEY (patient_id, folder_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_folder_folder ON patient_folder (folder_id);

CREATE TABLE tag (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE patient_tag (
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    tag_id     INTEGER NOT NULL REFERENCES tag (id),
    PRIMARY KEY (patient_id, tag_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_tag_tag ON patient_tag (tag_id);

CREATE TABLE modality (
    id                   INTEGER PRIMARY KEY,
    slug                 TEXT NOT NULL UNIQUE,
    name                 TEXT NOT NULL,
    label                TEXT NOT NULL DEFAULT '',
    supported_extensions TEXT NOT NULL DEFAULT '[]',   -- JSON array
    subtypes             TEXT NOT NULL DEFAULT '[]',   -- JSON array
    is_active            INTEGER NOT NULL DEFAULT 1,
    listed               INTEGER NOT NULL DEFAULT 1    -- 0: no row of the source's modality table
) STRICT;

CREATE TABLE data_root (
    id       INTEGER PRIMARY KEY,
    prefix   TEXT NOT NULL UNIQUE,                -- leading part of file_path that stands for this root; '' for the rest
    location TEXT                                 -- absolute, or relative to the registry's folder; NULL: not mapped
) STRICT;

CREATE TABLE file_registry (
    id          INTEGER PRIMARY KEY,
    source_id   TEXT,                             -- the id in the source; NULL: the same as id
    patient_id  INTEGER REFERENCES patient (id),  -- NULL: an orphan, reported and never exported
    file_type   TEXT NOT NULL,
    file_path   TEXT NOT NULL,
    root_id     INTEGER NOT NULL REFERENCES data_root (id),
    file_size   INTEGER,
    file_hash   TEXT NOT NULL DEFAULT '',
    hash_kind   TEXT NOT NULL DEFAULT 'none',     -- sha256, not_comparable, none; folder: of the file, or of all files of a folder
    modality_id INTEGER NOT NULL REFERENCES modality (id),
    kind        TEXT NOT NULL,                    -- raw, processed, other
    subtype     TEXT NOT NULL DEFAULT '',
    metadata    TEXT NOT NULL DEFAULT '{}',       -- JSON object
    created_at  TEXT
) STRICT;
CREATE INDEX file_registry_patient ON file_registry (patient_id, modality_id, kind, file_size);

CREATE TABLE user (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    role      TEXT NOT NULL DEFAULT '',
    is_active INTEGER NOT NULL DEFAULT 1
) STRICT;

-- A right of a user. Nothing here: nothing allowed. Both scopes NULL: the whole registry.
CREATE TABLE access (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES user (id),
    project_id INTEGER REFERENCES project (id),   -- NULL: every project
    folder_id  INTEGER REFERENCES folder (id),    -- NULL: all patients of the project, also those in no folder
    recursive  INTEGER NOT NULL DEFAULT 1,        -- the folder's subfolders too
    visibility TEXT,                              -- NULL: any; else one of the patient's visibility words
    may_read   INTEGER NOT NULL DEFAULT 1,
    may_export INTEGER NOT NULL DEFAULT 0,
    may_export_studies INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX access_user ON access (user_id);

CREATE TABLE study (                              -- medical_examinations_fact
    exam_id                       TEXT PRIMARY KEY NOT NULL,
    medical_record_no             TEXT NOT NULL DEFAULT '',
    application_order_no          TEXT NOT NULL DEFAULT '',
    patient_name                  TEXT NOT NULL DEFAULT '',   -- identifying
    patient_gender                TEXT NOT NULL DEFAULT '',
    patient_birth_date            TEXT NOT NULL DEFAULT '',   -- YYYYMMDD or ISO, as it stands
    patient_age                   INTEGER,
    exam_status                   TEXT NOT NULL DEFAULT '',
    exam_source                   TEXT NOT NULL DEFAULT '',
    exam_item                     TEXT NOT NULL DEFAULT '',
    exam_description              TEXT NOT NULL DEFAULT '',
    exam_room                     TEXT NOT NULL DEFAULT '',
    exam_equipment                TEXT NOT NULL DEFAULT '',
    equipment_type                TEXT NOT NULL DEFAULT '',
    order_datetime                TEXT,                       -- RFC 3339, UTC
    check_in_datetime             TEXT,
    report_certification_datetime TEXT,
    certified_physician           TEXT NOT NULL DEFAULT '',
    data_load_time                TEXT
) STRICT;
CREATE INDEX study_order ON study (order_datetime DESC, exam_id);
