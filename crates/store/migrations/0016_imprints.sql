-- What is found by a secret is bound to it: keyed imprints over rows that stand for a code, a token, a request, a ceremony, a
-- registration or a chance to get back in. Whoever writes to the database without the ring's keys makes no such row, and turns
-- none into another's. What lived for minutes under earlier rules is not taken any more.

ALTER TABLE oidc_request ADD COLUMN proof BYTES;
ALTER TABLE oidc_grant ADD COLUMN fields TEXT;
ALTER TABLE oidc_grant ADD COLUMN proof BYTES;
ALTER TABLE oidc_grant ADD COLUMN access_proof BYTES;
ALTER TABLE ceremony ADD COLUMN proof BYTES;
ALTER TABLE registration ADD COLUMN proof BYTES;
ALTER TABLE recovery ADD COLUMN proof BYTES;

-- Where a copy of the wrapped keys lies, beside backups: each is written anew when an account ended, before the erasure is done.
CREATE TABLE key_copy (
    node TEXT NOT NULL,
    place TEXT NOT NULL,
    custodian BYTES NOT NULL,
    wanted INTEGER NOT NULL,
    written INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (node, place)
);
