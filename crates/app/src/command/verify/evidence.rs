//! `lionrock verify signature evidence.json`: the evidence of a signature, every part of it, offline.

use super::{Outcome, parse_keys};
use anyhow::{Context, Result};
use lionrock_crypto::digest::sha256;
use lionrock_pki::certificate::Certificate;
use lionrock_service::signing::verify::{self, Anchors, Check};
use serde_json::json;
use std::path::Path;

/// Longest file of evidence that is read, in bytes.
pub(super) const LONGEST: u64 = 16 * 1024 * 1024;

/// Checks evidence; with `document`, that it is about that signed file.
pub(super) fn run(
    file: &[u8],
    roots: &[Vec<u8>],
    now: u64,
    key: Option<&str>,
    document: Option<&Path>,
    as_json: bool,
) -> Result<Outcome> {
    let roots = roots.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>()?;
    let log = match key {
        None => Vec::new(),
        Some(given) if Path::new(given).is_file() => parse_keys(&std::fs::read_to_string(given)?).context("--key")?,
        Some(given) => parse_keys(given).context("--key")?,
    };
    let report = verify::evidence(file, &Anchors { roots, log, now });
    let mut checks = report.checks.clone();
    if let Some(path) = document {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let digest: String = sha256(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let holds = report.result.as_deref() == Some(digest.as_str());
        let says = if holds { "it is about this very file" } else { "it is about another file" };
        checks.push(Check { name: "document", holds: Some(holds), says: says.to_owned() });
    }
    let good = report.passed() && checks.iter().all(|check| check.holds != Some(false));
    let lines = checks.iter().map(|check| {
        let sign = check.holds.map_or('!', |holds| if holds { '✓' } else { '✗' });
        (sign, format!("{}: {}", check.name, check.says))
    });
    let mut lines: Vec<_> = lines.collect();
    let who = report.signer.clone().unwrap_or_else(|| "nobody".to_owned());
    let service = report.service.clone().unwrap_or_default();
    lines.push((if good { '✓' } else { '✗' }, format!("signed by {who} for {service}")));
    let json = as_json.then(|| {
        json!({
            "checks": checks.iter()
                .map(|check| json!({"holds": check.holds, "name": check.name, "says": check.says})).collect::<Vec<_>>(),
            "digests": report.digests,
            "indication": if good { "TOTAL-PASSED" } else { "TOTAL-FAILED" },
            "result": report.result,
            "service": report.service,
            "signed_at": report.at,
            "signer": report.signer,
            "title": report.title,
        })
    });
    Ok(Outcome { lines, json, good, advice: "give the root you trust by --trust, or do not rely on this evidence" })
}
