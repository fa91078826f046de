//! What the vault keeps in memory: how much was opened this minute, what is locked, and alarms not yet told.
//!
//! Nothing here waits for the store, so counting costs an opening next to nothing. A round every second ([`super::watch`])
//! shares the counts among servers, writes locks and alarms down and takes the locks of others in. A closure that runs
//! again after a lost race is counted again: what was opened in vain was opened.

use crate::Fault;
use lionrock_model::budget::{Allowance, Budget, Budgets, Excess};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Alarms waiting at most: more of the same minute say nothing new.
const MOST_ALARMS: usize = 1000;

/// Something officers should know at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alarm {
    /// Whose record it is about.
    pub resident: Option<ResidentId>,
    /// What was refused: a word.
    pub what: &'static str,
}

/// One in each platform.
#[derive(Debug, Default)]
pub struct Desk {
    state: Mutex<State>,
    bell: Notify,
}

/// A budget that was exceeded, not yet written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tripped {
    /// Its word.
    pub budget: String,
    /// Openings in the minute.
    pub opened: u32,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub process: [u8; 16],
    pub minute: i64,
    /// Openings of this minute in this process, by the word of the budget.
    pub counts: BTreeMap<String, u32>,
    /// What others wrote down for this minute.
    pub others: BTreeMap<String, u64>,
    /// Openings about one person.
    people: HashMap<(Budget, [u8; 16]), u32>,
    /// Locked, as written down or about to be.
    pub locked: BTreeSet<String>,
    pub tripped: Vec<Tripped>,
    pub alarms: BTreeSet<Alarm>,
    /// When an alarm of each kind was last told.
    pub told: BTreeMap<Alarm, Millis>,
    /// What was written down last, to write only changes.
    pub written: BTreeMap<String, u32>,
    /// Unlocked in this minute: what others opened in it before is not held against them again.
    pardoned: BTreeSet<String>,
}

impl State {
    /// Begins a new minute when `now` lies in one.
    pub fn turn(&mut self, now: Millis) {
        let minute = now.0.div_euclid(60_000);
        if minute > self.minute {
            self.minute = minute;
            self.counts.clear();
            self.others.clear();
            self.people.clear();
            self.written.clear();
            self.pardoned.clear();
        }
    }

    /// Locks a budget in this process; true for the first.
    pub fn trip(&mut self, budget: &str, opened: u32) -> bool {
        let first = self.locked.insert(budget.to_owned());
        if first {
            self.tripped.push(Tripped { budget: budget.to_owned(), opened });
        }
        first
    }

    /// Begins a budget's minute again, after it was unlocked.
    pub fn pardon(&mut self, budget: &str) {
        self.counts.insert(budget.to_owned(), 0);
        self.pardoned.insert(budget.to_owned());
    }

    /// What was opened of a budget in this minute, here and elsewhere.
    pub fn opened(&self, budget: &str) -> u64 {
        let here = u64::from(self.counts.get(budget).copied().unwrap_or(0));
        if self.pardoned.contains(budget) { here } else { here + self.others.get(budget).copied().unwrap_or(0) }
    }
}

/// An opening, or a look-up, about to happen.
#[derive(Clone, Debug)]
pub(crate) struct Use<'a> {
    /// What it counts for.
    pub budget: Budget,
    /// Whom it is about, or who asks where nobody is known.
    pub one: [u8; 16],
    /// The service, or the officer, that asks: they have a share of their own.
    pub share: Option<Cow<'a, str>>,
}

impl Desk {
    /// Counts a use, if the budget has room.
    ///
    /// # Errors
    /// `Locked` when it has none: the same words whatever the reason.
    pub(crate) fn spend(&self, budgets: &Budgets, used: Use<'_>, now: Millis) -> Result<(), Fault> {
        let mut state = self.state();
        state.turn(now);
        let word = used.budget.word();
        let share = used.share.as_deref().map(|name| share_word(&word, name));
        let shut = |word: &str| state.locked.contains(word);
        if shut(&word) || share.as_deref().is_some_and(shut) {
            return Err(Fault::locked());
        }
        let allowance = budgets.of(used.budget);
        let person = state.people.entry((used.budget, used.one)).or_default();
        if *person >= allowance.one {
            return Err(Fault::locked());
        }
        *person += 1;
        let over = count(&mut state, &word, allowance.all);
        let service_over = share.as_deref().is_some_and(|share| count(&mut state, share, allowance.service));
        if !over && !service_over {
            return Ok(());
        }
        if allowance.excess == Excess::Lock {
            let locked = if over { word } else { share.unwrap_or(word) };
            let opened = state.counts.get(&locked).copied().unwrap_or(0);
            state.trip(&locked, opened);
        } else {
            state.alarms.insert(Alarm { resident: None, what: "lookups-refused" });
        }
        drop(state);
        self.bell.notify_one();
        Err(Fault::locked())
    }

    /// Keeps an alarm until the next round tells it.
    pub fn raise(&self, alarm: Alarm) {
        let mut state = self.state();
        if state.alarms.len() < MOST_ALARMS {
            state.alarms.insert(alarm);
        }
        drop(state);
        self.bell.notify_one();
    }

    /// Alarms that were raised and are not written down yet: of this process.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        self.state().alarms.iter().copied().collect()
    }

    /// What was opened in this minute, by the words of the budgets: of this process.
    #[must_use]
    pub fn minute(&self, now: Millis) -> Vec<(String, u32)> {
        let mut state = self.state();
        state.turn(now);
        state.counts.iter().map(|(word, opened)| (word.clone(), *opened)).collect()
    }

    /// Waits until something happened that should not wait for the next round.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The word of the own share of one service, or one officer, of a budget.
pub(super) fn share_word(budget: &str, name: &str) -> String {
    format!("{budget}/{name}")
}

/// The allowance behind a budget's word, a share included.
pub(super) fn limit(budgets: &Budgets, word: &str) -> Option<(u32, Excess)> {
    if let Some(budget) = Budget::from_word(word) {
        let Allowance { all, excess, .. } = budgets.of(budget);
        return Some((all, excess));
    }
    let (budget, _) = word.rsplit_once('/')?;
    let Allowance { service, excess, .. } = budgets.of(Budget::from_word(budget)?);
    Some((service, excess))
}

/// Adds one; true when that is more than allowed.
fn count(state: &mut State, word: &str, most: u32) -> bool {
    let opened = state.counts.entry(word.to_owned()).or_default();
    *opened = opened.saturating_add(1);
    state.opened(word) > u64::from(most)
}
