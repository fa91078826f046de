-- Levels, errands at counters, guardians. What makes a row worth something is in the ledger under a keyed id, or in `proof`, an
-- imprint of the row: writing here raises nobody and opens nothing.

CREATE TABLE level (
    resident BYTES NOT NULL PRIMARY KEY REFERENCES resident (id),
    version INTEGER NOT NULL,
    level TEXT NOT NULL,
    since INTEGER NOT NULL
);

CREATE TABLE counter_case (
    id BYTES NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    ground TEXT,
    officer BYTES,
    unit TEXT,
    resident BYTES,
    registration BYTES,
    code_digest BYTES UNIQUE,
    code_tries INTEGER NOT NULL,
    approval BYTES,
    proof BYTES NOT NULL,
    opened_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER
);
CREATE INDEX counter_case_by_age ON counter_case (expires_at);
CREATE INDEX counter_case_of_resident ON counter_case (resident);
CREATE INDEX counter_case_of_registration ON counter_case (registration);

CREATE TABLE guardianship (
    resident BYTES NOT NULL PRIMARY KEY REFERENCES resident (id),
    guardian BYTES NOT NULL REFERENCES resident (id),
    approval BYTES NOT NULL,
    ends BYTES NOT NULL,
    proof BYTES NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
);
CREATE INDEX guardianship_of_guardian ON guardianship (guardian);

ALTER TABLE registration ADD COLUMN aim TEXT NOT NULL DEFAULT 'account';
ALTER TABLE registration ADD COLUMN subject BYTES;
ALTER TABLE registration ADD COLUMN attended BYTES;

ALTER TABLE recovery ADD COLUMN ground TEXT NOT NULL DEFAULT 'codes';
