//! Whose store and whose ledger this is: asked before keys are opened, so that nothing of one realm is touched by another.

use super::{Check, Outcome, outcome};
use crate::clock;
use crate::config::Config;
use lionrock_ledger::checkpoint::{self, Checkpoint};
use lionrock_ledger::tile;
use lionrock_model::realm::Realm;
use lionrock_service::ledger;
use lionrock_store::{Store, key_ring, log_head};

/// Asks the opened store and the published files.
pub async fn checks(store: &Store, config: &Config, realm: &Realm) -> Vec<Check> {
    let failed = |error: lionrock_store::Error| error.to_string();
    let mark = store.read(key_ring::realm).await.map_err(failed);
    let head = store.read(log_head::read).await.map_err(failed);
    let published = published(config);
    vec![
        Check { name: "database-of-this-realm", outcome: database(mark, realm) },
        Check { name: "ledger-of-this-realm", outcome: origins(&head, &published, realm, &config.issuer) },
        Check { name: "ledger-continues", outcome: continues(&head, &published) },
        super::authority::check(store, config, realm, clock::now()).await,
    ]
}

type Read<T> = Result<Option<T>, String>;

fn database(mark: Read<String>, realm: &Realm) -> Outcome {
    match mark {
        Err(error) => Outcome::Refused(error),
        Ok(Some(found)) if found != realm.to_string() => Outcome::Refused(format!(
            "this store belongs to realm {found}, not {realm}: check `realm` and `store` in the configuration"
        )),
        Ok(_) => Outcome::Passed,
    }
}

fn origins(head: &Read<log_head::Head>, published: &Read<Checkpoint>, realm: &Realm, issuer: &str) -> Outcome {
    let own = checkpoint::origin(&realm.to_string(), issuer);
    let stored = head.as_ref().ok().and_then(Option::as_ref).and_then(|head| read(&head.checkpoint));
    let files = published.as_ref().ok().and_then(Option::as_ref);
    let foreign = |place: &str, found: Option<&Checkpoint>| {
        let other = found.filter(|found| found.origin != own)?;
        Some(format!(
            "the ledger {place} is that of {}, not of {own}: another realm's or another issuer's",
            other.origin
        ))
    };
    outcome(
        [foreign("in the store", stored.as_ref()), foreign("under the data folder", files)]
            .into_iter()
            .flatten()
            .collect(),
    )
}

/// The published log can be read, and nothing of it is missing in the store. That the store continues what is shorter there is
/// proved by the publisher, which appends to it.
fn continues(head: &Read<log_head::Head>, published: &Read<Checkpoint>) -> Outcome {
    let (head, published) = match (head, published) {
        (Err(error), _) | (_, Err(error)) => return Outcome::Refused(error.clone()),
        (Ok(head), Ok(published)) => (head, published),
    };
    let Some(published) = published else { return Outcome::Passed };
    let stored = head.as_ref().map_or(0, |head| head.size);
    if published.size > stored {
        return Outcome::Refused(format!(
            "{} entries are published, the store has {stored}: it is another store or was put back to an older state; \
             put it back with `lionrock backup restore`, which takes away again what was revoked since, and keep the published files",
            published.size
        ));
    }
    let same = head.as_ref().is_none_or(|head| head.size != published.size || head.root == published.root.0);
    if same {
        return Outcome::Passed;
    }
    Outcome::Refused(format!(
        "the store and the published log are two different histories of {} entries; keep both and look into it",
        published.size
    ))
}

fn published(config: &Config) -> Read<Checkpoint> {
    let path = config.data.join(ledger::FOLDER).join(tile::CHECKPOINT);
    match std::fs::read_to_string(&path) {
        Ok(note) => Ok(read(&note)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("the published ledger cannot be read: {}: {error}", path.display())),
    }
}

/// The checkpoint in a note, its signatures aside: they are checked with the ring's keys when it is open. Damaged text is none.
fn read(note: &str) -> Option<Checkpoint> {
    let (text, _) = note.split_once("\n\n")?;
    Checkpoint::parse(&format!("{text}\n")).ok()
}
