-- Who works here. Every change of an officer or of their keys leaves an entry in the ledger that says what the rows say: a row that
-- was edited, or put back from an older copy, is refused. Names are sealed; `person` is a keyed code of the staff number, so that
-- one person is one officer.

CREATE TABLE officer (
    id BYTES NOT NULL PRIMARY KEY,
    person BYTES NOT NULL,
    sealed_name BYTES NOT NULL,
    role TEXT NOT NULL,
    unit TEXT NOT NULL,
    state TEXT NOT NULL,
    rights_until INTEGER NOT NULL,
    proposed_by BYTES,
    approved_by BYTES,
    invite_first BYTES,
    invite BYTES UNIQUE,
    invite_until INTEGER,
    user_handle BYTES NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    used_at INTEGER,
    ended_at INTEGER,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX officer_of_person ON officer (person) WHERE ended_at IS NULL;
CREATE INDEX officer_by_end ON officer (ended_at);

CREATE TABLE officer_credential (
    id BYTES NOT NULL PRIMARY KEY,
    officer BYTES NOT NULL REFERENCES officer (id),
    external_id BYTES NOT NULL UNIQUE,
    public_key BYTES NOT NULL UNIQUE,
    algorithm INTEGER NOT NULL,
    sign_count INTEGER NOT NULL,
    aaguid BYTES NOT NULL,
    attestation_chain BYTES NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER,
    removed_at INTEGER,
    counter_alarm_at INTEGER,
    version INTEGER NOT NULL
);
CREATE INDEX officer_credential_of_officer ON officer_credential (officer);

CREATE TABLE officer_session (
    id BYTES NOT NULL PRIMARY KEY,
    officer BYTES NOT NULL REFERENCES officer (id),
    credential BYTES NOT NULL REFERENCES officer_credential (id),
    secret_digest BYTES NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    ended_at INTEGER,
    end_reason TEXT,
    device TEXT NOT NULL,
    place TEXT NOT NULL
);
CREATE INDEX officer_session_of_officer ON officer_session (officer);

-- What officers approved with a fresh signature of their key: the text, the signature and the key, sealed together.
CREATE TABLE officer_act (
    id BYTES NOT NULL PRIMARY KEY,
    officer BYTES NOT NULL,
    credential BYTES NOT NULL,
    action TEXT NOT NULL,
    digest BYTES NOT NULL,
    sealed_proof BYTES NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX officer_act_of_officer ON officer_act (officer, at);
CREATE INDEX officer_act_by_time ON officer_act (at);

-- Somebody asks for an officer, or for other rights of one; `act` is their signature over exactly this row.
CREATE TABLE officer_proposal (
    id BYTES NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    officer BYTES NOT NULL REFERENCES officer (id),
    role TEXT NOT NULL,
    unit TEXT NOT NULL,
    rights_until INTEGER NOT NULL,
    proposed_by BYTES,
    act BYTES,
    state TEXT NOT NULL,
    decided_by BYTES,
    decided_act BYTES,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    decided_at INTEGER
);
CREATE INDEX officer_proposal_by_state ON officer_proposal (state, created_at);
CREATE INDEX officer_proposal_of_officer ON officer_proposal (officer, state);
