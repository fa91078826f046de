//! What every handler shares.

use std::sync::Arc;
use std::time::Duration;

use lionrock_model::time::Millis;
use lionrock_service::Platform;
use lionrock_service::caller::Entropy;

use crate::layers::rate::Rates;
use crate::metrics::Metrics;
use crate::oauth::Guesses;
use crate::verify::upload::Uploads;

/// The platform and the edge; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// For use cases.
    pub platform: Arc<Platform>,
    /// What belongs to HTTP only.
    pub edge: Arc<Edge>,
}

/// What belongs to HTTP only.
pub struct Edge {
    /// As given.
    pub settings: EdgeSettings,
    /// Scheme, host and port people reach us by, without a slash at the end.
    pub origin: String,
    /// Host and port of the origin, as a `Host` header carries them.
    pub host: String,
    /// Whether this is the staff house.
    pub staff: bool,
    /// Counters for `/metrics`.
    pub metrics: Metrics,
    pub(crate) rates: Rates,
    pub(crate) guesses: Guesses,
    pub(crate) uploads: Uploads,
    pub(crate) clock: Clock,
    pub(crate) entropy: Arc<dyn Entropy>,
}

/// Tells the time; the program passes the system's, tests their own.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// Limits of the edge; the defaults suit one machine on the open internet.
#[derive(Clone, Debug)]
pub struct EdgeSettings {
    /// Requests a second one address may keep up. A load generator needs more.
    pub requests_per_second: u32,
    /// Requests one address may send at once before the rate counts.
    pub request_burst: u32,
    /// State changes a minute one address may keep up.
    pub changes_per_minute: u32,
    /// State changes one address may send at once before the rate counts.
    pub change_burst: u32,
    /// From the head of a request to its answer.
    pub time: Duration,
    /// The largest body a route takes unless it says otherwise, in bytes.
    pub body: usize,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self {
            requests_per_second: 50,
            request_burst: 400,
            changes_per_minute: 120,
            change_burst: 120,
            time: Duration::from_secs(30),
            body: 64 * 1024,
        }
    }
}

impl AppState {
    /// Puts the two together. The origin is the platform's issuer.
    pub fn new(platform: Arc<Platform>, settings: EdgeSettings, clock: Clock, entropy: Arc<dyn Entropy>) -> Self {
        let origin = platform.settings.issuer.clone();
        Self::at(platform, settings, clock, entropy, origin, false)
    }

    /// The staff house, when the platform has one: another origin over the same platform.
    pub fn staff(
        platform: Arc<Platform>,
        settings: EdgeSettings,
        clock: Clock,
        entropy: Arc<dyn Entropy>,
    ) -> Option<Self> {
        let origin = platform.settings.staff.as_ref()?.origin.clone();
        Some(Self::at(platform, settings, clock, entropy, origin, true))
    }

    fn at(
        platform: Arc<Platform>,
        settings: EdgeSettings,
        clock: Clock,
        entropy: Arc<dyn Entropy>,
        origin: String,
        staff: bool,
    ) -> Self {
        let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host).to_owned();
        let rates = Rates::new(&settings);
        Self {
            platform,
            edge: Arc::new(Edge {
                settings,
                origin,
                host,
                staff,
                metrics: Metrics::new(),
                rates,
                guesses: Guesses::default(),
                uploads: Uploads::default(),
                clock,
                entropy,
            }),
        }
    }
}

impl Edge {
    /// Each part and whether it is well.
    pub(crate) async fn readiness(platform: &Platform, now: Millis) -> [(&'static str, bool); 3] {
        let last_round = platform.ledger.standing().last_round;
        let fresh = last_round.is_some_and(|at| now.since(Millis(at)) < LEDGER_AGE);
        let store = lionrock_service::health::store_answers(platform).await;
        [("store", store), ("ledger", fresh), ("gate", platform.gate.open())]
    }
}

/// The log goes on every second; older than this, something keeps it from being published.
const LEDGER_AGE: Duration = Duration::from_secs(10);
