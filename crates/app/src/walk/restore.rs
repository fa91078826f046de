//! What lasts and what does not: a copy of one's data, a backup, an erasure, and a restore of the backup from before it, in which
//! the erased person stays closed while everybody else is let in.

use super::report::Report;
use super::steps::{lionrock, text};
use crate::config::Config;
use crate::demo::{Running, folder::private, people};
use crate::{clock, start};
use anyhow::{Context, Result, bail, ensure};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_rehearsal::http::Browser;
use lionrock_rehearsal::people::{self as synthetic, Person};
use lionrock_rehearsal::phone::Phone;
use lionrock_service::account::{close, overview};
use lionrock_service::session::{self, SignIn};
use lionrock_service::{Caller, Error, Platform};
use lionrock_store::sealed;
use lionrock_wire::webauthn::json::AuthenticationResponse;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Copy, backup, erasure, restore, proof. Each needs the one before.
pub async fn all(running: &Running, report: &mut Report, browser: &Browser, phone: &mut Phone, person: &Person) {
    report.step("export of my data", export(running, phone, person)).await;
    super::rotation::all(running, report, phone).await;
    let Some(mut second) = report.step("a second resident is there", second(running, browser)).await else { return };
    report.person(&second.person.slug);
    let Some(()) = report.step("a backup is made", backup(running)).await else { return };
    let Some(()) = report.step("the second resident is erased", erase(running, &mut second)).await else { return };
    let Some(restored) = report.step("the backup from before is restored", restore(running)).await else { return };
    report.step("erased stays closed there, others open", proof(restored, running, second, phone, person)).await;
}

/// The resident who will be erased: not one of the guide's people, so that those stay.
struct Second {
    person: Person,
    phone: Phone,
}

async fn export(running: &Running, phone: &mut Phone, person: &Person) -> Result<((), String)> {
    phone.step_up("/account/step-up").await.context("a fresh proof of presence")?;
    let mine = phone.post("/account/data/export", &json!({})).await?;
    let text = mine.to_string();
    ensure!(text.contains(person.facts.english_name.reveal()), "the export does not hold the name");
    ensure!(text.contains(&person.facts.hkid.reveal()), "the export does not hold the card number");
    private(&running.folder.walk().join("my-data.json"), &serde_json::to_vec_pretty(&mine)?)?;
    let groups = mine.as_object().map_or(0, serde_json::Map::len);
    Ok(((), format!("{groups} parts, machine-readable")))
}

/// Enrols one more synthetic resident beside the running server, or finds them enrolled by a walk that broke off.
async fn second(running: &Running, browser: &Browser) -> Result<(Second, String)> {
    let person = synthetic::residents(synthetic::DEFAULT_SEED, synthetic::DEFAULT_RESIDENTS + 1)?;
    let person = person.into_iter().next_back().context("nobody is left to be invented")?;
    let file = running.folder.walk().join("second.json");
    let platform = start::beside(&Config::read(&running.folder.configuration())?).await?;
    let enrolled = people::enrol_one(&platform, &person, &running.issuer).await?;
    platform.store.close().await;
    let device = match enrolled {
        Some(device) => {
            private(&file, &serde_json::to_vec(&device)?)?;
            device
        }
        None => serde_json::from_slice(&std::fs::read(&file).context("an account without its phone")?)?,
    };
    let mut phone = Phone::new(browser.fresh(), &running.issuer, device);
    phone.sign_in().await?;
    let says = format!("{} signs in", person.slug);
    Ok((Second { person, phone }, says))
}

async fn backup(running: &Running) -> Result<((), String)> {
    let config = text(&running.folder.configuration());
    let says = lionrock(&["backup", "create", "--config", &config, "--json"]).await?;
    let made: Value = serde_json::from_str(&says).context("what `backup create` says")?;
    let receipt = made.get("receipt").and_then(Value::as_str).context("a backup without a receipt")?;
    std::fs::copy(receipt, running.folder.walk().join("backup-receipt.json"))?;
    verify(running, "backup-receipt.json").await?;
    let bytes = made.get("bytes").and_then(Value::as_u64).unwrap_or_default();
    Ok(((), format!("{bytes} bytes, sealed to its custodian, receipt verified")))
}

async fn erase(running: &Running, second: &mut Second) -> Result<((), String)> {
    let answer = second.phone.close_account().await?;
    let next = answer.get("next").and_then(Value::as_str).unwrap_or_default();
    let event = next.rsplit('=').next().and_then(|hex| u128::from_str_radix(hex, 16).ok());
    let event = event.context("the closing does not lead to its receipt")?.to_be_bytes();
    let platform = start::beside(&Config::read(&running.folder.configuration())?).await?;
    let receipt = close::file(&platform, event, Duration::from_secs(20)).await?;
    platform.store.close().await;
    let (receipt, _) = receipt.context("the erasure has no receipt yet")?;
    let file = running.folder.walk().join("erasure-receipt.json");
    std::fs::write(&file, serde_json::to_vec_pretty(&receipt.to_json())?)?;
    let says = verify(running, "erasure-receipt.json").await?;
    Ok(((), says))
}

async fn verify(running: &Running, file: &str) -> Result<String> {
    let key = running.folder.path().join("ledger/vkey");
    lionrock(&["verify", "receipt", &text(&running.folder.walk().join(file)), "--key", &text(&key)]).await
}

fn restored_folder(running: &Running) -> PathBuf {
    running.folder.walk().join("restored")
}

/// Restores into a fresh folder beside this one, always into an embedded store.
async fn restore(running: &Running) -> Result<(Arc<Platform>, String)> {
    let folder = restored_folder(running);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let mut config: toml::Table = std::fs::read_to_string(running.folder.configuration())?.parse()?;
    let data = folder.join("data");
    config.insert("data".to_owned(), text(&data).into());
    config.insert("store".to_owned(), format!("sqlite:{}", data.join("lionrock.db").display()).into());
    let file = folder.join("lionrock.toml");
    private(&file, config.to_string().as_bytes())?;
    let said = lionrock(&[
        "backup",
        "restore",
        "--config",
        &text(&file),
        "--from",
        &text(&running.folder.path().join("backups")),
        "--custodian",
        &text(&running.folder.custodian_key()),
        "--ledger",
        &text(running.folder.path()),
        "--json",
    ])
    .await?;
    let said: Value = serde_json::from_str(&said).context("what `backup restore` says")?;
    let again = said.get("erased_again").and_then(Value::as_u64).unwrap_or_default();
    ensure!(again == 1, "{again} accounts were erased again instead of one");
    std::fs::copy(data.join("restore-receipt.json"), running.folder.walk().join("restore-receipt.json"))?;
    verify(running, "restore-receipt.json").await.or_else(|error| {
        // The restored log went on by itself: its own key is the same.
        bail!("the receipt of the restore: {error}")
    })?;
    let platform = start::beside(&Config::read(&file)?).await?;
    Ok((platform, "one account erased again, receipt verified".to_owned()))
}

/// What the restored platform says to both of them.
async fn proof(
    platform: Arc<Platform>,
    running: &Running,
    mut second: Second,
    phone: &mut Phone,
    person: &Person,
) -> Result<((), String)> {
    let caller = Caller { address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), ..clock::platform_caller() };
    let refused = sign_in(&platform, &caller, &running.issuer, &mut second.phone.device).await?;
    ensure!(refused.is_err(), "the erased resident was let in");
    let open = platform.store.read(sealed::count_persons).await?;
    let cookie = sign_in(&platform, &caller, &running.issuer, &mut phone.device).await?;
    let cookie = cookie.map_err(|refusal| anyhow::anyhow!("{} is not let in: {refusal}", person.slug))?;
    let seen = overview::overview(&platform, &caller, &cookie).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    ensure!(seen.english_name == person.facts.english_name.reveal(), "another name came back");
    platform.store.close().await;
    drop(platform);
    // A second copy of everything is not left lying about.
    std::fs::remove_dir_all(restored_folder(running))?;
    std::fs::remove_file(running.folder.walk().join("second.json"))?;
    Ok(((), format!("{} refused, {} reads their name, {open} accounts are open", second.person.slug, person.slug)))
}

/// Signs in without a server in between; the cookie, or the refusal.
async fn sign_in(
    platform: &Arc<Platform>,
    caller: &Caller,
    issuer: &str,
    device: &mut Authenticator,
) -> Result<Result<String, String>> {
    let options = session::begin(platform, caller, "walk").await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let answer = device.get(&serde_json::to_value(&options)?, issuer, &Manner::default())?;
    let answer = AuthenticationResponse::from_json(answer.to_string().as_bytes())?;
    let command = SignIn { answer, browser: "walk".to_owned(), earlier: None, agent: None };
    match session::sign_in(platform, caller, command).await {
        Ok(signed_in) => Ok(Ok(signed_in.secret.cookie().to_owned())),
        Err(Error::Refuse(refusal)) => Ok(Err(lionrock_model::refusal::Refusal::code(&refusal).to_owned())),
        Err(Error::Fault(fault)) => Err(fault.into()),
    }
}
