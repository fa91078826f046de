-- Keys in turn. A new epoch is held until every server knows it; it is used, everything older is moved to it, and when a
-- count finds nothing under the old one, that is destroyed. `key_turn` counts the changes of the ring.

ALTER TABLE key_ring ADD COLUMN held INTEGER NOT NULL DEFAULT 0;

CREATE TABLE key_turn (
    id INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL
);
INSERT INTO key_turn (id, generation) VALUES (1, 1);

CREATE TABLE server (
    boot BYTES NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    generation INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
);

CREATE TABLE rotation (
    id BYTES NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    what TEXT NOT NULL,
    state TEXT NOT NULL,
    epoch INTEGER,
    generation INTEGER NOT NULL,
    column_at INTEGER NOT NULL,
    row_at BYTES NOT NULL,
    expected INTEGER NOT NULL,
    records INTEGER NOT NULL,
    unopened INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    moved_at INTEGER NOT NULL,
    finished_at INTEGER,
    trouble TEXT,
    driver BYTES,
    driven_until INTEGER NOT NULL,
    event BYTES,
    receipt TEXT
);
CREATE INDEX rotation_waiting ON rotation (asked_at, id) WHERE finished_at IS NULL;
