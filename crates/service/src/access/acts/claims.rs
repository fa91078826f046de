//! What was done on signatures: that they exist, are those of the right officers over the same text, and of two units.

use super::{Act, Entry, Judged, line};
use lionrock_model::policy::staff::Action;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Entries that stand on signatures.
pub(super) const KINDS: &[&str] = &[
    "break-glass.asked",
    "break-glass.opened",
    "certificate.decided",
    "errand.shown",
    "personal.opened",
    "staff.approved",
    "staff.change-proposed",
    "staff.change-refused",
    "staff.changed",
    "staff.confirmed",
    "staff.ended",
    "staff.proposed",
    "staff.rights-withdrawn",
    "ticket.asked",
    "ticket.granted",
];

type Refused = (&'static str, String);

/// A ticket that was granted.
struct Granted<'a> {
    at: i64,
    asked: &'a Act,
    resident: Option<&'a str>,
}

struct Judge<'a> {
    acts: &'a BTreeMap<String, Act>,
    /// Ids of signatures that exist, good or not.
    known: &'a BTreeSet<&'a str>,
    used: BTreeSet<&'a str>,
    asked: BTreeMap<&'a str, &'a Act>,
    granted: BTreeMap<&'a str, Granted<'a>>,
    glass: BTreeMap<&'a str, [&'a Act; 2]>,
    proposed: BTreeMap<&'a str, &'a Act>,
}

pub(super) fn judge<'a>(
    entries: &'a [Entry],
    acts: &'a BTreeMap<String, Act>,
    known: &'a BTreeSet<&'a str>,
    judged: &mut Judged,
) {
    let mut judge = Judge {
        acts,
        known,
        used: BTreeSet::new(),
        asked: BTreeMap::new(),
        granted: BTreeMap::new(),
        glass: BTreeMap::new(),
        proposed: BTreeMap::new(),
    };
    // The log orders what happened in one moment at random: what others stand on comes first.
    let mut entries: Vec<&Entry> = entries.iter().collect();
    entries.sort_by_key(|entry| (entry.at, rank(&entry.kind), entry.index));
    for entry in entries {
        match judge.one(entry) {
            Ok(stands) => judged.approved += u64::from(stands),
            Err((code, text)) => judged.wrong(code, entry.index, text),
        }
    }
}

impl<'a> Judge<'a> {
    /// Whether the entry stands on signatures; one that needs none does not.
    fn one(&mut self, entry: &'a Entry) -> Result<bool, Refused> {
        match entry.kind.as_str() {
            "ticket.asked" => self.ticket_asked(entry),
            "ticket.granted" => self.ticket_granted(entry),
            "personal.opened" => self.opened(entry),
            "break-glass.asked" => self.signed(entry, list(entry, 0), &[Action::BreakGlassOpen]).map(|_| true),
            "break-glass.opened" => self.glass_broken(entry),
            "certificate.decided" => self.certificate(entry),
            "errand.shown" => self.errand(entry),
            _ => self.officer(entry),
        }
    }

    /// The signature of that id: good, for one of these actions, and used once.
    fn signed(&mut self, entry: &'a Entry, id: &'a str, actions: &[Action]) -> Result<&'a Act, Refused> {
        let Some(act) = self.acts.get(id) else {
            let why = if self.known.contains(id) { "does not hold" } else { "is not in the log" };
            return Err(("act-missing", format!("{}: the signature it stands on {why}", entry.kind)));
        };
        if act.action.is_none_or(|action| !actions.contains(&action)) {
            return Err(("act-text", format!("{}: the signature it stands on is for something else", entry.kind)));
        }
        if act.index == entry.index || act.at > entry.at {
            return Err(("act-replayed", format!("{}: the signature came later", entry.kind)));
        }
        Ok(act)
    }

    /// As [`Judge::signed`], for signatures that are good for one thing.
    fn once(&mut self, entry: &'a Entry, id: &'a str, actions: &[Action]) -> Result<&'a Act, Refused> {
        let act = self.signed(entry, id, actions)?;
        if !self.used.insert(id) {
            return Err(("act-replayed", format!("{}: the signature was used before", entry.kind)));
        }
        Ok(act)
    }

    fn ticket_asked(&mut self, entry: &'a Entry) -> Result<bool, Refused> {
        let actions = [Action::TicketOpen, Action::JobPropose, Action::BreakGlassOpen];
        let act = self.once(entry, entry.word("act"), &actions)?;
        let fields: Vec<_> = words(entry.body.get("fields")).collect();
        let purpose = entry.body.get("purpose").and_then(Value::as_str).unwrap_or("none");
        let same = line(&act.text, "ticket") == entry.word("ticket")
            && line(&act.text, "officer") == act.officer
            && line(&act.text, "unit") == act.unit
            && line(&act.text, "purpose") == purpose
            && line(&act.text, "person") == entry.resident.as_deref().unwrap_or_default()
            && sorted(line(&act.text, "fields").split(", ").filter(|word| !word.is_empty())) == sorted(fields);
        if !same || entry.officer("by") != act.officer {
            return Err(("act-text", "ticket.asked: something else was signed".to_owned()));
        }
        self.asked.insert(entry.word("ticket"), act);
        Ok(true)
    }

    fn ticket_granted(&mut self, entry: &'a Entry) -> Result<bool, Refused> {
        let ticket = entry.word("ticket");
        let Some(asked) = self.asked.get(ticket).copied() else {
            return Err(("act-missing", "ticket.granted: nobody signed for the ticket".to_owned()));
        };
        let glass = entry.word("break_glass");
        if glass.is_empty() {
            let act = self.once(entry, entry.word("act"), &[Action::TicketApprove, Action::JobApprove])?;
            if act.digest != asked.digest || entry.officer("second") != act.officer {
                return Err(("act-text", "ticket.granted: the second officer signed another text".to_owned()));
            }
            two_sides(entry, asked, act)?;
        } else {
            let Some(pair) = self.glass.get(glass) else {
                return Err(("act-missing", "ticket.granted: no glass was broken".to_owned()));
            };
            let second = entry.officer("second");
            let both =
                pair.iter().any(|act| act.officer == asked.officer) && pair.iter().any(|act| act.officer == second);
            if !both || second == asked.officer {
                return Err(("act-one-side", "ticket.granted: the glass was broken by others".to_owned()));
            }
        }
        let granted = Granted { at: entry.at, asked, resident: entry.resident.as_deref() };
        self.granted.insert(ticket, granted);
        Ok(true)
    }

    /// An opening on a ticket: granted, of this person, these fields, this officer, and in its minutes.
    fn opened(&mut self, entry: &'a Entry) -> Result<bool, Refused> {
        let ticket = entry.word("ticket");
        let staff = !entry.officer("by").is_empty() || entry.body.pointer("/by/role").is_some();
        if ticket.is_empty() && !staff {
            return Ok(false);
        }
        let wrong = |what: &str| ("opening-unapproved", format!("personal.opened: {what}"));
        let Some(granted) = self.granted.get(ticket) else { return Err(wrong("no such ticket was granted")) };
        let text = &granted.asked.text;
        let minutes: i64 = line(text, "minutes").parse().unwrap_or_default();
        let fields: BTreeSet<_> = line(text, "fields").split(", ").collect();
        if granted.resident != entry.resident.as_deref() || entry.officer("by") != granted.asked.officer {
            return Err(wrong("the ticket is another person's, or another officer's"));
        }
        if entry.word("purpose") != line(text, "purpose")
            || !words(entry.body.get("fields")).all(|word| fields.contains(word))
        {
            return Err(wrong("more was opened than was signed for"));
        }
        if entry.at < granted.at || entry.at >= granted.at.saturating_add(minutes.saturating_mul(60_000)) {
            return Err(wrong("it was not in the ticket's minutes"));
        }
        Ok(true)
    }

    fn glass_broken(&mut self, entry: &'a Entry) -> Result<bool, Refused> {
        let first = self.once(entry, list(entry, 0), &[Action::BreakGlassOpen])?;
        let second = self.once(entry, list(entry, 1), &[Action::BreakGlassApprove])?;
        if first.digest != second.digest || line(&first.text, "break-glass") != entry.word("break_glass") {
            return Err(("act-text", "break-glass.opened: the two signed different texts".to_owned()));
        }
        two_sides(entry, first, second)?;
        self.glass.insert(entry.word("break_glass"), [first, second]);
        Ok(true)
    }

    fn certificate(&mut self, entry: &'a Entry) -> Result<bool, Refused> {
        let first = self.once(entry, list(entry, 0), &[Action::CertificatePropose])?;
        let second = self.once(entry, list(entry, 1), &[Action::CertificateApprove])?;
        two_sides(entry, first, second)?;
        Ok(true)
    }

    fn errand(&mut self, entry: &'a Entry) -> Result<bool, Refused> {
        let id = entry.word("act");
        if id.is_empty() {
            // Shown by the person's own proofing; only what a counter shows is an officer's.
            return if entry.word("ground") == "counter" {
                Err(("act-missing", "errand.shown: no officer signed".to_owned()))
            } else {
                Ok(false)
            };
        }
        let actions = [Action::CounterRegister, Action::CounterUpgrade, Action::CounterRecover, Action::AccountFreeze];
        let act = self.once(entry, id, &actions)?;
        if line(&act.text, "case") != entry.word("case") || entry.word("officer") != act.officer {
            return Err(("act-text", "errand.shown: something else was signed".to_owned()));
        }
        if entry.word("evidence") == "second-officer" {
            // The first one asked for a second officer over the same errand.
            let first = self.acts.values().find(|one| {
                one.action == Some(Action::AccountFreeze)
                    && one.at <= act.at
                    && line(&one.text, "case") == line(&act.text, "case")
                    && one.officer != act.officer
                    && one.unit != act.unit
            });
            if first.is_none() {
                return Err(("act-one-side", "errand.shown: no officer of another unit asked for it".to_owned()));
            }
        }
        Ok(true)
    }

    /// Who works here: proposed by one, decided by another of another unit.
    fn officer(&mut self, entry: &'a Entry) -> Result<bool, Refused> {
        let (id, proposal) = (entry.word("act"), entry.word("proposal"));
        let proposes = matches!(entry.kind.as_str(), "staff.proposed" | "staff.change-proposed");
        // The first officers, the clock and a restore sign nothing; a decision always does.
        if id.is_empty() {
            let must =
                proposes || matches!(entry.kind.as_str(), "staff.approved" | "staff.changed" | "staff.confirmed");
            let by_clock = entry.told("by").is_none();
            return if must && !by_clock {
                Err(("act-missing", format!("{}: no officer signed", entry.kind)))
            } else {
                Ok(false)
            };
        }
        let actions: &[Action] = match entry.kind.as_str() {
            "staff.proposed" | "staff.change-proposed" => &[Action::OfficerPropose],
            "staff.ended" => &[Action::OfficerEnd, Action::OfficerApprove],
            _ => &[Action::OfficerApprove, Action::OfficerConfirm],
        };
        let act = self.once(entry, id, actions)?;
        if entry.word("by") != act.officer || entry.word("by_unit") != act.unit {
            return Err(("act-text", format!("{}: another officer signed", entry.kind)));
        }
        if entry.word("by") == entry.word("officer") {
            return Err(("act-one-side", format!("{}: an officer decided about themselves", entry.kind)));
        }
        if proposes {
            self.proposed.insert(proposal, act);
        } else if act.action == Some(Action::OfficerApprove) {
            let Some(first) = self.proposed.get(proposal).copied() else {
                return Err(("act-missing", format!("{}: nobody signed the proposal", entry.kind)));
            };
            two_sides(entry, first, act)?;
        }
        Ok(true)
    }
}

fn rank(kind: &str) -> u8 {
    match kind {
        "break-glass.asked" | "staff.change-proposed" | "staff.proposed" => 0,
        "break-glass.opened" => 1,
        "ticket.asked" => 2,
        "ticket.granted" => 3,
        "personal.opened" => 5,
        _ => 4,
    }
}

fn two_sides(entry: &Entry, one: &Act, other: &Act) -> Result<(), Refused> {
    if one.officer == other.officer || one.unit == other.unit {
        return Err(("act-one-side", format!("{}: both signatures are of one officer, or one unit", entry.kind)));
    }
    Ok(())
}

fn list(entry: &Entry, at: usize) -> &str {
    entry.told("acts").and_then(|acts| acts.get(at)).and_then(Value::as_str).unwrap_or_default()
}

fn words(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn sorted<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    words.into_iter().collect()
}
