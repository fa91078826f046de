//! Synthetic officers: two of each role that acts by two, always in two units; and the door by which HTTP drivers use their keys.

mod door;

pub use door::{OfficerBook, door};

use lionrock_model::staff::{Place, Role};

/// A synthetic officer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synthetic {
    /// How drivers name them.
    pub slug: &'static str,
    /// Name.
    pub name: &'static str,
    /// Staff number.
    pub number: &'static str,
    /// Role.
    pub role: Role,
    /// Unit.
    pub unit: &'static str,
}

const fn officer(
    slug: &'static str,
    name: &'static str,
    number: &'static str,
    role: Role,
    unit: &'static str,
) -> Synthetic {
    Synthetic { slug, name, number, role, unit }
}

/// Everybody. Names are invented.
pub const OFFICERS: [Synthetic; 18] = [
    officer("auditor-a", "AU Test Ching", "T-901", Role::Auditor, "audit"),
    officer("ca-officer-a", "CHENG Test Ming", "T-101", Role::CaOfficer, "head-office"),
    officer("ca-officer-b", "CHUNG Test Yan", "T-102", Role::CaOfficer, "kwun-tong"),
    officer("counter-a", "NG Test Kei", "T-201", Role::Counter, "north-point"),
    officer("counter-b", "LAU Test Sum", "T-202", Role::Counter, "sha-tin"),
    officer("help-desk-a", "HO Test Wai", "T-301", Role::HelpDesk, "head-office"),
    officer("help-desk-b", "HUI Test Lok", "T-302", Role::HelpDesk, "kwun-tong"),
    officer("key-custodian-a", "KAN Test Hei", "T-401", Role::KeyCustodian, "head-office"),
    officer("key-custodian-b", "KO Test Yu", "T-402", Role::KeyCustodian, "kwun-tong"),
    officer("manager-a", "MA Test Fung", "T-501", Role::Manager, "head-office"),
    officer("manager-b", "MOK Test Ting", "T-502", Role::Manager, "kwun-tong"),
    officer("operator-a", "OR Test Chun", "T-601", Role::Operator, "head-office"),
    officer("operator-b", "OU Test Man", "T-602", Role::Operator, "kwun-tong"),
    officer("privacy-a", "PANG Test Nga", "T-701", Role::Privacy, "head-office"),
    officer("privacy-b", "POON Test Ho", "T-702", Role::Privacy, "kwun-tong"),
    officer("security-a", "SIU Test Kit", "T-801", Role::Security, "head-office"),
    officer("security-b", "SZE Test Long", "T-802", Role::Security, "kwun-tong"),
    officer("security-c", "SIN Test Yee", "T-803", Role::Security, "sha-tin-office"),
];

/// Their units, and what kind of place each is.
pub const UNITS: [(&str, Place); 6] = [
    ("audit", Place::Office),
    ("head-office", Place::Office),
    ("kwun-tong", Place::Office),
    ("north-point", Place::Counter),
    ("sha-tin", Place::Counter),
    ("sha-tin-office", Place::Office),
];

/// Model of their software keys.
pub const MODEL: [u8; 16] = *b"lionrock-test-01";
