-- Tickets of officers. What two officers signed is derived again from the row at every use, and the row carries a code over all of
-- it: an edited row opens nothing. `case_number` is the office's own; no name and no card number fits into it.

CREATE TABLE ticket (
    id BYTES NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    officer BYTES NOT NULL,
    officer_role TEXT NOT NULL,
    officer_unit TEXT NOT NULL,
    approver BYTES,
    approver_role TEXT,
    approver_unit TEXT,
    purpose TEXT NOT NULL,
    case_number TEXT NOT NULL,
    resident BYTES,
    job TEXT,
    fields TEXT NOT NULL,
    minutes INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    approved_at INTEGER,
    ended_at INTEGER,
    openings INTEGER NOT NULL,
    ask_proof BYTES,
    approval_proof BYTES,
    break_glass BYTES,
    sealed_note BYTES,
    code BYTES NOT NULL
);
CREATE INDEX ticket_of_officer ON ticket (officer, asked_at);
CREATE INDEX ticket_by_state ON ticket (state, asked_at);
CREATE INDEX ticket_of_resident ON ticket (resident);
CREATE INDEX ticket_by_end ON ticket (ended_at);

-- What staff did, for counting and for the board; the ledger is the record.
CREATE TABLE staff_act (
    id BYTES NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    officer BYTES NOT NULL,
    unit TEXT NOT NULL,
    peer BYTES,
    what TEXT NOT NULL,
    outcome TEXT NOT NULL,
    rule TEXT,
    ticket BYTES,
    case_number TEXT,
    person_code BYTES
);
CREATE INDEX staff_act_by_time ON staff_act (at);
CREATE INDEX staff_act_of_officer ON staff_act (officer, at);

-- Something monitoring noticed. It has an owner outside the unit of whom it is about, and a day until which they look into it.
CREATE TABLE finding (
    id BYTES NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    rule TEXT NOT NULL,
    officer BYTES NOT NULL,
    unit TEXT NOT NULL,
    ticket BYTES,
    owner BYTES,
    times INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    told_at INTEGER,
    due_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by BYTES,
    sealed_note BYTES
);
CREATE INDEX finding_by_state ON finding (closed_at, due_at);
CREATE INDEX finding_of_officer ON finding (officer, rule, closed_at);

-- What monitoring compares an officer by: keyed codes of their card number and family name, and where alerts reach them.
CREATE TABLE officer_mark (
    officer BYTES NOT NULL PRIMARY KEY,
    card_code BYTES NOT NULL,
    family_code BYTES NOT NULL,
    sealed_mail BYTES,
    made_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX officer_mark_by_card ON officer_mark (card_code);

-- A resident's family name as a keyed code of their own: equal names of two residents have different codes.
CREATE TABLE family_mark (
    resident BYTES NOT NULL PRIMARY KEY,
    code BYTES NOT NULL
);

-- Keyed codes of planted accounts: which those are cannot be read from the store.
CREATE TABLE decoy (
    code BYTES NOT NULL PRIMARY KEY,
    planted_at INTEGER NOT NULL
);

CREATE TABLE break_glass (
    id BYTES NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    first BYTES NOT NULL,
    first_unit TEXT NOT NULL,
    second BYTES,
    second_unit TEXT,
    reason TEXT NOT NULL,
    incident TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    opened_at INTEGER,
    review_due_at INTEGER,
    reviewed_at INTEGER,
    reviewed_by BYTES,
    suspended_at INTEGER,
    first_proof BYTES,
    second_proof BYTES,
    sealed_review BYTES,
    code BYTES NOT NULL
);
CREATE INDEX break_glass_by_state ON break_glass (state, asked_at);
