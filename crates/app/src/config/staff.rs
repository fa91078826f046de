//! `[staff]`: the staff house, where its units sit and when they work, and which security keys it takes.
//!
//! Roles and what they may do are not here: they come with a release.

use anyhow::{Context, Result, bail};
use lionrock_model::staff::{Network, Place, Unit};
use lionrock_pki::certificate::Certificate;
use lionrock_service::staff::{House, UnitPlace};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The staff house.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Scheme, host and port officers reach it by; another host than residents' in production.
    pub origin: String,
    /// Certificates of makers of security keys, PEM, one a file: only keys they vouch for are taken.
    pub attestation_roots: Vec<PathBuf>,
    /// Models of security keys that are taken, by their AAGUID.
    pub models: Vec<String>,
    /// Where officers work.
    #[serde(default, rename = "unit")]
    pub units: Vec<UnitEntry>,
}

/// A unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UnitEntry {
    /// Its word: `north-point`.
    pub name: String,
    /// `counter` or `office`.
    pub kind: String,
    /// First working hour and first hour after work, Hong Kong time: `[9, 18]`.
    pub hours: [u8; 2],
    /// Its networks: `10.1.0.0/16`.
    pub networks: Vec<String>,
}

impl Staff {
    /// The host of the origin.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.origin.trim_start_matches("https://");
        host.split([':', '/']).next().unwrap_or_default().to_owned()
    }

    /// Reads everything it names.
    ///
    /// # Errors
    /// Names the member to mend.
    pub fn house(&self) -> Result<House> {
        if !self.origin.starts_with("https://") || self.origin.ends_with('/') {
            bail!("staff.origin must begin with https:// and not end in a slash");
        }
        let roots = self.attestation_roots.iter().map(|file| {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("staff.attestation_roots: cannot read {}", file.display()))?;
            let root = Certificate::from_pem(&text)
                .with_context(|| format!("staff.attestation_roots: {} holds no certificate", file.display()))?;
            Ok(root.der().to_vec())
        });
        let models = self.models.iter().map(|text| {
            let read = uuid(text).with_context(|| format!("staff.models: {text:?} is no AAGUID"))?;
            if read == [0; 16] {
                bail!("staff.models: a model of nothing but zeros is no model");
            }
            Ok(read)
        });
        let mut units: Vec<UnitPlace> = Vec::new();
        for entry in &self.units {
            let place = entry.place()?;
            if units.iter().any(|other| other.unit == place.unit) {
                bail!("staff.unit {:?} is named twice", entry.name);
            }
            units.push(place);
        }
        Ok(House {
            origin: self.origin.clone(),
            rp_id: self.host(),
            units,
            roots: roots.collect::<Result<_>>()?,
            models: models.collect::<Result<_>>()?,
        })
    }
}

impl UnitEntry {
    fn place(&self) -> Result<UnitPlace> {
        let named = || format!("staff.unit {:?}", self.name);
        let kind = [Place::Counter, Place::Office].into_iter().find(|kind| kind.word() == self.kind);
        let [opens, closes] = self.hours;
        if opens >= closes || closes > 24 {
            bail!("{}: hours must be two hours of a day, such as [9, 18]", named());
        }
        let networks = self.networks.iter().map(|text| {
            Network::parse(text).with_context(|| format!("{}: {text:?} is no network such as 10.1.0.0/16", named()))
        });
        Ok(UnitPlace {
            unit: Unit::parse(&self.name).with_context(named)?,
            kind: kind.with_context(|| format!("{}: kind must be counter or office", named()))?,
            opens,
            closes,
            networks: networks.collect::<Result<_>>()?,
        })
    }
}

/// Sixteen bytes, written as hexadecimal with or without hyphens.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let plain: String = text.chars().filter(|c| *c != '-').collect();
    if plain.len() != 32 || !plain.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        (0..16).map(|at| u8::from_str_radix(plain.get(2 * at..2 * at + 2)?, 16).ok()).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn staff() -> Staff {
        toml::from_str(
            "listen = \"127.0.0.1:8445\"\norigin = \"https://staff.example.hk\"\nattestation_roots = []\n\
             models = [\"cb69481e-8ff7-4039-93ec-0a2729a154a8\"]\n\
             [[unit]]\nname = \"north-point\"\nkind = \"counter\"\nhours = [9, 18]\nnetworks = [\"10.1.0.0/16\"]\n",
        )
        .unwrap()
    }

    #[test]
    fn a_house_is_read_and_what_cannot_be_meant_is_refused() {
        let house = staff().house().unwrap();
        assert_eq!((house.rp_id.as_str(), house.models[0][0], house.units.len()), ("staff.example.hk", 0xcb, 1));
        let refused = |change: fn(&mut Staff)| {
            let mut staff = staff();
            change(&mut staff);
            staff.house().is_err()
        };
        assert!(refused(|staff| staff.origin = "http://staff.example.hk".to_owned()));
        assert!(refused(|staff| staff.models = vec!["0".repeat(32)]));
        assert!(refused(|staff| staff.models = vec!["yubikey".to_owned()]));
        assert!(refused(|staff| staff.units[0].hours = [18, 9]));
        assert!(refused(|staff| staff.units[0].kind = "home".to_owned()));
        assert!(refused(|staff| staff.units[0].networks = vec!["everywhere".to_owned()]));
        assert!(refused(|staff| staff.units.push(staff.units[0].clone())));
        assert!(refused(|staff| staff.attestation_roots = vec!["/nowhere".into()]));
    }
}
