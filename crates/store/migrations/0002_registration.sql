-- Registrations under way, and custodies of pictures. No picture, no measurement of one, no digest of one has a column
-- here; what is known of the person before the account exists is sealed, and goes with the registration.

CREATE TABLE registration (
    id BYTES NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    secret_digest BYTES NOT NULL UNIQUE,
    step TEXT NOT NULL,
    language TEXT NOT NULL,
    notice_version TEXT NOT NULL,
    notice_hash BYTES NOT NULL,
    attempts INTEGER NOT NULL,
    challenge BYTES,
    challenge_actions TEXT,
    challenge_until INTEGER,
    custody BYTES,
    verdict TEXT,
    reasons TEXT,
    sealed_facts BYTES,
    sealed_codes BYTES,
    sealed_email BYTES,
    email_code_digest BYTES,
    email_code_until INTEGER,
    email_code_tries INTEGER NOT NULL,
    email_codes INTEGER NOT NULL,
    resident BYTES,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX registration_by_age ON registration (expires_at);

CREATE TABLE custody (
    id BYTES NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    registration BYTES,
    resident BYTES,
    state TEXT NOT NULL,
    stage TEXT,
    node TEXT NOT NULL,
    boot BYTES NOT NULL,
    worker TEXT NOT NULL,
    provider TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    first_byte_at INTEGER,
    deadline_at INTEGER NOT NULL,
    closed_at INTEGER,
    reason TEXT,
    pictures INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    zeroise_us INTEGER,
    opened_leaf BYTES NOT NULL,
    closed_leaf BYTES,
    receipt TEXT
);
CREATE INDEX custody_open ON custody (deadline_at) WHERE closed_at IS NULL;
CREATE INDEX custody_of_registration ON custody (registration);
CREATE INDEX custody_of_resident ON custody (resident);
