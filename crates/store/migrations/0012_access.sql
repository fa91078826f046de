-- Access history: numbered entries, the index of tags, legal holds, and letters about readings.

-- Every entry is the next one of its lane: a person's own, or one of a few thousand for entries about nobody. A number that is
-- missing was deleted.
CREATE TABLE lane (
    id BYTES NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL,
    code BYTES NOT NULL
);
ALTER TABLE leaf ADD COLUMN lane BYTES;
ALTER TABLE leaf ADD COLUMN number INTEGER;
ALTER TABLE leaf ADD COLUMN tag BYTES;
CREATE UNIQUE INDEX leaf_lane ON leaf (lane, number);

ALTER TABLE log_head ADD COLUMN tags BYTES;

-- Two officers' statement that delays what a person is shown.
CREATE TABLE hold (
    id BYTES NOT NULL PRIMARY KEY,
    resident BYTES NOT NULL,
    sealed_statement BYTES NOT NULL,
    until INTEGER NOT NULL,
    laid_at INTEGER NOT NULL
);
CREATE INDEX hold_of_resident ON hold (resident);

-- Readings by staff that their person is still to hear of.
CREATE TABLE reading (
    event BYTES NOT NULL PRIMARY KEY,
    resident BYTES NOT NULL,
    due_at INTEGER NOT NULL
);
CREATE INDEX reading_due ON reading (due_at);
CREATE INDEX reading_of_resident ON reading (resident);
CREATE TABLE reading_cursor (
    id INTEGER PRIMARY KEY,
    position INTEGER NOT NULL
);
