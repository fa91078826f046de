//! Retention as code: every table of the store, why it may hold what it holds, and when it goes. Rendered for people in
//! `docs/formats/retention.md`; a test compares it with the schema, so a table nobody thought about does not exist.

use std::fmt::Write as _;
use std::time::Duration;

/// Why something may be kept at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The account: what the person asked for when they registered (PDPO DPP1, DPP3).
    Account,
    /// The ledger and what proves it: evidence of what was done with data (PDPO DPP4, DPP6; S17 logging).
    Evidence,
    /// One transaction under way, for as long as it takes (PDPO DPP2(2)).
    Transaction,
    /// The running of the platform: nothing about a person.
    Working,
}

impl Basis {
    /// For people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Account => "the account the person asked for (PDPO DPP1, DPP3)",
            Self::Evidence => "evidence of what was done (PDPO DPP4, DPP6)",
            Self::Transaction => "one transaction under way (PDPO DPP2(2))",
            Self::Working => "the running of the platform; nothing about a person",
        }
    }
}

/// When rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Swept so long after the moment named.
    After(Duration, &'static str),
    /// With the account, when its erasure clears it.
    WithAccount,
    /// Never by itself, for the reason given.
    Stays(&'static str),
}

/// What holds for one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The table.
    pub table: &'static str,
    /// What its rows are.
    pub holds: &'static str,
    /// Why they may be kept.
    pub basis: Basis,
    /// Until when.
    pub limit: Limit,
}

const fn days(n: u64) -> Duration {
    Duration::from_secs(n * 24 * 60 * 60)
}

const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

/// Lines of the history of signing in, and approvals that ended or were replaced.
pub const HISTORY: Duration = days(365);
/// Custodies that came to no account.
pub const CUSTODY: Duration = days(90);
/// Letters that could be neither sent nor given up.
pub const OUTBOX: Duration = days(7);
/// What is left of a closed account: a random id and two times.
pub const TOMBSTONE: Duration = days(365);
/// Decided requests for correction (PDPO section 27: four years for the log book).
pub const CORRECTION: Duration = days(4 * 365 + 1);
/// Errands at a counter that are over.
pub const COUNTER_CASE: Duration = days(1);
/// Serial numbers and standings of certificates that are over (recognised authorities keep their records for seven years).
pub const CERTIFICATE: Duration = days(7 * 365 + 2);
/// Used and expired authorization codes, so that one that comes back late is known.
pub const GRANT: Duration = days(1);
/// Tickets, findings and breakings of the glass after their end.
pub const STAFF: Duration = days(2 * 365);
/// What staff did, as monitoring counts it; the ledger keeps it.
pub const STAFF_ACTS: Duration = days(90);
/// Counts of failed answers.
pub const FAILURES: Duration = minutes(10);
/// Documents that were signed and not fetched.
pub const SIGNED: Duration = days(2);
/// Counts of openings.
pub const EXPOSURE: Duration = minutes(10);

const fn rule(table: &'static str, holds: &'static str, basis: Basis, limit: Limit) -> Rule {
    Rule { table, holds, basis, limit }
}

/// Every table of the store, in alphabetical order.
pub const TABLE: [Rule; 63] = [
    rule(
        "activation_key",
        "the key under which signing keys are sealed, wrapped by the root",
        Basis::Working,
        Limit::Stays("as long as there are signing keys"),
    ),
    rule(
        "authority",
        "the platform's own certificates, public",
        Basis::Evidence,
        Limit::Stays("signatures are checked against them for decades; they name no person"),
    ),
    rule(
        "break_glass",
        "when two officers broke the glass, and the review",
        Basis::Evidence,
        Limit::After(STAFF, "it was asked for, once it is reviewed"),
    ),
    rule(
        "ceremony",
        "challenges for passkeys",
        Basis::Transaction,
        Limit::After(Duration::ZERO, "the challenge's five minutes"),
    ),
    rule(
        "certificate",
        "what was certified and how it stands; the certificate itself is sealed",
        Basis::Evidence,
        Limit::After(CERTIFICATE, "its end; the account's closing takes away whose it was"),
    ),
    rule(
        "consent",
        "what was approved for which service",
        Basis::Account,
        Limit::After(HISTORY, "it was taken back, or replaced by a newer one"),
    ),
    rule(
        "contact_change",
        "a new address until it is confirmed",
        Basis::Transaction,
        Limit::After(Duration::ZERO, "its end"),
    ),
    rule("correction", "facts a person says are wrong", Basis::Evidence, Limit::After(CORRECTION, "it was decided")),
    rule(
        "counter_case",
        "errands at a counter, and codes one screen hands to another",
        Basis::Transaction,
        Limit::After(COUNTER_CASE, "its end; what was signed for stands in the ledger"),
    ),
    rule("credential", "passkeys", Basis::Account, Limit::After(HISTORY, "the passkey was removed")),
    rule(
        "custody",
        "custodies of pictures, without the pictures",
        Basis::Evidence,
        Limit::After(CUSTODY, "it was closed, when it belongs to no account"),
    ),
    rule("decoy", "keyed codes of planted accounts", Basis::Working, Limit::Stays("nobody is behind one")),
    rule("domain_lock", "locked budgets", Basis::Working, Limit::Stays("until two officers unlock it")),
    rule(
        "erasure",
        "how far the clearing of a closed account is",
        Basis::Evidence,
        Limit::After(TOMBSTONE, "it was done"),
    ),
    rule("exposure", "how much was opened in a minute", Basis::Working, Limit::After(EXPOSURE, "the minute")),
    rule(
        "failed_try",
        "counts of failed answers of a network, keyed",
        Basis::Transaction,
        Limit::After(FAILURES, "the first of them"),
    ),
    rule("family_mark", "a keyed code of the family name, for monitoring", Basis::Evidence, Limit::WithAccount),
    rule("finding", "what monitoring noticed about an officer", Basis::Evidence, Limit::After(STAFF, "it was closed")),
    rule("guardianship", "which grown-up let which young person have an account", Basis::Account, Limit::WithAccount),
    rule(
        "hold",
        "statements of two officers that delay what a person is shown, sealed",
        Basis::Evidence,
        Limit::After(STAFF, "its end; that it was laid stands in the ledger"),
    ),
    rule(
        "key_copy",
        "where copies of the wrapped keys lie",
        Basis::Working,
        Limit::Stays("one row a folder of backups, until the folder is forgotten"),
    ),
    rule("key_ring", "wrapped keys", Basis::Working, Limit::Stays("a key goes when its rotation destroys it")),
    rule("key_turn", "one number", Basis::Working, Limit::Stays("one row")),
    rule(
        "lane",
        "how many entries were written about whom",
        Basis::Evidence,
        Limit::Stays("as the entries themselves"),
    ),
    rule(
        "leaf",
        "the ledger: ids, words and counts",
        Basis::Evidence,
        Limit::Stays(
            "the public log is never shortened; what names a person there is a random id, and bodies hold no personal data",
        ),
    ),
    rule("level", "what an account is good for", Basis::Account, Limit::WithAccount),
    rule("log_head", "the newest signature of the log", Basis::Evidence, Limit::Stays("one row")),
    rule(
        "notice",
        "notices in full, as they were shown",
        Basis::Evidence,
        Limit::Stays("people can read again what they agreed to; a notice is ours, not theirs"),
    ),
    rule(
        "officer",
        "who works here; the name is sealed",
        Basis::Evidence,
        Limit::Stays("the ledger names officers by random ids, and who was who must stay answerable"),
    ),
    rule("officer_act", "what officers signed, sealed", Basis::Evidence, Limit::After(STAFF, "it was signed")),
    rule(
        "officer_credential",
        "public keys of officers",
        Basis::Evidence,
        Limit::Stays("signatures of officers stay verifiable"),
    ),
    rule(
        "officer_mark",
        "keyed codes of an officer's card number and family name; their address, sealed",
        Basis::Working,
        Limit::Stays("as long as the officer's own row"),
    ),
    rule(
        "officer_proposal",
        "officers and rights that were asked for",
        Basis::Evidence,
        Limit::After(STAFF, "it was asked for, unless it still waits"),
    ),
    rule("officer_session", "sessions of officers", Basis::Transaction, Limit::After(days(1), "it began")),
    rule(
        "oidc_assertion",
        "digests of used client assertions",
        Basis::Transaction,
        Limit::After(Duration::ZERO, "the assertion's end"),
    ),
    rule("oidc_grant", "digests of codes and tokens", Basis::Transaction, Limit::After(GRANT, "the code's end")),
    rule("oidc_pseudonym", "a person's name at each service", Basis::Account, Limit::WithAccount),
    rule(
        "oidc_request",
        "requests of services waiting for their person",
        Basis::Transaction,
        Limit::After(Duration::ZERO, "the request's nine minutes"),
    ),
    rule(
        "oidc_tombstone",
        "digests of names that ended",
        Basis::Evidence,
        Limit::Stays("so that a name is never given again; nobody is behind it any more"),
    ),
    rule(
        "outbox",
        "letters on their way, sealed",
        Basis::Transaction,
        Limit::After(OUTBOX, "it was written; it goes when it is sent"),
    ),
    rule(
        "reading",
        "readings by staff that their person is still to hear of",
        Basis::Evidence,
        Limit::Stays("until the letter is written, or the account ends"),
    ),
    rule("reading_cursor", "one number", Basis::Working, Limit::Stays("one row")),
    rule("realm", "the realm's name", Basis::Working, Limit::Stays("one row")),
    rule(
        "recovery",
        "chances to get back in",
        Basis::Transaction,
        Limit::After(Duration::ZERO, "its end, the cooling-off included"),
    ),
    rule("recovery_code", "keyed digests of ten codes", Basis::Account, Limit::WithAccount),
    rule(
        "registration",
        "a registration under way, sealed",
        Basis::Transaction,
        Limit::After(Duration::ZERO, "its hour"),
    ),
    rule(
        "resident",
        "the account; closed, a random id and two times",
        Basis::Account,
        Limit::After(TOMBSTONE, "its erasure was done"),
    ),
    rule("restore", "restores of backups", Basis::Evidence, Limit::Stays("one row a restore")),
    rule("retention_tally", "what was swept and is not yet told", Basis::Working, Limit::Stays("one row a table")),
    rule(
        "revocation_list",
        "the newest revocation lists, public",
        Basis::Evidence,
        Limit::Stays("one row an authority"),
    ),
    rule("rotation", "rotations of keys", Basis::Evidence, Limit::Stays("one row a rotation")),
    rule("schema_lock", "one number", Basis::Working, Limit::Stays("one row")),
    rule("schema_version", "the schema's history", Basis::Working, Limit::Stays("one row a version")),
    rule(
        "server",
        "servers and the keys they know",
        Basis::Working,
        Limit::Stays("a server that is gone leaves with the next rotation"),
    ),
    rule("session", "sessions; where from is sealed", Basis::Transaction, Limit::After(days(1), "it began")),
    rule(
        "sign_in",
        "history of signing in; where from is sealed",
        Basis::Account,
        Limit::After(HISTORY, "it happened"),
    ),
    rule("signature", "what a person signed, with its evidence", Basis::Account, Limit::WithAccount),
    rule("signing_key", "a person's sealed signing key", Basis::Account, Limit::WithAccount),
    rule(
        "signing_part",
        "pieces of documents to be signed, until the service has the signed one",
        Basis::Transaction,
        Limit::After(SIGNED, "they came, at the latest"),
    ),
    rule(
        "signing_question",
        "what a passkey was asked for a signing key",
        Basis::Transaction,
        Limit::After(Duration::ZERO, "its five minutes"),
    ),
    rule("signing_request", "requests for signatures", Basis::Transaction, Limit::After(SIGNED, "their end")),
    rule("staff_act", "what staff did, counted", Basis::Evidence, Limit::After(STAFF_ACTS, "it happened")),
    rule("ticket", "tickets with both signatures", Basis::Evidence, Limit::After(STAFF, "it ended")),
];

/// The rule of a table.
#[must_use]
pub fn of(table: &str) -> Option<&'static Rule> {
    TABLE.iter().find(|rule| rule.table == table)
}

/// The table as people read it, Markdown.
#[must_use]
pub fn rendered() -> String {
    let mut text = String::from(
        "# What is kept, why, and until when\n\n\
         Every table of the store, from `crates/model/src/retention.rs`. The program sweeps by this table: every five minutes, in batches of \
         at most 500 rows, each batch a transaction of its own. A round that removed something leaves an entry `retention.swept` in the ledger, with \
         a signed statement of tables and counts. This page is rendered from the table; a test fails when it is not current.\n\n\
         | table | holds | because of | goes |\n| --- | --- | --- | --- |\n",
    );
    for rule in &TABLE {
        let goes = match rule.limit {
            Limit::After(Duration::ZERO, event) => format!("after {event}"),
            Limit::After(span, event) => format!("{} after {event}", span_text(span)),
            Limit::WithAccount => "when the account is closed".to_owned(),
            Limit::Stays(why) => format!("stays: {why}"),
        };
        let written = writeln!(text, "| `{}` | {} | {} | {goes} |", rule.table, rule.holds, rule.basis.text());
        debug_assert!(written.is_ok(), "a text takes whatever is written");
    }
    text
}

fn span_text(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        _ if seconds.is_multiple_of(86_400) && seconds > 86_400 => format!("{} days", seconds / 86_400),
        86_400 => "one day".to_owned(),
        _ => format!("{} minutes", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_listed_once_and_in_order() {
        assert!(TABLE.is_sorted_by(|one, other| one.table < other.table));
        assert!(TABLE.iter().all(|rule| !rule.holds.is_empty()));
    }

    #[test]
    fn the_page_for_people_is_current() {
        let page = include_str!("../../../docs/formats/retention.md");
        assert!(page == rendered(), "docs/formats/retention.md must read:\n{}", rendered());
    }
}
