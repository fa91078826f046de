-- Signing. A signing key's record is sealed by the activation process and opens nowhere else; the key it is sealed under is wrapped
-- by the root of all keys alone. What a request says and its documents are sealed, and go when the service has them. The evidence
-- of a signature is sealed under the resident's own key.

CREATE TABLE activation_key (
    id BYTES NOT NULL PRIMARY KEY,
    sealed_key BYTES NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE signing_key (
    id BYTES NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    resident BYTES NOT NULL REFERENCES resident (id),
    credential BYTES NOT NULL,
    algorithm TEXT NOT NULL,
    serial BYTES NOT NULL,
    sealed_record BYTES NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX signing_key_of_resident ON signing_key (resident, created_at);

CREATE TABLE signing_question (
    challenge BYTES NOT NULL PRIMARY KEY,
    resident BYTES NOT NULL,
    wording TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX signing_question_by_age ON signing_question (expires_at);
CREATE INDEX signing_question_of_resident ON signing_question (resident);

CREATE TABLE signing_request (
    id BYTES NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    service TEXT NOT NULL,
    resident BYTES,
    form TEXT NOT NULL,
    state TEXT NOT NULL,
    handle BYTES NOT NULL UNIQUE,
    token BYTES NOT NULL,
    announced INTEGER NOT NULL,
    received INTEGER NOT NULL,
    sealed_body BYTES NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX signing_request_by_end ON signing_request (expires_at);
CREATE INDEX signing_request_of_resident ON signing_request (resident, created_at);

CREATE TABLE signing_part (
    id BYTES NOT NULL PRIMARY KEY,
    request BYTES NOT NULL,
    kind TEXT NOT NULL,
    number INTEGER NOT NULL,
    sealed_piece BYTES NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX signing_part_in_order ON signing_part (request, kind, number);
CREATE INDEX signing_part_by_age ON signing_part (created_at);

CREATE TABLE signature (
    id BYTES NOT NULL PRIMARY KEY,
    resident BYTES NOT NULL REFERENCES resident (id),
    request BYTES NOT NULL,
    service TEXT NOT NULL,
    signing_key BYTES NOT NULL,
    event BYTES NOT NULL,
    sealed_evidence BYTES NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX signature_of_resident ON signature (resident, created_at);
