-- A person's name at a service is bound to its row: a keyed imprint over service, person, name and time. Rows of earlier versions
-- get theirs once, at the next start. Holds are swept by their end.

ALTER TABLE oidc_pseudonym ADD COLUMN proof BYTES;
CREATE INDEX hold_by_end ON hold (until);
