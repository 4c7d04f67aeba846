-- Version 2: a record can be removed from the list and brought back; it stays, and its archive too.
ALTER TABLE dataset_export ADD COLUMN removed_at TEXT;
