//! `lionrock check jwe --key FILE`

use super::{Verdict, token};
use anyhow::{Context, Result};
use clap::Args;
use lionrock_crypto::recipient::RecipientKey;
use lionrock_wire::jose::{self, jwe};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The recipient's key.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The recipient's private key: a JWK, or PKCS #8 in PEM. P-256 for ECDH-ES, RSA for RSA-OAEP-256; content A256GCM.
    #[arg(long)]
    key: PathBuf,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: &Arguments) -> Result<Verdict> {
    let key = read_key(&arguments.key)?;
    let opened = match jwe::open(&token()?, &key) {
        Ok(opened) => opened,
        Err(error) => {
            return Ok(Verdict::Refused {
                reason: error.to_string(),
                advice: "ask the sender to encrypt to this key, with ECDH-ES or RSA-OAEP-256 and A256GCM",
            });
        }
    };
    let name = |member: &str| opened.header.get(member).and_then(Value::as_str).unwrap_or("none");
    let text = std::str::from_utf8(&opened.payload).ok();
    let lines = vec![
        format!("it opens: {} with {}, {} bytes", name("alg"), name("enc"), opened.payload.len()),
        format!("  {}", text.unwrap_or("(not text)")),
    ];
    let json = json!({"ok": true, "header": opened.header, "text": text, "payload": jose::encode(&opened.payload)});
    Ok(Verdict::Accepted { lines, json })
}

fn read_key(path: &Path) -> Result<RecipientKey> {
    let bytes = Zeroizing::new(std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?);
    let wrong = || format!("{} is neither a private JWK nor PKCS #8 in PEM", path.display());
    if bytes.trim_ascii_start().starts_with(b"{") {
        let jwk = jose::json::object(&bytes).with_context(wrong)?;
        return jwe::private_key(&jwk).with_context(wrong);
    }
    let der = PrivatePkcs8KeyDer::from_pem_slice(&bytes).with_context(wrong)?;
    RecipientKey::from_pkcs8(der.secret_pkcs8_der()).with_context(wrong)
}
