-- Exports of studies as tables, in the same history.
ALTER TABLE dataset_export ADD COLUMN studies TEXT;   -- JSON: what the table is made of; NULL: an archive of files
