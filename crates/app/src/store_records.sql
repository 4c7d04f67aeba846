-- Whose record number is whose, from a table of the user's, where the registry does not say. One table a registry.
CREATE TABLE record_number (
    registry   TEXT NOT NULL REFERENCES registry (id),
    record_no  TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    PRIMARY KEY (registry, record_no)
) WITHOUT ROWID;
