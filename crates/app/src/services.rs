//! The file that declares online services: one `[[service]]` each, checked before the server starts.

use crate::root_key::unhex;
use anyhow::{Context, Result, bail};
use lionrock_model::id::ServiceId;
use lionrock_model::policy::Field;
use lionrock_model::realm::Realm;
use lionrock_model::service::{Authentication, Declaration, Profile, Service, Wanted, Words};
use lionrock_model::staff::Identity;
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "service")]
    services: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    #[serde(default)]
    profile: Strictness,
    name: Texts,
    purpose: Texts,
    redirect_uris: Vec<String>,
    #[serde(default)]
    origins: Vec<String>,
    #[serde(default)]
    fields: Vec<FieldEntry>,
    /// Whether it may use the Cloud Signature Consortium API.
    #[serde(default)]
    csc: bool,
    /// Whether it acts for a Government department.
    #[serde(default)]
    government: bool,
    /// A JWK Set in a file beside this one.
    #[serde(default)]
    jwks_file: Option<PathBuf>,
    /// Hexadecimal SHA-256 of a shared secret of at least 128 random bits.
    #[serde(default)]
    secret_sha256: Option<String>,
    /// What those are who run it: a role of staff.
    #[serde(default)]
    role: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Strictness {
    #[default]
    Fapi,
    Plain,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    en: String,
    #[serde(rename = "zh-Hant")]
    zh_hant: String,
    #[serde(rename = "zh-Hans")]
    zh_hans: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldEntry {
    field: String,
    #[serde(default)]
    essential: bool,
}

/// Reads a file of services.
///
/// # Errors
/// Names the file, the service and what to mend.
pub fn read(path: &Path, realm: &Realm) -> Result<Vec<Service>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file: File = toml::from_str(&text).with_context(|| format!("{} declares no services", path.display()))?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut services: Vec<Service> = Vec::new();
    for entry in file.services {
        let name = entry.id.clone();
        let service = declare(entry, folder, realm).with_context(|| format!("service {name:?}"))?;
        if services.iter().any(|other| other.id() == service.id()) {
            bail!("service {name:?} is declared twice in {}", path.display());
        }
        services.push(service);
    }
    Ok(services)
}

fn declare(entry: Entry, folder: &Path, realm: &Realm) -> Result<Service> {
    if let Some(word) = &entry.role {
        Identity::parse(word, realm)?;
    }
    let fields = entry.fields.into_iter().map(|wanted| {
        let field =
            Field::from_word(&wanted.field).with_context(|| format!("no field is called {:?}", wanted.field))?;
        Ok(Wanted { essential: wanted.essential, field })
    });
    let declared = Declaration {
        authentication: authentication(entry.jwks_file.as_deref(), entry.secret_sha256.as_deref(), folder)?,
        csc: entry.csc,
        fields: fields.collect::<Result<_>>()?,
        government: entry.government,
        id: ServiceId::parse(&entry.id)?,
        name: words(entry.name),
        origins: entry.origins,
        profile: match entry.profile {
            Strictness::Fapi => Profile::Fapi,
            Strictness::Plain => Profile::Plain,
        },
        purpose: words(entry.purpose),
        redirect_uris: entry.redirect_uris,
    };
    Ok(Service::new(declared, realm)?)
}

fn authentication(jwks: Option<&Path>, digest: Option<&str>, folder: &Path) -> Result<Authentication> {
    Ok(match (jwks, digest) {
        (Some(_), Some(_)) => bail!("give either jwks_file or secret_sha256"),
        (Some(file), None) => {
            let path = folder.join(file);
            let jwks = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            lionrock_wire::jose::JwkSet::parse(jwks.as_bytes())
                .with_context(|| format!("{} is not a set of public keys", path.display()))?;
            Authentication::Keys { jwks }
        }
        (None, Some(hex)) => {
            Authentication::Secret { digest: unhex(hex).context("secret_sha256 must be 64 hexadecimal digits")? }
        }
        (None, None) => Authentication::Public,
    })
}

fn words(texts: Texts) -> Words {
    Words { en: texts.en, zh_hans: texts.zh_hans, zh_hant: texts.zh_hant }
}
