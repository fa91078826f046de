//! `lionrock key init-module`: makes keys where they stay.

use crate::config::Pkcs11;
use crate::root_key;
use anyhow::{Context, Result};
use lionrock_model::realm::Realm;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    token: Pkcs11,
    /// The realm that keys other than the root are for: `production` or `test-NAME`.
    #[arg(long)]
    realm: Option<String>,
}

/// Makes the keys.
///
/// # Errors
/// When the module cannot be used, or has such a key already.
pub fn run(arguments: &Arguments) -> Result<()> {
    let realm = arguments.realm.as_deref().map(Realm::parse).transpose().context("--realm")?;
    root_key::init_in_module(&arguments.token, realm.as_ref())
}
