//! Store addresses: `sqlite:PATH` and `postgres://…`.

use crate::Error;
use crate::tls::Tls;
use lionrock_model::site::Endpoint;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode};

/// Where a store is. Shows no password.
#[derive(Clone)]
pub enum Address {
    /// A SQLite file, and how many pages of 4 KiB it may grow to.
    Sqlite(PathBuf, Option<u32>),
    /// A PostgreSQL database.
    Postgres(Box<PostgresAddress>),
}

/// How to reach a PostgreSQL database.
#[derive(Clone)]
pub struct PostgresAddress {
    pub(crate) config: tokio_postgres::Config,
    pub(crate) pool: usize,
    pub(crate) tls: Option<Tls>,
}

/// Connections to one server when the address does not say `pool=N`.
const POOL: usize = 16;
/// How long a connection may take to be made.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`Error::Address`] with what to mend; it never repeats the address, which may hold a password.
    pub fn parse(url: &str) -> Result<Self, Error> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let (path, pages) = match path.split_once("?max_pages=") {
                Some((path, pages)) => (path, Some(page_count(pages)?)),
                None => (path, None),
            };
            if path.is_empty() || path.contains('\0') || path.starts_with(':') {
                return Err(wrong("sqlite: must be followed by the path of a file"));
            }
            return Ok(Self::Sqlite(PathBuf::from(path), pages));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(Box::new(postgres(url)?)));
        }
        Err(wrong("it must begin with sqlite: or postgres://"))
    }
}

impl PostgresAddress {
    /// The machines or socket folders it leads to.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Endpoint> {
        let named = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => Endpoint::Host(name.to_lowercase()),
            Host::Unix(folder) => Endpoint::Socket(folder.display().to_string()),
        });
        // Numbers given beside names are what is really reached.
        named.chain(self.config.get_hostaddrs().iter().map(|address| Endpoint::Host(address.to_string()))).collect()
    }

    /// The machines it would reach over a network without protection: none when there is TLS, and none of this machine's own.
    #[must_use]
    pub fn in_clear(&self) -> Vec<Endpoint> {
        if self.tls.is_some() {
            return Vec::new();
        }
        let own = |text: &str| {
            text == "localhost" || text.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        };
        let far = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Host(name) if !own(name));
        self.endpoints().into_iter().filter(far).collect()
    }

    /// The password, from the address or its file.
    #[must_use]
    pub fn password(&self) -> Option<&[u8]> {
        self.config.get_password()
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path, _) => write!(out, "sqlite:{}", path.display()),
            Self::Postgres(_) => out.write_str("postgres://…"),
        }
    }
}

fn postgres(url: &str) -> Result<PostgresAddress, Error> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut pool = POOL;
    let (mut password, mut mode, mut authorities) = (None, None, None);
    let mut kept = Vec::new();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("pool", count)) => pool = pool_size(count)?,
            Some(("password_file", path)) => password = Some(password_from(path)?),
            Some(("sslmode", word)) => mode = Some(word),
            Some(("sslrootcert", file)) => authorities = Some(file),
            _ => kept.push(option),
        }
    }
    let text = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    let mut config = tokio_postgres::Config::from_str(&text)
        .map_err(|_| wrong("PostgreSQL addresses look like postgres://USER@HOST:PORT/DATABASE?OPTION=VALUE"))?;
    if let Some(password) = password {
        config.password(password);
    }
    let tls = protection(mode, authorities)?;
    if tls.is_some() && config.get_hosts().iter().any(|host| matches!(host, Host::Unix(_))) {
        return Err(wrong("a Unix socket needs no TLS: leave sslmode out"));
    }
    config.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    // A statement that hangs must not hold a row for ever; comparing text by bytes and planning by index keep both
    // engines alike and serializable transactions from clashing over whole tables.
    // The server itself ends a session that stands still between two statements, so that nothing sealed long ago is committed
    // ([`LONGEST_WRITE`](crate::LONGEST_WRITE)); the address cannot say otherwise, since the last word counts.
    let limits = "-c statement_timeout=15s -c lock_timeout=10s -c idle_in_transaction_session_timeout=10s \
                  -c enable_seqscan=off -c client_encoding=UTF8";
    let options = config.get_options().map_or(limits.to_owned(), |own| format!("{own} {limits}"));
    config.options(&options).application_name("lionrock");
    config.keepalives_idle(Duration::from_secs(30)).tcp_user_timeout(Duration::from_secs(20));
    Ok(PostgresAddress { config, pool, tls })
}

/// What `sslmode` and `sslrootcert` ask for.
fn protection(mode: Option<&str>, authorities: Option<&str>) -> Result<Option<Tls>, Error> {
    let named = match mode {
        None | Some("disable") if authorities.is_none() => return Ok(None),
        None | Some("disable") => return Err(wrong("sslrootcert needs sslmode=verify-full")),
        Some("verify-full") => true,
        Some("require" | "verify-ca") => false,
        Some(_) => {
            return Err(wrong("sslmode must be verify-full, require (any name the authority vouches for) or disable"));
        }
    };
    let authorities = authorities
        .ok_or_else(|| wrong("TLS without looking at the certificate protects from nobody: name sslrootcert=FILE"))?;
    Tls::new(authorities, named).map(Some)
}

fn page_count(text: &str) -> Result<u32, Error> {
    match text.parse() {
        Ok(pages @ 64..=u32::MAX) => Ok(pages),
        _ => Err(wrong("max_pages must be a number of at least 64: pages of 4 KiB")),
    }
}

fn pool_size(text: &str) -> Result<usize, Error> {
    match text.parse() {
        Ok(size @ 1..=200) => Ok(size),
        _ => Err(wrong("pool must be a number from 1 to 200")),
    }
}

/// The first line of the file.
fn password_from(path: &str) -> Result<String, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(&format!("password_file {path} cannot be read: {}", error.kind())))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(wrong(&format!("password_file {path} is empty"))),
    }
}

fn wrong(what: &str) -> Error {
    Error::Address { what: what.to_owned() }
}
