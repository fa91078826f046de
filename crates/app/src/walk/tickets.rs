//! Officers at work: a ticket that one asks for and another approves, one field read, a note; and a self-approval that is refused.

use super::report::Report;
use crate::demo::{Running, folder::private, officers};
use anyhow::{Context, Result, ensure};
use lionrock_rehearsal::authenticator::Authenticator;
use lionrock_rehearsal::http::{Browser, Reply};
use lionrock_rehearsal::officers::OfficerBook;
use lionrock_rehearsal::people::Person;
use lionrock_rehearsal::phone::{Phone, PhoneError};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Who asks, and who approves: privacy officers of two units.
const PAIR: [&str; 2] = ["privacy-a", "privacy-b"];

/// An officer who is signed in, and their browser.
struct Desk {
    browser: Browser,
    phone: Phone,
    at: String,
}

/// Each needs the one before.
pub async fn all(running: &Running, report: &mut Report, browser: &Browser, person: &Person) {
    let asked = report.step("an officer signs for a ticket", ask(running, browser, person)).await;
    let Some((mut desk, ticket)) = asked else { return };
    report.step("approving one’s own ticket is refused", own(&mut desk, &ticket)).await;
    let approved = report.step("a second officer approves the same text", approve(running, browser, &ticket)).await;
    if approved.is_none() {
        return;
    }
    report.step("exactly the approved field is read", read(&desk, &ticket, person)).await;
    report.step("the ticket is closed with a note", close(running, &desk, &ticket)).await;
}

async fn ask(running: &Running, browser: &Browser, person: &Person) -> Result<((Desk, String), String)> {
    let mut desk = sign_in(running, browser, PAIR[0]).await?;
    desk.open("/tickets/new").await?;
    let fields = [
        ("purpose", "access-request"),
        ("case", "WALK-2026/1"),
        ("person", &person.facts.hkid.reveal()),
        ("field", "english-name"),
        ("minutes", "5"),
    ];
    let page = desk.post("/tickets", &fields).await?;
    let path = page.url.path().to_owned();
    let ticket = path.strip_prefix("/tickets/").and_then(|rest| rest.strip_suffix("/sign"));
    let ticket = ticket.with_context(|| format!("the form leads to {path}"))?.to_owned();
    ensure!(page.text().contains("fields: english-name"), "the page does not show the text that is signed");
    desk.phone.passkey(&page).await.context("the officer's signature")?;
    Ok(((desk, ticket.clone()), ticket))
}

async fn own(desk: &mut Desk, ticket: &str) -> Result<((), String)> {
    let page = desk.open(&format!("/tickets/{ticket}/approve")).await?;
    match desk.phone.passkey(&page).await {
        Err(PhoneError::Refused { code, status, .. }) if code == "ticket-approver-same" => {
            Ok(((), format!("{status} {code}")))
        }
        Err(error) => Err(error.into()),
        Ok(_) => anyhow::bail!("an officer approved their own ticket"),
    }
}

async fn approve(running: &Running, browser: &Browser, ticket: &str) -> Result<((), String)> {
    let mut second = sign_in(running, browser, PAIR[1]).await?;
    let page = second.open(&format!("/tickets/{ticket}/approve")).await?;
    second.phone.passkey(&page).await.context("the second officer's signature")?;
    Ok(((), format!("{} and {}", PAIR[0], PAIR[1])))
}

async fn read(desk: &Desk, ticket: &str, person: &Person) -> Result<((), String)> {
    let path = format!("/tickets/{ticket}");
    let masked = desk.open(&path).await?.text();
    let name = person.facts.english_name.reveal();
    ensure!(!masked.contains(name), "the value is not masked at first");
    let shown = desk.post(&format!("{path}/reveal"), &[("field", "english-name")]).await?.text();
    ensure!(shown.contains(name), "the field does not open");
    ensure!(shown.contains(ticket) && shown.contains("id=\"watermark\""), "the view carries no watermark");
    let wide = desk.browser.post_form(&format!("{}{path}/reveal", desk.at), &[("field", "hkid")]).await?;
    ensure!(!wide.status.is_success(), "a field that is not on the ticket opens");
    Ok(((), format!("one field, masked before; another: {}", wide.status.as_u16())))
}

async fn close(running: &Running, desk: &Desk, ticket: &str) -> Result<((), String)> {
    let note = [("note", "The walk read one field and is done.")];
    desk.post(&format!("/tickets/{ticket}/close"), &note).await?;
    let reveal = format!("{}/tickets/{ticket}/reveal", desk.at);
    let again = desk.browser.post_form(&reveal, &[("field", "english-name")]).await?;
    ensure!(!again.status.is_success(), "a closed ticket opens");
    let made = json!({"fields": ["english-name"], "officers": PAIR, "purpose": "access-request", "ticket": ticket});
    private(&running.folder.walk().join("ticket.json"), &serde_json::to_vec_pretty(&made)?)?;
    Ok(((), format!("opens no more: {}", again.status.as_u16())))
}

async fn sign_in(running: &Running, browser: &Browser, slug: &str) -> Result<Desk> {
    let file = running.folder.rehearsal().join("officers.json");
    let keys: BTreeMap<String, Authenticator> =
        serde_json::from_slice(&std::fs::read(&file).context("officers' keys")?)?;
    let key = keys.get(slug).with_context(|| format!("{slug} has no key"))?.clone();
    let book =
        OfficerBook { keys: Arc::new(Mutex::new(BTreeMap::new())), maker: Arc::new(officers::maker(&running.folder)?) };
    let browser = browser.fresh();
    let mut phone = Phone::new(browser.clone(), &running.staff, key);
    phone.manner = book.manner();
    phone.sign_in().await.with_context(|| format!("{slug} signs in"))?;
    Ok(Desk { browser, phone, at: running.staff.clone() })
}

impl Desk {
    async fn open(&self, path: &str) -> Result<Reply> {
        Ok(self.phone.open(path).await?)
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Reply> {
        let reply = self.browser.post_form(&format!("{}{path}", self.at), fields).await?;
        ensure!(reply.status.is_success(), "{path}: {} {}", reply.status, reply.json().unwrap_or(Value::Null));
        Ok(reply)
    }
}
