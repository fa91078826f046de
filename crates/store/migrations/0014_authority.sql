-- The certificate authority: its own certificates, each beside the key of the ring it belongs to; what it issued, and how each stands;
-- and its revocation lists. What names a person is in the sealed certificate alone. `turn` counts changes of standing: a list is
-- of today when it was made in the turn that is current.

CREATE TABLE authority (
    serial BYTES NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    certificate BYTES NOT NULL,
    not_after INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX authority_of_purpose ON authority (purpose, created_at);

CREATE TABLE certificate (
    serial BYTES NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    profile TEXT NOT NULL,
    resident BYTES,
    digest BYTES NOT NULL UNIQUE,
    key_digest BYTES NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    sealed_certificate BYTES,
    noticed_at INTEGER,
    created_at INTEGER NOT NULL
);
CREATE INDEX certificate_of_resident ON certificate (resident, created_at);
CREATE INDEX certificate_of_key ON certificate (key_digest);
CREATE INDEX certificate_by_end ON certificate (not_after);
CREATE INDEX certificate_not_good ON certificate (changed_at) WHERE state <> 'good';

CREATE TABLE revocation_list (
    issuer TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    made_in INTEGER NOT NULL,
    list BYTES NOT NULL,
    made_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL
);
