//! `lionrock check jws --keys FILE`

use super::{Verdict, token};
use anyhow::{Context, Result};
use clap::Args;
use lionrock_crypto::sign::Algorithm;
use lionrock_wire::jose::{self, Jwk, JwkSet, jws};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Which keys, and what is accepted.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The signer's public keys: a JWK or a JWK set.
    #[arg(long)]
    keys: PathBuf,
    /// Accept these algorithms only; else every one the platform knows.
    #[arg(long, value_delimiter = ',')]
    alg: Vec<String>,
    /// The `typ` it must have; else any.
    #[arg(long)]
    typ: Option<String>,
    /// Judge `exp` and `nbf` too, at this moment or at `--at`.
    #[arg(long)]
    times: bool,
    /// The moment for `--times`, in Unix seconds.
    #[arg(long)]
    at: Option<i64>,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: &Arguments) -> Result<Verdict> {
    let keys = read_keys(&arguments.keys)?;
    let known = |name: &String| jose::algorithm(name).with_context(|| format!("--alg: {name} is not known here"));
    let mut algorithms = arguments.alg.iter().map(known).collect::<Result<Vec<_>>>()?;
    if algorithms.is_empty() {
        algorithms = vec![Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Ps256, Algorithm::Rs256];
    }
    let token = token()?;
    Ok(judge(arguments, &token, &keys, &algorithms).unwrap_or_else(|error| Verdict::Refused {
        reason: error.to_string(),
        advice: "do not rely on anything in this token",
    }))
}

fn judge(arguments: &Arguments, token: &str, keys: &JwkSet, algorithms: &[Algorithm]) -> Result<Verdict, jose::Error> {
    let parsed = jws::Compact::parse(token)?;
    let header = jose::json::object(&jose::decode(token.split('.').next().unwrap_or_default(), "header")?)?;
    let typ = jose::json::text(&header, "typ")?;
    let expected = arguments.typ.as_deref().or(typ);
    let types: Vec<&str> = expected.into_iter().collect();
    let accepted = jws::Accepted { algorithms, types: &types, untyped: arguments.typ.is_none() };
    let name = parsed.algorithm().name();
    let payload = parsed.verify(keys, &accepted)?;
    let claims = jose::json::object(&payload).ok();
    if let (true, Some(claims)) = (arguments.times, &claims) {
        let now = arguments.at.unwrap_or(crate::clock::now().0 / 1000);
        if let Some(reason) = outside(claims, now)? {
            return Ok(Verdict::Refused { reason, advice: "ask for a fresh token" });
        }
    }
    let mut lines = vec![format!("the signature holds: {name}, typ {}", typ.unwrap_or("none"))];
    let shown = match &claims {
        Some(claims) => {
            lines.extend(claims.iter().map(|(name, value)| format!("  {name}: {value}")));
            json!(claims)
        }
        None => Value::Null,
    };
    let json = json!({"ok": true, "header": header, "claims": shown, "payload": jose::encode(&payload)});
    Ok(Verdict::Accepted { lines, json })
}

fn outside(claims: &Map<String, Value>, now: i64) -> Result<Option<String>, jose::Error> {
    let expired = jose::claims::time(claims, "exp")?.filter(|&exp| now >= exp);
    let early = jose::claims::time(claims, "nbf")?.filter(|&nbf| now < nbf);
    let expired = expired.map(|exp| format!("expired at {exp}, it is {now}"));
    Ok(expired.or_else(|| early.map(|nbf| format!("not valid before {nbf}, it is {now}"))))
}

fn read_keys(path: &Path) -> Result<JwkSet> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let wrong = || format!("{} is neither a JWK nor a JWK set", path.display());
    let document = jose::json::object(&bytes).with_context(wrong)?;
    if document.contains_key("keys") {
        return JwkSet::parse(&bytes).with_context(wrong);
    }
    Ok(JwkSet::new(vec![Jwk::parse(&document).with_context(wrong)?]))
}
