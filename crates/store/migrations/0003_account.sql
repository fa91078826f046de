-- Passkeys, sessions and what was done with them.
-- What could tell of a person stands in sealed_* columns only, sealed under the resident's own key.

CREATE TABLE credential (
    id BYTES NOT NULL PRIMARY KEY,
    resident BYTES NOT NULL REFERENCES resident (id),
    external_id BYTES NOT NULL UNIQUE,
    public_key BYTES NOT NULL,
    algorithm INTEGER NOT NULL,
    sign_count INTEGER NOT NULL,
    backup_eligible INTEGER NOT NULL,
    backed_up INTEGER NOT NULL,
    aaguid BYTES NOT NULL,
    transports TEXT NOT NULL,
    attestation TEXT NOT NULL,
    attestation_chain BYTES,
    sealed_name BYTES NOT NULL,
    name_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER,
    removed_at INTEGER,
    counter_alarm_at INTEGER,
    version INTEGER NOT NULL
);
CREATE INDEX credential_of_resident ON credential (resident);

CREATE TABLE session (
    id BYTES NOT NULL PRIMARY KEY,
    resident BYTES NOT NULL REFERENCES resident (id),
    credential BYTES NOT NULL REFERENCES credential (id),
    secret_digest BYTES NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    proved_at INTEGER NOT NULL,
    ended_at INTEGER,
    end_reason TEXT,
    device TEXT NOT NULL,
    sealed_place BYTES NOT NULL
);
CREATE INDEX session_of_resident ON session (resident);

CREATE TABLE sign_in (
    id BYTES NOT NULL PRIMARY KEY,
    resident BYTES NOT NULL REFERENCES resident (id),
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    credential BYTES,
    device TEXT NOT NULL,
    sealed_place BYTES NOT NULL
);
CREATE INDEX sign_in_of_resident ON sign_in (resident, id);

CREATE TABLE recovery_code (
    digest BYTES NOT NULL PRIMARY KEY,
    resident BYTES NOT NULL REFERENCES resident (id),
    created_at INTEGER NOT NULL,
    used_at INTEGER
);
CREATE INDEX recovery_code_of_resident ON recovery_code (resident);

CREATE TABLE ceremony (
    challenge BYTES NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    binding BYTES NOT NULL,
    resident BYTES,
    user_handle BYTES,
    expires_at INTEGER NOT NULL
);
CREATE INDEX ceremony_by_age ON ceremony (expires_at);

CREATE TABLE failed_try (
    bucket BYTES NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL,
    tries INTEGER NOT NULL
);
