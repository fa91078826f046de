//! Requests, codes and assertions count once; pseudonyms stay and differ.

use lionrock_model::id::{ConsentId, CredentialId, ResidentId};
use lionrock_model::oidc::Pseudonym;
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;
use lionrock_store::consent::{self, Consent};
use lionrock_store::oidc_grant::{self, Access, Grant};
use lionrock_store::oidc_request::{self, Request};
use lionrock_store::{Error, Store, oidc_assertion, oidc_pseudonym};
use lionrock_testkit::both_engines;

fn resident(n: u8) -> ResidentId {
    ResidentId::new(Millis(1), [n; 10])
}

fn request() -> Request {
    Request {
        handle: [1; 32],
        service: "library".to_owned(),
        redirect_uri: "https://library.example/cb".to_owned(),
        scope: "openid email".to_owned(),
        state: Some("s".to_owned()),
        nonce: None,
        challenge: [2; 32],
        prompt: String::new(),
        max_age: Some(60),
        salt: [3; 32],
        created_at: Millis(1_000),
        expires_at: Millis(2_000),
        used_at: None,
        proof: Some([6; 32]),
        signing: None,
    }
}

fn grant() -> Grant {
    Grant {
        code: [4; 32],
        service: "library".to_owned(),
        resident: resident(1),
        consent: ConsentId::new(Millis(1), [0; 10]),
        sub: "A".repeat(43),
        scope: "openid".to_owned(),
        redirect_uri: "https://library.example/cb".to_owned(),
        nonce: Some("n".to_owned()),
        challenge: [2; 32],
        authenticated_at: Millis(900),
        acr: "phr".to_owned(),
        issued_at: Millis(1_000),
        expires_at: Millis(2_000),
        used_at: None,
        access_expires_at: None,
        revoked_at: None,
        fields: vec![Field::Email, Field::Birth],
        proof: Some([6; 32]),
        access_proof: None,
        signing: None,
    }
}

fn token(word: u8, until: i64) -> Access {
    Access { digest: [word; 32], expires_at: Millis(until), proof: [7; 32] }
}

/// The consent the grant stands on.
fn approval() -> Consent {
    Consent {
        id: grant().consent,
        resident: resident(1),
        service: "library".to_owned(),
        fields: Vec::new(),
        purpose_hash: [6; 32],
        shown_hash: [7; 32],
        credential: CredentialId::new(Millis(1), [0; 10]),
        granted_at: Millis(900),
        ended_at: None,
    }
}

/// Runs one statement in a transaction of its own.
async fn write<T: Send + 'static>(
    store: &Store,
    mut f: impl FnMut(&mut lionrock_store::Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> T {
    store.write(move |tx| f(tx)).await.unwrap()
}

both_engines! {
    fn a_request_is_answered_once_and_in_time(store) {
        write(&store, |tx| oidc_request::insert(tx, &request())).await;
        let found = store.read(|tx| oidc_request::find(tx, [1; 32])).await.unwrap();
        assert_eq!(found, Some(request()));
        assert!(!write(&store, |tx| oidc_request::take(tx, [1; 32], Millis(2_000))).await, "too late");
        assert!(write(&store, |tx| oidc_request::take(tx, [1; 32], Millis(1_999))).await);
        assert!(!write(&store, |tx| oidc_request::take(tx, [1; 32], Millis(1_999))).await, "twice");
        assert!(!write(&store, |tx| oidc_request::take(tx, [9; 32], Millis(1_999))).await, "unknown");
        assert_eq!(write(&store, |tx| oidc_request::sweep(tx, Millis(1_999))).await, 0);
        assert_eq!(write(&store, |tx| oidc_request::sweep(tx, Millis(2_000))).await, 1);
    }

    fn two_who_race_for_one_request_do_not_both_get_it(store) {
        write(&store, |tx| oidc_request::insert(tx, &request())).await;
        let take = || store.write(|tx| oidc_request::take(tx, [1; 32], Millis(1_500)));
        let beside = || store.compare_and_set(|tx| oidc_request::take(tx, [1; 32], Millis(1_500)));
        let (a, b, c, d, e, f) = tokio::join!(take(), beside(), take(), beside(), beside(), take());
        let won: usize = [a, b, c, d, e, f].into_iter().map(|it: Result<bool, Error>| usize::from(it.unwrap())).sum();
        assert_eq!(won, 1);
    }

    fn what_is_compared_and_set_happens_once_and_whole(store) {
        write(&store, |tx| consent::insert(tx, &approval())).await;
        write(&store, |tx| oidc_grant::insert(tx, &grant())).await;
        let exchange = |word: u8| store.compare_and_set(move |tx| {
            let fresh = oidc_assertion::take(tx, "library", [word; 32], Millis(5))?;
            Ok::<_, Error>(fresh && oidc_grant::exchange(tx, [4; 32], Millis(1_500), &token(word, 9_000))?)
        });
        let (a, b, c, d) = tokio::join!(exchange(21), exchange(22), exchange(23), exchange(21));
        let won: usize = [a, b, c, d].into_iter().map(|it| usize::from(it.unwrap())).sum();
        assert_eq!(won, 1);
        let undone: Result<(), Error> = store.compare_and_set(|tx| {
            oidc_assertion::take(tx, "library", [30; 32], Millis(5))?;
            Err(Error::Busy)
        }).await;
        assert!(undone.is_err());
        assert!(write(&store, |tx| oidc_assertion::take(tx, "library", [30; 32], Millis(5))).await, "it was undone");
    }

    fn a_code_is_worth_nothing_when_its_consent_ended_meanwhile(store) {
        write(&store, |tx| consent::insert(tx, &approval())).await;
        write(&store, |tx| consent::end(tx, resident(1), "library", Millis(950))).await;
        // Given out by a transaction that saw the consent still standing.
        write(&store, |tx| oidc_grant::insert(tx, &grant())).await;
        assert!(!write(&store, |tx| oidc_grant::exchange(tx, [4; 32], Millis(1_500), &token(5, 9))).await);
    }

    fn an_assertion_counts_once_at_its_service(store) {
        let take = |service: &'static str, jti: u8| store.write(move |tx| oidc_assertion::take(tx, service, [jti; 32], Millis(5)));
        assert!(take("library", 1).await.unwrap());
        assert!(!take("library", 1).await.unwrap());
        assert!(take("library", 2).await.unwrap());
        assert!(take("museum", 1).await.unwrap());
        assert_eq!(write(&store, |tx| oidc_assertion::sweep(tx, Millis(5))).await, 3);
    }

    fn a_pseudonym_stays_and_is_never_shared(store) {
        let settle = |service: &'static str, who: u8, fresh: &'static str| {
            {
                let name = Pseudonym::parse(&fresh.repeat(43)).unwrap();
                let row = oidc_pseudonym::Name { service: service.to_owned(), resident: resident(who), name, since: Millis(1), proof: None };
                store.write(move |tx| oidc_pseudonym::settle(tx, &row))
            }
        };
        let first = settle("library", 1, "a").await.unwrap();
        assert!(first.first);
        let again = settle("library", 1, "b").await.unwrap();
        assert_eq!((again.row.name, again.first), (first.row.name.clone(), false));
        assert_ne!(settle("museum", 1, "c").await.unwrap().row.name, first.row.name);
        assert_ne!(settle("library", 2, "d").await.unwrap().row.name, first.row.name);
        // A generator that repeats itself must not join two people: the rule stands in the schema.
        assert!(settle("museum", 2, "a").await.is_err());
        assert_eq!(write(&store, |tx| oidc_pseudonym::remove(tx, resident(1))).await, 2);
    }

    fn a_code_is_exchanged_once_within_its_minute(store) {
        write(&store, |tx| consent::insert(tx, &approval())).await;
        write(&store, |tx| oidc_grant::insert(tx, &grant())).await;
        assert_eq!(store.read(|tx| oidc_grant::by_code(tx, [4; 32])).await.unwrap(), Some(grant()));
        let exchange = |now: i64| store.write(move |tx| oidc_grant::exchange(tx, [4; 32], Millis(now), &token(5, 9_000)));
        assert!(!exchange(2_000).await.unwrap(), "too late");
        assert!(exchange(1_999).await.unwrap());
        assert!(!exchange(1_999).await.unwrap(), "twice");
        let held = store.read(|tx| oidc_grant::by_access(tx, [5; 32])).await.unwrap().unwrap();
        assert_eq!((held.used_at, held.access_expires_at, held.revoked_at), (Some(Millis(1_999)), Some(Millis(9_000)), None));
        assert_eq!((held.access_proof, held.proof), (Some([7; 32]), Some([6; 32])));
        assert!(write(&store, |tx| oidc_grant::revoke(tx, [4; 32], Millis(3))).await);
        let held = store.read(|tx| oidc_grant::by_access(tx, [5; 32])).await.unwrap().unwrap();
        assert_eq!(held.revoked_at, Some(Millis(3)));
    }

    fn a_revoked_code_is_worth_nothing(store) {
        write(&store, |tx| consent::insert(tx, &approval())).await;
        write(&store, |tx| oidc_grant::insert(tx, &grant())).await;
        assert_eq!(write(&store, |tx| oidc_grant::revoke_for(tx, resident(1), "library", Millis(3))).await, 1);
        assert!(!write(&store, |tx| oidc_grant::exchange(tx, [4; 32], Millis(1_500), &token(5, 9))).await);
    }

    fn consents_end_for_one_service_alone(store) {
        let consent = |n: u8, service: &str| Consent {
            id: ConsentId::new(Millis(i64::from(n)), [n; 10]),
            resident: resident(1),
            service: service.to_owned(),
            fields: vec![Field::EnglishName, Field::Hkid],
            purpose_hash: [6; 32],
            shown_hash: [7; 32],
            credential: CredentialId::new(Millis(1), [8; 10]),
            granted_at: Millis(i64::from(n)),
            ended_at: None,
        };
        let all = [consent(1, "library"), consent(2, "library"), consent(3, "museum")];
        for one in all.clone() {
            write(&store, move |tx| consent::insert(tx, &one)).await;
        }
        let latest = |service: &'static str| store.read(move |tx| consent::latest(tx, resident(1), service));
        assert_eq!(latest("library").await.unwrap().as_ref(), all.get(1));
        assert_eq!(write(&store, |tx| consent::end(tx, resident(1), "library", Millis(9))).await, 2);
        assert_eq!(latest("library").await.unwrap(), None);
        assert_eq!(latest("museum").await.unwrap().as_ref(), all.get(2));
        assert_eq!(store.read(|tx| consent::of_resident(tx, resident(1))).await.unwrap().len(), 3);
    }
}
