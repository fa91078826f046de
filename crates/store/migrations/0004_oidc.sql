-- Logging in to online services: requests waiting for their person, what was approved, codes and tokens.
-- Handles, codes, tokens and assertion ids are kept as SHA-256 digests only.

CREATE TABLE oidc_request (
    handle BYTES PRIMARY KEY,
    service TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    scope TEXT NOT NULL,
    state TEXT,
    nonce TEXT,
    challenge BYTES NOT NULL,
    prompt TEXT NOT NULL,
    max_age INTEGER,
    salt BYTES NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
);
CREATE INDEX oidc_request_expires ON oidc_request (expires_at);

CREATE TABLE oidc_assertion (
    service TEXT NOT NULL,
    jti BYTES NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (service, jti)
);
CREATE INDEX oidc_assertion_expires ON oidc_assertion (expires_at);

CREATE TABLE oidc_pseudonym (
    service TEXT NOT NULL,
    resident BYTES NOT NULL,
    sub TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (service, resident)
);
CREATE INDEX oidc_pseudonym_resident ON oidc_pseudonym (resident);

CREATE TABLE consent (
    id BYTES PRIMARY KEY,
    resident BYTES NOT NULL,
    service TEXT NOT NULL,
    fields TEXT NOT NULL,
    purpose_hash BYTES NOT NULL,
    shown_hash BYTES NOT NULL,
    credential BYTES NOT NULL,
    granted_at INTEGER NOT NULL,
    ended_at INTEGER
);
CREATE INDEX consent_resident ON consent (resident, service, granted_at);

CREATE TABLE oidc_grant (
    code BYTES PRIMARY KEY,
    service TEXT NOT NULL,
    resident BYTES NOT NULL,
    consent BYTES NOT NULL,
    sub TEXT NOT NULL,
    scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    nonce TEXT,
    challenge BYTES NOT NULL,
    authenticated_at INTEGER NOT NULL,
    acr TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    access BYTES UNIQUE,
    access_expires_at INTEGER,
    revoked_at INTEGER
);
CREATE INDEX oidc_grant_expires ON oidc_grant (expires_at);
CREATE INDEX oidc_grant_resident ON oidc_grant (resident);
