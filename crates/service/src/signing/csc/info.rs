//! info: what this server does of the API, and nothing that it does not.

use crate::{Fault, Platform, authority};
use lionrock_model::language::Language;
use serde_json::{Value, json};
use std::sync::Arc;

/// The version of the specification.
pub const SPECIFICATION: &str = "2.0.0.2";
/// The methods there are.
pub const METHODS: &[&str] = &[
    "info",
    "oauth2/authorize",
    "oauth2/pushed_authorize",
    "oauth2/token",
    "credentials/list",
    "credentials/info",
    "signatures/signHash",
    "signatures/signDoc",
    "signatures/timestamp",
];

/// What this server does. Without a certificate authority nothing is signed, and no method but this one is named.
///
/// # Errors
/// Of the store.
pub async fn info(platform: &Arc<Platform>, language: Language) -> Result<Value, Fault> {
    let stands = authority::chain(platform).await?.is_some();
    let asked = platform.settings.services.iter().any(lionrock_model::service::Service::is_csc);
    let methods = if stands && asked { METHODS } else { &["info"] };
    let issuer = &platform.settings.issuer;
    let description = match language {
        Language::En => "Signatures that only the resident’s own passkey can make",
        Language::ZhHans => "只有市民自己的通行密钥才能作出的签署",
        Language::ZhHant => "只有市民自己的通行密鑰才能作出的簽署",
    };
    Ok(json!({
        "asynchronousOperationMode": false,
        "authType": ["oauth2code"],
        "conformance_levels": ["AdES-B-B", "AdES-B-T", "AdES-B-LT"],
        "description": description,
        "lang": language.tag(),
        "logo": format!("{issuer}/static/mark.png"),
        "methods": methods,
        "name": "Lionrock",
        "oauth2": format!("{issuer}/csc/v2"),
        "region": "HK",
        "signAlgorithms": {
            "algos": ["1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.1"],
        },
        "signature_formats": {"envelope_properties": [["Detached"], ["Revision"]], "formats": ["C", "P"]},
        "specs": SPECIFICATION,
        "supportedHashTypes": ["dtbsr", "sodr"],
        "supportsRar": true,
        "validationInfo": false,
    }))
}
