//! Figures for Prometheus. Route templates only: no id, no address, nothing of a person becomes a label.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::{Answer, AppState, Failure, Visit};

type Labels = Vec<(&'static str, String)>;

/// The counters of the edge, and whatever else the program registers.
pub struct Metrics {
    registry: std::sync::Mutex<Registry>,
    requests: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram>,
    running: Gauge,
    policy_reports: Counter,
}

/// Counts a request as running until dropped.
pub struct Running(Gauge);

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("lionrock");
        let requests = Family::<Labels, Counter>::default();
        let seconds =
            Family::<Labels, Histogram>::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.5, 10)));
        let running = Gauge::default();
        registry.register("http_requests", "Requests answered, by route template, method and status", requests.clone());
        registry.register("http_request_seconds", "Time to the head of the answer, by route template", seconds.clone());
        registry.register("http_requests_running", "Requests being answered now", running.clone());
        let policy_reports = Counter::default();
        let help = "Reports of browsers that the content policy stopped something";
        registry.register("content_policy_reports", help, policy_reports.clone());
        Self { registry: registry.into(), requests, seconds, running, policy_reports }
    }

    /// Adds a counter whose value is kept elsewhere, under `lionrock_NAME`.
    pub fn register(&self, name: &str, help: &str, counter: Counter<u64, AtomicU64>) {
        self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner).register(name, help, counter);
    }

    pub(crate) fn running(&self) -> Running {
        self.running.inc();
        Running(self.running.clone())
    }

    pub(crate) fn count(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        // A method is free text on the wire; only the known ones become a label.
        let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS];
        let method = if known.contains(method) { method.as_str() } else { "other" };
        let labels =
            vec![("route", route.to_owned()), ("method", method.to_owned()), ("status", status.as_str().to_owned())];
        self.requests.get_or_create(&labels).inc();
        self.seconds.get_or_create(&vec![("route", route.to_owned())]).observe(took.as_secs_f64());
    }

    /// All of them, as OpenMetrics text.
    ///
    /// # Errors
    /// When the text cannot be put together.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner))?;
        Ok(text)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// `POST /csp-report`: a browser says that the content policy stopped something. Counted only: the report names addresses a person visited.
pub async fn policy_report(State(state): State<AppState>) -> StatusCode {
    state.edge.metrics.policy_reports.inc();
    StatusCode::NO_CONTENT
}

/// `GET /metrics`, for peers on this machine only.
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    if !visit.caller.address.is_some_and(|address| address.to_canonical().is_loopback()) {
        return Err(Failure::of("loopback-only"));
    }
    let text = state.edge.metrics.text().map_err(|_| Failure::of("fault"))?;
    let text = text.replace("# EOF\n", &format!("{}# EOF\n", platform(&state)));
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let response: Response = ([(header::CONTENT_TYPE, kind)], text).into_response();
    Ok(response)
}

/// Counters that the platform keeps itself, in the text form.
fn platform(state: &AppState) -> String {
    let store = state.platform.store.figures();
    let counters = [
        ("store_fsyncs", "Durable commits of the store", store.fsyncs),
        ("store_writes", "Write transactions committed", store.writes),
        ("store_reads", "Read transactions", store.reads),
        ("store_retries", "Write transactions run again after a lost race", store.retries),
        ("store_failures", "Transactions that failed because the store was full, busy or away", store.failures),
        ("ledger_entries", "Entries under the published checkpoint", state.platform.ledger.standing().published),
    ];
    let lines = counters.map(|(name, help, value)| {
        format!("# HELP lionrock_{name} {help}.\n# TYPE lionrock_{name} counter\nlionrock_{name}_total {value}\n")
    });
    lines.concat() + &witnesses(state)
}

/// How old the newest cosignature of the ledger is: whole seconds; nothing where no witness is configured.
fn witnesses(state: &AppState) -> String {
    let ledger = &state.platform.ledger;
    if ledger.witnesses().is_empty() {
        return String::new();
    }
    let now = (state.edge.clock)();
    let lag = ledger.witnessing().map_or(-1, |last| now.0.saturating_sub(last.at.0) / 1000);
    let name = "lionrock_ledger_witness_lag_seconds";
    format!(
        "# HELP {name} Age of the newest cosignature of a witness, -1 before the first.\n# TYPE {name} gauge\n{name} {lag}\n"
    )
}
