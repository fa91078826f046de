//! Members of the configuration about the certificate authority.

use lionrock_model::realm::Realm;
use lionrock_service::authority::Setup;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The certificate authority: its name, and where its status is found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Address and port of the listener without TLS that serves `/pki/…` and nothing else; none when absent.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
    /// How that listener is reached: `http://pki.example.gov.hk`. It stands in every certificate.
    #[serde(default)]
    pub address: Option<String>,
    /// Two letters of ISO 3166-1; `HK` when absent.
    #[serde(default)]
    pub country: Option<String>,
    /// The legal name.
    #[serde(default)]
    pub organisation: Option<String>,
    /// The number in a register: `NTRHK-12345678`.
    #[serde(default)]
    pub identifier: Option<String>,
    /// The arc under which policies are numbered.
    #[serde(default)]
    pub policies: Option<String>,
    /// By which notice the authority is recognised (section 21 of the Electronic Transactions Ordinance); services of the government
    /// take no signature without. Empty for none; a test realm without it counts as recognised.
    #[serde(default)]
    pub recognised: Option<String>,
    /// Days a resident's certificate is valid.
    #[serde(default)]
    pub resident_days: Option<u32>,
    /// The root this deployment stands under, PEM: what the store has must be this one. Production has it.
    #[serde(default)]
    pub root: Option<PathBuf>,
}

impl Authority {
    /// What the platform is told.
    #[must_use]
    pub fn setup(&self) -> Setup {
        let own = Setup::default();
        let listened = self.listen.map(|listen| format!("http://{listen}"));
        Setup {
            address: self.address.clone().or(listened).unwrap_or(own.address),
            country: self.country.clone().unwrap_or(own.country),
            identifier: self.identifier.clone().unwrap_or(own.identifier),
            organisation: self.organisation.clone().unwrap_or(own.organisation),
            policies: self.policies.clone().unwrap_or(own.policies),
            recognised: self.recognised.clone().unwrap_or(own.recognised),
            resident_days: self.resident_days.unwrap_or(own.resident_days),
        }
    }

    /// What is wrong in a realm, in words for the operator.
    #[must_use]
    pub fn faults(&self, realm: &Realm) -> Vec<String> {
        let mut wrong = self.setup().faults(realm);
        if !realm.is_test() {
            let given = [
                ("address", self.address.is_some()),
                ("identifier", self.identifier.is_some()),
                ("organisation", self.organisation.is_some()),
                ("policies", self.policies.is_some()),
                ("root", self.root.is_some()),
            ];
            let missing: Vec<_> = given.iter().filter(|(_, given)| !given).map(|(name, _)| *name).collect();
            if !missing.is_empty() {
                wrong.push(format!("[authority] must give {}", missing.join(", ")));
            }
        }
        wrong
    }
}
