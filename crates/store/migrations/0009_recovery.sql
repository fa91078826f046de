-- Chances to make a new passkey, opened by two recovery codes. `browser` is the digest of the one browser that may use the chance;
-- it goes when the chance is used. A used row stays until the cooling-off is over.

CREATE TABLE recovery (
    id BYTES NOT NULL PRIMARY KEY,
    resident BYTES NOT NULL,
    browser BYTES UNIQUE,
    first_code BYTES NOT NULL,
    second_code BYTES NOT NULL,
    lost INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    done_at INTEGER
);
CREATE INDEX recovery_of_resident ON recovery (resident);
CREATE INDEX recovery_by_age ON recovery (expires_at);
