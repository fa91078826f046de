//! What time others say it is: SNTP (RFC 4330, RFC 5905 section 14), the median of the answers.

use rsntp::{AsyncSntpClient, Config};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::task::JoinSet;

/// How long one source is waited for.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// What the sources say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// How many answered.
    pub answers: usize,
    /// Median of what this machine's clock lacks, in milliseconds; negative when it is ahead.
    pub behind_ms: i64,
}

/// Asks all sources (`HOST` or `HOST:PORT`) at once; `None` when none answers. Sources at addresses
/// that are not admitted are not asked.
pub async fn ask(sources: &[String], admits: fn(IpAddr) -> bool) -> Option<Reading> {
    let mut asked = JoinSet::new();
    for source in sources.iter().cloned() {
        asked.spawn(one(source, admits));
    }
    let mut offsets: Vec<i64> = asked.join_all().await.into_iter().flatten().collect();
    offsets.sort_unstable();
    // Of two, the one further away from ours: the doubt goes against the clock.
    let behind_ms = match offsets.as_slice() {
        [one, other] => *if one.unsigned_abs() > other.unsigned_abs() { one } else { other },
        all => *all.get(all.len() / 2)?,
    };
    Some(Reading { answers: offsets.len(), behind_ms })
}

async fn one(source: String, admits: fn(IpAddr) -> bool) -> Option<i64> {
    let place = if has_port(&source) { source } else { format!("{source}:{PORT}") };
    let mut found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host(place)).await.ok()?.ok()?;
    let address = found.find(|address| admits(address.ip()))?;
    let own: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let settings = Config::default().bind_address(SocketAddr::new(own, 0)).timeout(PATIENCE);
    let answer = AsyncSntpClient::with_config(settings).synchronize(address).await.ok()?;
    let seconds = answer.clock_offset().as_secs_f64();
    #[allow(clippy::cast_possible_truncation)] // checked: a million years are enough
    (seconds.abs() < 3e13).then_some((seconds * 1000.0).round() as i64)
}

fn has_port(source: &str) -> bool {
    source
        .rsplit_once(':')
        .is_some_and(|(host, port)| port.parse::<u16>().is_ok() && (!host.contains(':') || host.ends_with(']')))
}

const PORT: u16 = 123;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[allow(clippy::disallowed_methods, reason = "a time server tells the time")]
mod tests {
    use super::*;
    use std::time::{SystemTime, UNIX_EPOCH};
    use tokio::net::UdpSocket;

    /// A time server on loopback that is this much ahead of the machine's clock.
    async fn server(ahead: f64, leap_alarm: bool) -> String {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let mut packet = [0_u8; 48];
            loop {
                let (_, from) = socket.recv_from(&mut packet).await.unwrap();
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
                let stamp = (((since + ahead + 2_208_988_800.0) * 4_294_967_296.0) as u128 as u64).to_be_bytes();
                let mut answer = [0_u8; 48];
                answer[0] = if leap_alarm { 0b1110_0100 } else { 0b0010_0100 };
                answer[1] = 1;
                answer[12..16].copy_from_slice(b"TEST");
                answer[24..32].copy_from_slice(&packet[40..48]);
                answer[32..40].copy_from_slice(&stamp);
                answer[40..48].copy_from_slice(&stamp);
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        address
    }

    async fn reading(sources: &[String]) -> Option<Reading> {
        ask(sources, |address| address.is_loopback()).await
    }

    #[tokio::test]
    async fn the_median_of_the_answers_counts_and_silence_is_no_answer() {
        let (right, late, wild) = (server(0.0, false).await, server(2.5, false).await, server(-900.0, false).await);
        let one = reading(std::slice::from_ref(&right)).await.unwrap();
        assert!(one.answers == 1 && one.behind_ms.abs() < 500, "{one:?}");
        let two = reading(std::slice::from_ref(&late)).await.unwrap();
        assert!((2_000..3_000).contains(&two.behind_ms), "{two:?}");
        // One liar among three changes nothing; among two it is believed, because nobody outvotes it.
        let three = reading(&[right.clone(), wild.clone(), right.clone()]).await.unwrap();
        assert!(three.answers == 3 && three.behind_ms.abs() < 500, "{three:?}");
        assert!(reading(&[right, wild]).await.unwrap().behind_ms < -800_000);
        assert_eq!(reading(&["127.0.0.1:9".to_owned()]).await, None);
        assert_eq!(reading(&[]).await, None);
    }

    #[tokio::test]
    async fn a_server_that_is_not_in_time_itself_and_one_outside_the_network_are_not_believed() {
        let alarmed = server(0.0, true).await;
        assert_eq!(reading(&[alarmed]).await, None);
        let right = server(0.0, false).await;
        assert_eq!(ask(&[right], |address| !address.is_loopback()).await, None, "this machine cannot vouch for itself");
    }

    #[test]
    fn ports_are_recognised() {
        assert!(has_port("time.example:123") && has_port("[::1]:123"));
        assert!(!has_port("time.example") && !has_port("2001:db8::7b"));
    }
}
