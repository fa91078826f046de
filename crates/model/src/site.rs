//! Site certificates: where a store or a backup stands, stated by two officers. Software cannot see a data centre; it can ask for
//! the statement, hold it to the endpoint it uses, and mind its end.

use crate::realm::Realm;
use crate::statement::{self, SECONDS_A_DAY, Span, StatementFault};
use crate::time::Millis;
use std::fmt;
use std::path::{Component, Path};
use std::time::Duration;

/// What kind of data centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The government's own.
    Government,
    /// Another's, on the premises of one tenant.
    Private,
    /// Shared with whoever pays.
    PublicCloud,
}

impl Class {
    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Government, Self::Private, Self::PublicCloud].into_iter().find(|class| class.word() == word)
    }

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Government => "government",
            Self::Private => "private",
            Self::PublicCloud => "public-cloud",
        }
    }
}

/// What a site certificate vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// The database.
    Store,
    /// Backups.
    Backup,
}

impl Holding {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Backup => "backup",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Store, Self::Backup].into_iter().find(|holding| holding.word() == word)
    }
}

/// Where something is kept, as this program reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A folder of this machine: itself and everything below it.
    Folder(String),
    /// A machine by name or address.
    Host(String),
    /// The folder of a Unix socket of this machine.
    Socket(String),
}

impl Endpoint {
    /// Reads `folder:/var/lib/lionrock`, `host:db.example.gov.hk` or `socket:/run/postgresql`. Paths are absolute and plain.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let plain = |path: &str| {
            let path = Path::new(path);
            path.is_absolute()
                && path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
        };
        match kind {
            "folder" if plain(rest) => Some(Self::Folder(rest.to_owned())),
            "socket" if plain(rest) => Some(Self::Socket(rest.to_owned())),
            "host" if !rest.is_empty() && !rest.contains(['/', ' ', ',']) => Some(Self::Host(rest.to_lowercase())),
            _ => None,
        }
    }

    /// Whether a certificate for this endpoint covers another: the same, or a folder below it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Folder(mine), Self::Folder(theirs)) => Path::new(theirs).starts_with(mine),
            _ => self == other,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "folder:{path}"),
            Self::Host(name) => write!(f, "host:{name}"),
            Self::Socket(path) => write!(f, "socket:{path}"),
        }
    }
}

/// A site certificate as two officers approved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteCertificate {
    /// What kind of data centre.
    pub class: Class,
    /// Country, ISO 3166-1 alpha-2.
    pub country: String,
    /// What is kept there.
    pub covers: Vec<Holding>,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Its own name.
    pub id: String,
    /// The operator of the hosts takes no snapshots of their memory or disks.
    pub no_snapshots: bool,
    /// The realm it was made for.
    pub realm: String,
    /// The site's name, as policy lists it.
    pub site: String,
    /// When it holds.
    pub span: Span,
}

impl SiteCertificate {
    /// Whether it holds now, here, for one of the allowed sites.
    ///
    /// # Errors
    /// The first thing wrong.
    pub fn judge(&self, realm: &Realm, now: Millis, allowed: &[String]) -> Result<(), StatementFault> {
        statement::same_realm(&self.realm, realm)?;
        if self.class != Class::Government {
            return Err(StatementFault::Content("its class is not a government data centre"));
        }
        if self.country != COUNTRY {
            return Err(StatementFault::Content("its country is not HK"));
        }
        if !self.no_snapshots {
            return Err(StatementFault::Content("it does not state that the hosts are never snapshotted"));
        }
        if !allowed.contains(&self.site) {
            return Err(StatementFault::Content("its site is not among site.allowed"));
        }
        self.span.judge(now, LONGEST)
    }

    /// Whether it vouches for this use of this endpoint.
    #[must_use]
    pub fn vouches(&self, holding: Holding, endpoint: &Endpoint) -> bool {
        self.covers.contains(&holding) && self.endpoints.iter().any(|mine| mine.covers(endpoint))
    }
}

/// Where residents' data may be.
pub const COUNTRY: &str = "HK";
/// The longest a site certificate can hold: looked at again every year.
pub const LONGEST: Duration = Duration::from_secs(366 * SECONDS_A_DAY);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn certificate() -> SiteCertificate {
        SiteCertificate {
            class: Class::Government,
            country: "HK".to_owned(),
            covers: vec![Holding::Store],
            endpoints: vec![Endpoint::parse("folder:/var/lib/lionrock").unwrap()],
            id: "s1".to_owned(),
            no_snapshots: true,
            realm: "production".to_owned(),
            site: "hk-1".to_owned(),
            span: Span { from: Millis(0), until: Millis(1_000) },
        }
    }

    #[test]
    fn only_an_allowed_government_site_in_hong_kong_without_snapshots_passes() {
        let allowed = ["hk-1".to_owned()];
        let judge = |change: fn(&mut SiteCertificate)| {
            let mut certificate = certificate();
            change(&mut certificate);
            certificate.judge(&Realm::Production, Millis(5), &allowed)
        };
        assert_eq!(judge(|_| {}), Ok(()));
        let spoilt: [fn(&mut SiteCertificate); 7] = [
            |it| it.class = Class::Private,
            |it| it.class = Class::PublicCloud,
            |it| it.country = "SG".to_owned(),
            |it| it.no_snapshots = false,
            |it| it.site = "hk-2".to_owned(),
            |it| it.realm = "test-demo".to_owned(),
            |it| it.span.until = Millis(5),
        ];
        for (place, change) in spoilt.into_iter().enumerate() {
            assert!(judge(change).is_err(), "change {place} passed");
        }
    }

    #[test]
    fn it_vouches_for_its_endpoints_and_folders_below_them() {
        let certificate = certificate();
        let vouches = |holding, text: &str| certificate.vouches(holding, &Endpoint::parse(text).unwrap());
        assert!(vouches(Holding::Store, "folder:/var/lib/lionrock"));
        assert!(vouches(Holding::Store, "folder:/var/lib/lionrock/data"));
        for other in ["folder:/var/lib", "folder:/var/lib/lionrock2", "socket:/var/lib/lionrock", "host:db.example"] {
            assert!(!vouches(Holding::Store, other), "{other}");
        }
        assert!(!vouches(Holding::Backup, "folder:/var/lib/lionrock"));
    }

    #[test]
    fn endpoints_are_absolute_and_plain() {
        for bad in ["", "db", "folder:data", "folder:/a/../b", "socket:x", "host:", "host:a/b", "cloud:bucket"] {
            assert_eq!(Endpoint::parse(bad), None, "{bad}");
        }
        assert_eq!(Endpoint::parse("host:DB.example").unwrap().to_string(), "host:db.example");
    }
}
