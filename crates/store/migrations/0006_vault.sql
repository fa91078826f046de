-- The vault's own books: how much was opened, what is locked, what is being erased, what was swept.
-- Nothing here is about a person but the id of a resident whose erasure is under way or done.

-- Each server writes rows of its own, once a second: no two servers ever write the same row.
CREATE TABLE exposure (
    process BYTES NOT NULL,
    minute INTEGER NOT NULL,
    budget TEXT NOT NULL,
    opened INTEGER NOT NULL,
    PRIMARY KEY (process, minute, budget)
);
CREATE INDEX exposure_minute ON exposure (minute);

CREATE TABLE domain_lock (
    budget TEXT PRIMARY KEY,
    opened INTEGER NOT NULL,
    locked_at INTEGER NOT NULL,
    event BYTES NOT NULL
);

CREATE TABLE erasure (
    resident BYTES PRIMARY KEY,
    version INTEGER NOT NULL,
    step TEXT NOT NULL,
    event BYTES NOT NULL,
    begun_at INTEGER NOT NULL,
    done_at INTEGER
);
CREATE INDEX erasure_open ON erasure (begun_at) WHERE done_at IS NULL;

-- A pseudonym that ended: its digest, so that it is never given again, without the person behind it.
CREATE TABLE oidc_tombstone (
    sub BYTES PRIMARY KEY,
    service TEXT NOT NULL,
    ended_at INTEGER NOT NULL
);

CREATE TABLE retention_tally (
    name TEXT PRIMARY KEY,
    removed INTEGER NOT NULL,
    mark BYTES
);

CREATE INDEX credential_removed ON credential (removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX custody_unowned ON custody (closed_at) WHERE resident IS NULL;
CREATE INDEX outbox_of_resident ON outbox (resident) WHERE resident IS NOT NULL;
CREATE INDEX oidc_grant_of_resident ON oidc_grant (resident);
