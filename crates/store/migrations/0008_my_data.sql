-- The resident's side: the notices in full, so that people can read again what they agreed to; facts a resident says are
-- wrong; and a new e-mail address until it is confirmed. What tells of a person is sealed under their own key.

CREATE TABLE notice (
    digest BYTES NOT NULL PRIMARY KEY,
    version TEXT NOT NULL,
    language TEXT NOT NULL,
    wording TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE correction (
    id BYTES NOT NULL PRIMARY KEY,
    resident BYTES NOT NULL REFERENCES resident (id),
    version INTEGER NOT NULL,
    field TEXT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    sealed_text BYTES NOT NULL,
    received_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    decided_at INTEGER,
    ended_at INTEGER
);
CREATE INDEX correction_of_resident ON correction (resident, received_at);
CREATE INDEX correction_waiting ON correction (due_at) WHERE ended_at IS NULL;

CREATE TABLE contact_change (
    resident BYTES NOT NULL PRIMARY KEY REFERENCES resident (id),
    version INTEGER NOT NULL,
    sealed_email BYTES NOT NULL,
    code_digest BYTES NOT NULL,
    code_until INTEGER NOT NULL,
    code_tries INTEGER NOT NULL,
    codes INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX contact_change_by_age ON contact_change (expires_at);
