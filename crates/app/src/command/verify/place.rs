//! Where a log is: a folder here or an address far away.

use crate::start;
use anyhow::{Context, Result, bail};
use lionrock_gateway::client::{CallError, Client, Network, Reach};
use lionrock_ledger::source::{Directory, Error, Source};
use lionrock_ledger::tile;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// A folder or an address.
pub enum Place {
    Folder(Directory),
    Far(Box<Far>),
}

/// A published log read over HTTP.
pub struct Far {
    client: Client,
    runtime: Handle,
}

impl Place {
    /// Opens `DIR` or `URL`. The data folder of a platform stands for its `ledger` folder, a bare address for `/ledger`.
    pub fn open(text: &str, authority: Option<&Path>) -> Result<Place> {
        if text.starts_with("https://") || text.starts_with("http://") {
            return far(text, authority).map(|far| Place::Far(Box::new(far)));
        }
        let folder = Path::new(text);
        if !folder.is_dir() {
            bail!("{text} is neither a folder nor an http address");
        }
        let inner = folder.join(lionrock_service::ledger::FOLDER);
        let outer = !folder.join(tile::CHECKPOINT).exists() && inner.is_dir();
        Ok(Place::Folder(Directory::new(if outer { inner } else { folder.to_path_buf() })))
    }
}

impl Source for Place {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Place::Folder(folder) => folder.read(path),
            Place::Far(far) => far.runtime.block_on(fetch(far.client.clone(), path.to_owned())),
        }
    }

    fn read_all(&self, paths: &[String]) -> Vec<Result<Option<Vec<u8>>, Error>> {
        match self {
            Place::Folder(folder) => folder.read_all(paths),
            Place::Far(far) => {
                paths.chunks(AT_ONCE).flat_map(|some| far.runtime.block_on(fetch_all(&far.client, some))).collect()
            }
        }
    }
}

/// Requests under way at once.
const AT_ONCE: usize = 16;
/// A full bundle of the longest entries.
const LARGEST: usize = 256 * (2 + tile::LONGEST_ENTRY);

fn far(text: &str, authority: Option<&Path>) -> Result<Far> {
    let mut address: http::Uri = text.parse().with_context(|| format!("{text} is not an address"))?;
    if address.path().trim_matches('/').is_empty() {
        let whole = format!("{}/{}", text.trim_end_matches('/'), lionrock_service::ledger::FOLDER);
        address = whole.parse().with_context(|| format!("{text} is not an address"))?;
    }
    let host = address.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let reach = Reach {
        address,
        authorities: authority.map(start::certificates).transpose()?.unwrap_or_default(),
        network: if here { Network::Loopback } else { Network::Private },
        time_limit: Duration::from_secs(20),
        answer_limit: LARGEST,
    };
    let client = Client::new(reach).context("give --ca FILE with the authority of that server")?;
    Ok(Far { client, runtime: Handle::current() })
}

async fn fetch(client: Client, path: String) -> Result<Option<Vec<u8>>, Error> {
    let failed = |error: CallError| Error { path: path.clone(), reason: error.to_string() };
    Ok(client.fetch(&path).await.map_err(failed)?.map(Vec::from))
}

async fn fetch_all(client: &Client, paths: &[String]) -> Vec<Result<Option<Vec<u8>>, Error>> {
    let mut under_way = JoinSet::new();
    for (place, path) in paths.iter().enumerate() {
        let work = fetch(client.clone(), path.clone());
        under_way.spawn(async move { (place, work.await) });
    }
    let mut answers = under_way.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
