-- What every journey stands on: keys, residents' rows, the ledger's leaves, messages to be sent.

CREATE TABLE key_ring (
    name TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    sealed_key BYTES NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (name, epoch)
);

CREATE TABLE realm (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE resident (
    id BYTES PRIMARY KEY,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    blind_index BYTES UNIQUE,
    user_handle BYTES UNIQUE,
    sealed_key BYTES,
    sealed_profile BYTES,
    sealed_contact BYTES,
    notice_hash BYTES NOT NULL,
    notice_language TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    closed_at INTEGER
);

CREATE TABLE leaf (
    event BYTES PRIMARY KEY,
    kind TEXT NOT NULL,
    coarse_time INTEGER NOT NULL,
    commitment BYTES NOT NULL,
    resident BYTES,
    sealed_body BYTES,
    created_at INTEGER NOT NULL,
    position INTEGER UNIQUE
);
CREATE INDEX leaf_unsequenced ON leaf (created_at, event) WHERE position IS NULL;
CREATE INDEX leaf_resident ON leaf (resident, created_at);

CREATE TABLE log_head (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    size INTEGER NOT NULL,
    root BYTES NOT NULL,
    frontier BYTES NOT NULL,
    checkpoint TEXT NOT NULL,
    signed_at INTEGER NOT NULL
);

CREATE TABLE outbox (
    id BYTES PRIMARY KEY,
    kind TEXT NOT NULL,
    resident BYTES,
    sealed_message BYTES NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at);
