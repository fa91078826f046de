//! Signing: an account becomes *Plus*, gets a signing certificate, and signs for the demo service; a stranger checks what came of it.

use super::report::Report;
use super::steps::{browser, lionrock, text};
use crate::config::Config;
use crate::demo::{Running, folder::private};
use crate::{clock, start};
use anyhow::{Context, Result, ensure};
use lionrock_rehearsal::phone::Phone;
use lionrock_service::rehearse;
use lionrock_store::credential;
use lionrock_wire::jose;

/// Plus, certificate, signature, check. Each needs the one before.
pub async fn all(running: &Running, report: &mut Report, phone: &mut Phone) {
    let Some(()) = report.step("the account becomes Plus", plus(running, phone)).await else { return };
    let Some(()) = report.step("a signing key and its certificate", certificate(phone)).await else { return };
    let Some(()) = report.step("sign a document for the demo service", sign(running, phone)).await else { return };
    report.step("a stranger verifies the signed document", verify(running)).await;
    report.step("the evidence of the signature verifies", evidence(running)).await;
}

/// In place of the officer at a counter there is the rehearsal's evidence; the rest is the journey everybody goes.
async fn plus(running: &Running, phone: &mut Phone) -> Result<((), String)> {
    let page = phone.open("/account").await?.text();
    if page.contains("data-level=\"plus\"") {
        return Ok(((), "it was before".to_owned()));
    }
    let platform = start::beside(&Config::read(&running.folder.configuration())?).await?;
    let id = phone.device.passkeys().last().context("a phone without a passkey")?.id.clone();
    let id = jose::decode(&id, "credential id")?;
    let known = platform.store.read(move |tx| credential::by_external_id(tx, &id)).await;
    let known = known.map_err(|error: lionrock_store::Error| error)?.context("the phone's passkey is not known")?;
    let put = rehearse::evidence(&platform, &clock::platform_caller(), known.resident).await;
    platform.store.close().await;
    put.map_err(|error| anyhow::anyhow!("{error}"))?;
    let page = phone.open("/account/level").await?;
    phone.passkey(&page).await.context("the passkey at the upgrade")?;
    let page = phone.open("/account").await?.text();
    ensure!(page.contains("data-level=\"plus\""), "the account page does not say Plus");
    Ok(((), "counter evidence by rehearsal, then the person's own passkey".to_owned()))
}

async fn certificate(phone: &mut Phone) -> Result<((), String)> {
    let page = phone.open("/account/signatures").await?;
    phone.passkey(&page).await.context("the passkey that guards the key")?;
    let page = phone.open("/account/signatures").await?.text();
    ensure!(page.contains("id=\"own\""), "the page shows no certificate");
    Ok(((), "made in the activation process, certified, announced".to_owned()))
}

async fn sign(running: &Running, phone: &mut Phone) -> Result<((), String)> {
    let service = browser(running)?;
    let asked = service.without_redirects().get(&format!("{}/sign", running.service)).await?;
    let at = asked.location().with_context(|| format!("the demo service asks for nothing: {}", asked.text()))?;
    let back = phone.authorize(at.as_str()).await?;
    let page = service.get(back.as_str()).await?.text();
    let link = |id: &str| {
        let (_, rest) = page.split_once(&format!("id=\"{id}\" href=\""))?;
        rest.split_once('"').map(|(path, _)| format!("{}{path}", running.service))
    };
    let document = link("document").with_context(|| format!("nothing was signed: {page}"))?;
    let evidence = link("evidence").context("the service has no evidence")?;
    let walk = running.folder.walk();
    private(&walk.join("signed.pdf"), &service.get(&document).await?.body)?;
    private(&walk.join("evidence.json"), &service.get(&evidence).await?.body)?;
    std::fs::copy(running.folder.path().join("authority/root.pem"), walk.join("root.pem"))?;
    Ok(((), "shown as pictures and words, approved by passkey, PAdES B-LT".to_owned()))
}

async fn verify(running: &Running) -> Result<((), String)> {
    let walk = running.folder.walk();
    let (file, root) = (text(&walk.join("signed.pdf")), text(&walk.join("root.pem")));
    let says = lionrock(&["verify", "signature", &file, "--trust", &root]).await?;
    // A spoilt copy does not pass.
    let mut spoilt = std::fs::read(walk.join("signed.pdf"))?;
    let place = spoilt.windows(10).position(|part| part == b"agreement)").context("the text of the agreement")?;
    if let Some(byte) = spoilt.get_mut(place) {
        *byte = b'A';
    }
    let other = walk.join("spoilt.pdf");
    std::fs::write(&other, spoilt)?;
    let passed = lionrock(&["verify", "signature", &text(&other), "--trust", &root]).await.is_ok();
    std::fs::remove_file(other)?;
    ensure!(!passed, "a changed document passes");
    Ok(((), says))
}

async fn evidence(running: &Running) -> Result<((), String)> {
    let walk = running.folder.walk();
    let key = running.folder.path().join("ledger/vkey");
    let paths =
        [walk.join("evidence.json"), walk.join("root.pem"), key, walk.join("signed.pdf")].map(|path| text(&path));
    let [file, root, key, document] = &paths;
    // What the command says names the signer: that is for those who hold the evidence, not for what a server prints.
    lionrock(&["verify", "signature", file, "--trust", root, "--key", key, "--document", document]).await?;
    Ok(((), "signer, passkey, status, time and ledger agree, offline".to_owned()))
}
