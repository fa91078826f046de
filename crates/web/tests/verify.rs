//! `/verify` before it reads: who has a place, and what is too large.

use std::future::Future as _;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, StatusCode, header};
use lionrock_web::listen::Peer;
use tower::ServiceExt;

use crate::stage::Stage;

fn post(peer: &str) -> http::request::Builder {
    let peer: SocketAddr = format!("{peer}:4711").parse().unwrap();
    Request::post("https://localhost:8443/verify")
        .extension(Peer(peer))
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=abc")
}

/// A body that never comes; whoever waits for it must not keep others out.
fn never() -> Body {
    Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>())
}

#[tokio::test]
async fn slow_senders_of_one_network_leave_room_for_others() {
    let stage = Stage::new().await;
    let site = stage.site();
    let slow: Vec<_> = (0..3).map(|_| site.clone().oneshot(post("192.0.2.1").body(never()).unwrap())).collect();
    let mut slow: Vec<_> = slow.into_iter().map(Box::pin).collect();
    for one in &mut slow {
        assert!(matches!(one.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending), "it waits");
    }
    let fourth = site.clone().oneshot(post("192.0.2.1").body(never()).unwrap()).await.unwrap();
    assert_eq!(fourth.status(), StatusCode::SERVICE_UNAVAILABLE);
    // Somebody else is read, and told that a form without a document is none.
    let other = site.clone().oneshot(post("192.0.2.2").body(Body::from("--abc--")).unwrap()).await.unwrap();
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Whoever goes away gives the place back.
    slow.pop();
    let fifth = pin!(site.clone().oneshot(post("192.0.2.1").body(Body::from("--abc--")).unwrap())).await.unwrap();
    assert_eq!(fifth.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_says_it_is_too_large_is_not_read() {
    let stage = Stage::new().await;
    let request = post("192.0.2.1").header(header::CONTENT_LENGTH, 1_u64 << 40).body(never()).unwrap();
    assert_eq!(stage.site().oneshot(request).await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
}
