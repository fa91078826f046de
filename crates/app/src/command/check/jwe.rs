//! `lionrock check jwe`: refuses to judge what this program cannot open.

use super::{Verdict, token};
use anyhow::{Result, bail};
use clap::Args;
use lionrock_wire::jose;

/// Nothing yet but the form.
#[derive(Debug, Args)]
pub struct Arguments {
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
}

pub fn run(_: &Arguments) -> Result<Verdict> {
    let token = token()?;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, ..] = parts.as_slice() else { bail!("nothing on standard input") };
    let refused = |reason: String| Verdict::Refused { reason, advice: "ask the sender for a compact JWE (RFC 7516)" };
    if parts.len() != 5 {
        return Ok(refused(format!("a compact JWE has five parts, this has {}", parts.len())));
    }
    let header = jose::decode(header, "header").and_then(|header| jose::json::object(&header));
    let header = match header {
        Ok(header) => header,
        Err(error) => return Ok(refused(error.to_string())),
    };
    let name = |member: &str| header.get(member).and_then(serde_json::Value::as_str).unwrap_or("none").to_owned();
    bail!(
        "this version of lionrock opens no encrypted tokens (alg {}, enc {}): the platform neither sends nor takes any",
        name("alg"),
        name("enc")
    )
}
