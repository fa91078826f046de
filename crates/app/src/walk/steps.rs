//! The steps of the main journey.

use super::report::Report;
use crate::demo::Running;
use anyhow::{Context, Result, bail, ensure};
use lionrock_rehearsal::authenticator::Authenticator;
use lionrock_rehearsal::http::Browser;
use lionrock_rehearsal::people::{Person, Role};
use lionrock_rehearsal::phone::{Camera, Phone, Progress, Registered};
use lionrock_wire::jose;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;
use tokio::process::Command;

/// Goes through all steps; later ones are left out when one they need has failed.
pub async fn all(running: &Running, report: &mut Report) {
    let Some((mut phone, person)) = report.step("the platform answers", begin(running)).await else { return };
    report.person(&person.slug);
    let Some(registered) = register(running, report, &mut phone, &person).await else { return };
    report.step("the deletion receipt verifies", receipt(running, registered)).await;
    report.step("sign in to the account pages", sign_in(&mut phone)).await;
    report.step("raise the account to Plus: card and face again, then the passkey", raise(&mut phone, &person)).await;
    let login = report.step("log in at the demo online service", log_in(running, &mut phone)).await;
    if let Some(login) = login {
        report.step("the ID Token verifies", id_token(running, &login)).await;
        report.step("userinfo is the released fields", userinfo(&login, &person)).await;
    }
    if let Ok(staff) = browser(running) {
        super::tickets::all(running, report, &staff, &person).await;
    }
    super::signing::all(running, report, &mut phone).await;
    report.step("the ledger verifies, and a witness cosigned", ledger(running)).await;
    report.step("who read my data: the officer's reading, proved complete", access(running, &phone)).await;
    match browser(running) {
        Ok(browser) => super::restore::all(running, report, &browser, &mut phone, &person).await,
        Err(error) => drop(report.step("a browser for the rest", async { Err::<((), String), _>(error) }).await),
    }
    report.step("keep the phone for later", keep(running, &person, phone)).await;
}

/// Somebody who can register by camera and has no account, or whose account of an earlier walk is closed first.
async fn begin(running: &Running) -> Result<((Phone, Person), String)> {
    let browser = browser(running)?;
    let mut reply = browser.get(&format!("{}/readyz", running.issuer)).await?;
    // A server just started is ready with its first checkpoint, a moment later.
    for _ in 0..50 {
        if reply.status.is_success() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        reply = browser.get(&format!("{}/readyz", running.issuer)).await?;
    }
    ensure!(reply.status.is_success(), "{} is not ready: {}", running.issuer, reply.text());
    let person = running.people.iter().find(|person| person.role == Role::Camera).context("nobody has a face")?.clone();
    let file = running.folder.walk().join("phone.json");
    let earlier: Option<Authenticator> =
        std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let Some(device) = earlier else {
        let phone = Phone::new(browser.fresh(), &running.issuer, Authenticator::default());
        return Ok(((phone, person), running.issuer.clone()));
    };
    // One card, one account: what an earlier walk left is closed by its own passkey.
    let mut old = Phone::new(browser.fresh(), &running.issuer, device);
    old.sign_in().await.context("the account of an earlier walk")?;
    old.close_account().await.context("closing the account of an earlier walk")?;
    std::fs::remove_file(file)?;
    let phone = Phone::new(browser.fresh(), &running.issuer, Authenticator::default());
    Ok(((phone, person), format!("{}; the account of an earlier walk was closed", running.issuer)))
}

pub fn browser(running: &Running) -> Result<Browser> {
    let ca = running.folder.tls(running.tls_key)?.ca;
    Ok(Browser::new(&std::fs::read_to_string(ca)?)?)
}

/// The real way from Basic to Plus.
async fn raise(phone: &mut Phone, person: &Person) -> Result<((), String)> {
    let before = phone.level().await?;
    phone.raise(&Camera(person.clone())).await.context("the raise to Plus")?;
    let after = phone.level().await?;
    ensure!((before.as_str(), after.as_str()) == ("basic", "plus"), "the level was {before} and is {after}");
    Ok(((), format!("{before} before, {after} now")))
}

#[allow(clippy::disallowed_methods, reason = "a walk measures how long its steps take")]
async fn register(running: &Running, report: &mut Report, phone: &mut Phone, person: &Person) -> Option<Registered> {
    let mut done: Vec<(&'static str, std::time::Duration)> = Vec::new();
    let mut since = Instant::now();
    let mut told = |progress| {
        done.push((name(progress), since.elapsed()));
        since = Instant::now();
    };
    let outcome = phone.register(&Camera(person.clone()), person.email.reveal(), &mut told).await;
    for (name, took) in done {
        report.note(name, took);
    }
    let work = async move {
        let registered = outcome.context("registration")?;
        let path = running.folder.walk().join("receipt.json");
        std::fs::write(&path, serde_json::to_vec_pretty(&registered.receipt)?)?;
        let says = format!("{} recovery codes, receipt kept", registered.codes.len());
        Ok::<_, anyhow::Error>((registered, says))
    };
    report.step("register: done, with a receipt", work).await
}

const fn name(progress: Progress) -> &'static str {
    match progress {
        Progress::Agreed => "register: agree to the notice",
        Progress::Captured => "register: movements asked, pictures taken",
        Progress::Sent => "register: pictures sealed and sent",
        Progress::Accepted => "register: judged, accepted by the registry",
        Progress::Passkey => "register: passkey made, account open",
        Progress::Codes => "register: recovery codes",
        Progress::Confirmed => "register: e-mail confirmed",
    }
}

/// Runs this program as an auditor would.
pub async fn lionrock(arguments: &[&str]) -> Result<String> {
    let output = Command::new(std::env::current_exe()?).args(arguments).stdin(Stdio::null()).output().await?;
    let says = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("lionrock {}: {says}{}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(says.lines().last().unwrap_or_default().trim_start_matches(['✓', ' ']).to_owned())
}

pub fn text(path: &Path) -> String {
    path.display().to_string()
}

async fn receipt(running: &Running, _registered: Registered) -> Result<((), String)> {
    let key = running.folder.path().join("ledger/vkey");
    let says =
        lionrock(&["verify", "receipt", &text(&running.folder.walk().join("receipt.json")), "--key", &text(&key)])
            .await?;
    Ok(((), says))
}

async fn sign_in(phone: &mut Phone) -> Result<((), String)> {
    phone.browser = phone.browser.fresh();
    phone.sign_in().await?;
    phone.open("/account").await?;
    Ok(((), String::new()))
}

/// What the demo service shows after a login.
struct Login {
    id_token: String,
    claims: Value,
    userinfo: BTreeMap<String, String>,
}

/// Logs in at the demo service as a person does: its button, the platform, back.
async fn log_in(running: &Running, phone: &mut Phone) -> Result<(Login, String)> {
    let service = browser(running)?;
    let started = service.without_redirects().get(&format!("{}/login?share=profile", running.service)).await?;
    let authorize = started.location().context("the demo service does not send the browser to the platform")?;
    phone.browser = phone.browser.fresh();
    let back = phone.authorize(authorize.as_str()).await?;
    let page = service.get(back.as_str()).await?.text();
    let inside =
        |from: &str, to: &str| page.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(text, _)| text);
    let id_token = inside("<pre id=\"id-token\">", "</pre>").with_context(|| {
        format!("nobody is logged in: {}", inside("<p id=\"reason\">", "</p>").unwrap_or("no reason"))
    })?;
    std::fs::write(running.folder.walk().join("id_token.jwt"), id_token)?;
    let payload = id_token.split('.').nth(1).context("the ID Token has no payload")?;
    let claims = serde_json::from_slice(&jose::decode(payload, "payload")?)?;
    let list = inside("<dl id=\"claims\">", "</dl>").unwrap_or_default();
    let shown =
        |part: &str| part.split_once("</dt><dd>").map(|(name, value)| (name.to_owned(), value.replace("</dd>", "")));
    let userinfo = list.split("<dt>").filter_map(shown).collect();
    let login = Login { id_token: id_token.to_owned(), claims, userinfo };
    Ok((login, "pushed request, PKCE, passkey, consent, code, token".to_owned()))
}

/// Checks the token with `lionrock check jws` against the published keys.
async fn id_token(running: &Running, login: &Login) -> Result<((), String)> {
    let keys = browser(running)?.get(&format!("{}/oauth/jwks", running.issuer)).await?.text();
    let keys_file = running.folder.walk().join("jwks.json");
    std::fs::write(&keys_file, keys)?;
    let program = std::env::current_exe()?;
    let token = std::fs::File::open(running.folder.walk().join("id_token.jwt"))?;
    let output = Command::new(program)
        .args(["check", "jws", "--keys", &text(&keys_file)])
        .stdin(Stdio::from(token))
        .output()
        .await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sub = login.claims.get("sub").and_then(Value::as_str).context("the ID Token has no sub")?;
    ensure!(jose::decode(sub, "sub").is_ok_and(|bytes| bytes.len() == 32), "sub is not 256 bits");
    Ok(((), "ES256, a pseudonym of 256 bits".to_owned()))
}

async fn userinfo(login: &Login, person: &Person) -> Result<((), String)> {
    let says = |name: &str| login.userinfo.get(name).map(String::as_str);
    ensure!(says("sub") == login.claims.get("sub").and_then(Value::as_str), "userinfo is about somebody else");
    ensure!(says("name") == Some(person.facts.english_name.reveal()), "another name was released");
    ensure!(says("hkid").is_none(), "the card number was released, and nobody asked for it");
    ensure!(!login.id_token.is_empty(), "no ID Token");
    Ok(((), login.userinfo.keys().cloned().collect::<Vec<_>>().join(", ")))
}

/// Checks the whole log offline, from its files alone, with the cosignature of the demo's witness, and keeps its checkpoint.
async fn ledger(running: &Running) -> Result<((), String)> {
    let folder = running.folder.path().join("ledger");
    let key = text(&folder.join("vkey"));
    let says = lionrock(&["verify", "log", &text(&folder), "--key", &key]).await?;
    let witness = running.folder.path().join("witness").join("vkeys");
    lionrock(&["audit", &text(&folder), "--key", &key, "--witness", &text(&witness), "--fresh", "120"]).await?;
    std::fs::copy(folder.join("witnessed"), running.folder.walk().join("checkpoint"))?;
    Ok(((), format!("{says}; cosigned by witness.localhost/demo")))
}

/// The person's own history, with the officer's reading in it, checked as anybody can: by its file, the log and the witness.
async fn access(running: &Running, phone: &Phone) -> Result<((), String)> {
    let page = phone.open("/account/access").await?.text();
    ensure!(page.contains("id=\"access-picture\"") && page.contains("id=\"access\""), "the page shows no history");
    ensure!(page.contains("data-who=\"staff\""), "the officer's reading is not on the page");
    let file = phone.open("/account/access/access-history.json").await?.text();
    ensure!(file.contains("\\\"role\\\""), "the officer's reading is not in the file");
    let kept = running.folder.walk().join("access-history.json");
    std::fs::write(&kept, file)?;
    let folder = running.folder.path().join("ledger");
    let (key, witness) = (text(&folder.join("vkey")), text(&running.folder.path().join("witness").join("vkeys")));
    let (kept, log) = (text(&kept), text(&folder));
    let says = ["verify", "access-history", &kept, "--key", &key, "--witness", &witness, "--log", &log];
    Ok(((), lionrock(&says).await?))
}

async fn keep(running: &Running, person: &Person, phone: Phone) -> Result<((), String)> {
    let bytes = serde_json::to_vec(&phone.device)?;
    crate::demo::folder::private(&running.folder.walk().join("phone.json"), &bytes)?;
    Ok(((), format!("{} stays registered", person.slug)))
}
