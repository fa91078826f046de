//! Does a cloud answer? Machines of public clouds find a metadata service at fixed link-local addresses; in a data centre of one's
//! own nobody is there.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// Where the clouds' metadata services are: the address all of them share, and the IPv6 one.
#[must_use]
pub fn addresses() -> Vec<SocketAddr> {
    let v4 = SocketAddr::from(([169, 254, 169, 254], 80));
    let v6 = SocketAddr::from(([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 80));
    vec![v4, v6]
}

/// The first of the addresses where anything accepts a connection. What it would say does not matter: nothing of ours is sent to it.
pub async fn answers(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    for address in addresses {
        #[allow(clippy::disallowed_methods, reason = "this crate opens outgoing connections")]
        let tried = tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await;
        if matches!(tried, Ok(Ok(_))) {
            return Some(*address);
        }
    }
    None
}

/// A metadata service is one hop away.
const PATIENCE: Duration = Duration::from_millis(500);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn whoever_accepts_a_connection_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let cloud = listener.local_addr().unwrap();
        let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
        assert_eq!(answers(&[nobody, cloud]).await, Some(cloud));
        assert_eq!(answers(&[nobody]).await, None);
        assert_eq!(answers(&[]).await, None);
        assert_eq!(addresses().len(), 2);
    }
}
