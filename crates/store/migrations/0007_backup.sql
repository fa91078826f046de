-- The restore that filled this store, if one did. A store whose restore is not done serves nobody.

CREATE TABLE restore (
    id INTEGER PRIMARY KEY,
    backup BYTES NOT NULL,
    begun_at INTEGER NOT NULL,
    done_at INTEGER
);
