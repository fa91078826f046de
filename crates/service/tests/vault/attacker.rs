//! Somebody who can write into the database by hand, and has no key; and what honest people do meanwhile.

use crate::scene::{ISSUER, Person, Scene};
use crate::stage::caller;
use lionrock_crypto::random::System;
use lionrock_model::credential::CredentialName;
use lionrock_model::id::{CredentialId, ResidentId};
use lionrock_model::person::Email;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::account::{add, close, remove};
use lionrock_service::audit::Event;
use lionrock_service::fault::FaultKind;
use lionrock_service::session::{self, SignIn, step_up};
use lionrock_service::vault::{self, watch};
use lionrock_service::{Error, Fault, freshness};
use lionrock_store::{Row, Value, outbox, resident};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse};
use serde_json::json;
use std::sync::Arc;

/// The row of an account, as an older copy of the database holds it.
pub struct Copy(Vec<Value>);

const RESIDENT: &str = "SELECT id, version, state, blind_index, user_handle, sealed_key, sealed_profile, sealed_contact, \
                        notice_hash, notice_language, created_at, closed_at FROM resident WHERE id = $1";
const RESIDENT_BACK: &str = "UPDATE resident SET version = $2, state = $3, blind_index = $4, user_handle = $5, sealed_key = $6, \
                             sealed_profile = $7, sealed_contact = $8, notice_hash = $9, notice_language = $10, \
                             created_at = $11, closed_at = $12 WHERE id = $1";
const RESIDENT_ANEW: &str = "INSERT INTO resident (id, version, state, blind_index, user_handle, sealed_key, sealed_profile, \
                             sealed_contact, notice_hash, notice_language, created_at, closed_at) \
                             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const PASSKEY: &str = "SELECT id, resident, external_id, public_key, algorithm, sign_count, backup_eligible, backed_up, aaguid, \
                       transports, attestation, attestation_chain, sealed_name, name_version, created_at, used_at, \
                       removed_at, counter_alarm_at, version FROM credential WHERE resident = $1";
const PASSKEY_ANEW: &str = "INSERT INTO credential (id, resident, external_id, public_key, algorithm, sign_count, backup_eligible, \
                            backed_up, aaguid, transports, attestation, attestation_chain, sealed_name, name_version, \
                            created_at, used_at, removed_at, counter_alarm_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, \
                            $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";

fn values(row: &Row) -> Vec<Value> {
    let value = |column| {
        if let Ok(whole) = row.opt_int(column) {
            return whole.map_or(Value::Null, Value::from);
        }
        row.opt_text(column).map_or_else(|_| row.bytes(column).unwrap().into(), |text| text.unwrap().into())
    };
    (0..row.width()).map(value).collect()
}

impl Scene {
    /// Runs a statement by hand; how many rows it changed.
    pub async fn by_hand(&self, sql: &'static str, values: Vec<Value>) -> u64 {
        let done: Result<u64, lionrock_store::Error> =
            self.platform.store.write(move |tx| tx.execute(sql, &values)).await;
        done.unwrap()
    }

    async fn copied(&self, sql: &'static str, id: ResidentId) -> Vec<Copy> {
        let rows: Result<Vec<Row>, lionrock_store::Error> =
            self.platform.store.read(move |tx| tx.query(sql, &[id.as_bytes().into()])).await;
        rows.unwrap().iter().map(|row| Copy(values(row))).collect()
    }

    pub async fn copy_of(&self, id: ResidentId) -> Copy {
        self.copied(RESIDENT, id).await.pop().unwrap()
    }

    pub async fn put_back(&self, copy: Copy) {
        assert_eq!(self.by_hand(RESIDENT_BACK, copy.0).await, 1);
    }

    pub async fn put_back_anew(&self, copy: Copy) {
        assert_eq!(self.by_hand(RESIDENT_ANEW, copy.0).await, 1);
    }

    pub async fn passkeys_of(&self, id: ResidentId) -> Vec<Copy> {
        self.copied(PASSKEY, id).await
    }

    pub async fn put_passkey_back(&self, copy: Copy) {
        assert_eq!(self.by_hand(PASSKEY_ANEW, copy.0).await, 1);
    }

    /// Opens name and address for their owner.
    pub async fn opened(&self, id: ResidentId) -> Result<(String, String), FaultKind> {
        let decision = decide(
            Actor::Resident(id),
            Subject::Resident(id),
            Purpose::AccountManagement,
            &[Field::EnglishName, Field::Email],
            None,
        );
        let (shared, by, decision) = (Arc::clone(&self.platform), caller(&self.clock), decision.unwrap());
        let opened: Result<_, Fault> = self
            .platform
            .store
            .write(move |tx| {
                let grant = vault::grant(tx, &shared, &by, &decision)?;
                Ok((grant.profile()?.english_name.unwrap(), grant.email()?.unwrap().reveal().to_owned()))
            })
            .await;
        opened.map_err(|fault| fault.kind)
    }

    /// The address changes, as the account's page changes it.
    pub async fn moves_to(&self, id: ResidentId, address: &'static str) {
        let (shared, by) = (Arc::clone(&self.platform), caller(&self.clock));
        let moved: Result<(), Fault> = self
            .platform
            .store
            .write(move |tx| {
                let row = resident::find(tx, id)?.unwrap();
                let key = vault::sealing_key(tx, &shared, id)?;
                let email = Email::parse(address).unwrap();
                let sealed = vault::seal_email(&shared, &by, id, row.version + 1, &key, &email)?;
                assert!(resident::set_contact(tx, id, row.version, sealed)?);
                freshness::record(tx, &shared, &by, &Event::new("contact.changed", Some(id), json!({})))?;
                Ok(())
            })
            .await;
        moved.unwrap();
    }

    /// Signs in; the cookie, or the word of what was answered.
    pub async fn signs_in(&self, phone: &mut Authenticator) -> Result<String, String> {
        let by = caller(&self.clock);
        let options = session::begin(&self.platform, &by, "browser").await.unwrap();
        let answer = phone.get(&serde_json::to_value(options).unwrap(), ISSUER, &Manner::default()).unwrap();
        let command = SignIn { answer: response(&answer), browser: "browser".to_owned(), earlier: None, agent: None };
        match session::sign_in(&self.platform, &by, command).await {
            Ok(signed_in) => Ok(signed_in.secret.cookie().to_owned()),
            Err(Error::Refuse(refusal)) => Err(format!("{refusal:?}")),
            Err(Error::Fault(fault)) => Err(format!("{:?}", fault.kind)),
        }
    }

    pub async fn adds_passkey(&self, cookie: &str, phone: &mut Authenticator) -> CredentialId {
        let by = caller(&self.clock);
        let options = add::begin(&self.platform, &by, cookie).await.unwrap();
        let made = phone.create(&serde_json::to_value(options).unwrap(), ISSUER, &Manner::default(), &System).unwrap();
        let command = add::Add {
            cookie: cookie.to_owned(),
            answer: RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap(),
            name: CredentialName::parse("second").unwrap(),
            agent: None,
        };
        add::add(&self.platform, &by, command).await.unwrap()
    }

    pub async fn removes_passkey(&self, cookie: &str, id: CredentialId) {
        remove::remove(&self.platform, &caller(&self.clock), cookie, id, None).await.unwrap();
    }

    pub async fn steps_up(&self, cookie: &str, phone: &mut Authenticator) -> Result<String, String> {
        let by = caller(&self.clock);
        let options = step_up::begin(&self.platform, &by, cookie).await.map_err(|error| format!("{error:?}"))?;
        let answer = phone.get(&serde_json::to_value(options).unwrap(), ISSUER, &Manner::default()).unwrap();
        let command = step_up::StepUp { cookie: cookie.to_owned(), answer: response(&answer), agent: None };
        match step_up::finish(&self.platform, &by, command).await {
            Ok(secret) => Ok(secret.cookie().to_owned()),
            Err(Error::Refuse(refusal)) => Err(format!("{refusal:?}")),
            Err(Error::Fault(fault)) => Err(format!("{:?}", fault.kind)),
        }
    }

    pub async fn closes(&self, who: &mut Person, cookie: &str) -> close::Closed {
        let by = caller(&self.clock);
        let statement = close::look(&self.platform, &by, cookie).await.unwrap();
        let options = close::begin(&self.platform, &by, cookie, &statement.canonical()).await.unwrap();
        let answer = who.phone.get(&serde_json::to_value(options).unwrap(), ISSUER, &Manner::default()).unwrap();
        let command = close::Close { cookie: cookie.to_owned(), answer: response(&answer) };
        close::close(&self.platform, &by, command).await.unwrap()
    }

    /// The round that writes alarms down; how many letters wait for officers afterwards, and how many refusals the ledger tells of.
    pub async fn alarms(&self) -> (usize, i64) {
        watch::round(&self.platform, &caller(&self.clock)).await.unwrap();
        let now = self.clock.now().0;
        let waiting = self.platform.store.read(move |tx| outbox::due(tx, now, 100)).await.unwrap();
        let letters = waiting.iter().filter(|one| one.resident.is_none()).count();
        (letters, self.leaves("rollback.refused").await)
    }
}

pub fn response(answer: &serde_json::Value) -> AuthenticationResponse {
    AuthenticationResponse::from_json(answer.to_string().as_bytes()).unwrap()
}
