//! Notices over HTTP: the adapter and a push service that takes them, refuses them, or is away.

use lionrock_gateway::client::{Client, Network, Reach};
use lionrock_gateway::push::HttpPush;
use lionrock_model::id::ResidentId;
use lionrock_model::language::Language;
use lionrock_model::time::Millis;
use lionrock_rehearsal::push::PushStandIn;
use lionrock_service::port::{Notice, Push as _, PushError};
use std::time::Duration;

#[tokio::test]
async fn a_notice_says_that_there_is_something_and_not_what() {
    let stand_in = PushStandIn::start().await.unwrap();
    let reach = Reach {
        address: stand_in.url().parse().unwrap(),
        authorities: Vec::new(),
        network: Network::Loopback,
        time_limit: Duration::from_secs(2),
        answer_limit: 1024,
    };
    let push = HttpPush::new(Client::new(reach).unwrap());
    let account = ResidentId::new(Millis(1_795_430_000_000), [7; 10]);
    let notice = Notice {
        id: "n-1".to_owned(),
        account,
        news: "record-read".to_owned(),
        language: Language::ZhHant,
        at: Millis(1_795_430_000_000),
    };
    assert_eq!(push.send(&notice).await, Ok(()));
    let members: Vec<_> = stand_in.taken()[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["account", "at", "id", "language", "news"], "and nothing else");
    assert_eq!(stand_in.taken()[0]["account"], account.to_string());
    for (status, outcome) in
        [(503, PushError::Later), (429, PushError::Later), (408, PushError::Later), (410, PushError::Refused)]
    {
        stand_in.answer(status);
        assert_eq!(push.send(&notice).await, Err(outcome), "{status}");
    }
    assert_eq!(stand_in.taken().len(), 1);
    drop(stand_in);
    assert_eq!(push.send(&notice).await, Err(PushError::Later), "nobody answers");
}
