//! How long it takes to decide whether an officer may open a field: the whole decision, as the staff house makes it, on a ticket that two
//! officers signed.

use crate::clock;
use anyhow::{Context, Result, anyhow};
use lionrock_model::hkid::Hkid;
use lionrock_model::id::{ResidentId, TicketId};
use lionrock_model::person::{CardFacts, Email, EnglishName, Sex};
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::refusal::Refusal;
use lionrock_model::staff::{Network, OfficerName, Place, Role, StaffNumber, Unit};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_rehearsal::maker::Maker;
use lionrock_rehearsal::officers::MODEL;
use lionrock_service::caller::System;
use lionrock_service::rehearse::{self, Enrol, EnrolOfficer};
use lionrock_service::staff::house::Named;
use lionrock_service::staff::sign_in::{self, SignIn};
use lionrock_service::staff::{self, UnitPlace};
use lionrock_service::ticket::{self, Draft, Person};
use lionrock_service::{Caller, Error, Platform};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse, RequestOptions};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ORIGIN: &str = "https://staff.localhost:9443";
const UNITS: [&str; 2] = ["head-office", "kwun-tong"];

/// A staff house with a maker of its own.
pub(super) struct House(Arc<Maker>);

impl House {
    /// A new one.
    pub(super) fn new() -> Result<Self> {
        Ok(Self(Arc::new(Maker::create(MODEL, clock::now().hong_kong_date())?)))
    }

    /// As a deployment configures it: two offices that work at every hour.
    pub(super) fn configured(&self) -> Result<staff::House> {
        let unit = |word: &&str| {
            Ok(UnitPlace {
                unit: Unit::parse(word)?,
                kind: Place::Office,
                opens: 0,
                closes: 24,
                networks: vec![Network::parse("127.0.0.0/8").context("a network of ours")?],
            })
        };
        Ok(staff::House {
            origin: ORIGIN.to_owned(),
            rp_id: "staff.localhost".to_owned(),
            units: UNITS.iter().map(unit).collect::<Result<_>>()?,
            roots: vec![CertificateDer::from_pem_slice(self.0.root_pem.as_bytes())?.to_vec()],
            models: vec![MODEL],
        })
    }

    fn manner(&self) -> Manner {
        Manner { counter: Some(0), maker: Some(Arc::clone(&self.0)), ..Manner::default() }
    }
}

struct Officer {
    key: Authenticator,
    cookie: String,
}

/// The spans of so many decisions, sorted.
#[allow(clippy::disallowed_methods, reason = "a bench measures by the clock")]
pub(super) async fn measure(platform: &Arc<Platform>, house: &House, decisions: usize) -> Result<Vec<Duration>> {
    let about = resident(platform).await?;
    let mut one = officer(platform, house, ("CHAN Test One", "B-1"), UNITS[0]).await?;
    let mut two = officer(platform, house, ("LEE Test Two", "B-2"), UNITS[1]).await?;
    let ticket = granted(platform, house, (&mut one, &mut two), about).await?;
    let mut spans = Vec::with_capacity(decisions);
    for _ in 0..decisions.max(1) {
        let caller = by();
        let start = Instant::now();
        ticket::open::decide(platform, &caller, &one.cookie, ticket, vec![Field::EnglishName]).await.map_err(told)?;
        spans.push(start.elapsed());
    }
    spans.sort_unstable();
    Ok(spans)
}

fn by() -> Caller {
    Caller { address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), ..clock::platform_caller() }
}

fn told<R: Refusal>(error: Error<R>) -> anyhow::Error {
    match error {
        Error::Refuse(refusal) => anyhow!("refused: {}", refusal.code()),
        Error::Fault(fault) => fault.into(),
    }
}

async fn resident(platform: &Arc<Platform>) -> Result<ResidentId> {
    let caller = by();
    let options = rehearse::begin(platform, &caller).await.map_err(told)?;
    let mut phone = Authenticator::default();
    let issuer = platform.settings.issuer.clone();
    let made = phone.create(&serde_json::to_value(&options)?, &issuer, &Manner::default(), &System)?;
    let facts = CardFacts {
        hkid: Hkid::with_check_digit("U123456").map_err(|_| anyhow!("a synthetic card number"))?,
        english_name: EnglishName::parse("BENCH, Mei").map_err(|_| anyhow!("a name of ours"))?,
        chinese_name: None,
        birth: "1990-02-03".parse()?,
        sex: Sex::from_letter('F').context("a letter")?,
        issued: "2019-02-03".parse()?,
    };
    let passkey = RegistrationResponse::from_json(made.to_string().as_bytes())?;
    let email = Email::parse("mei@example.hk").map_err(|_| anyhow!("an address of ours"))?;
    rehearse::enrol(platform, &caller, Enrol { facts, email, passkey }).await.map_err(told)
}

async fn officer(platform: &Arc<Platform>, house: &House, (name, number): (&str, &str), unit: &str) -> Result<Officer> {
    let caller = by();
    let mut options = serde_json::to_value(rehearse::begin_officer(platform, &caller).await.map_err(told)?)?;
    if let Some(members) = options.as_object_mut() {
        members.remove("excludeCredentials");
    }
    let mut key = Authenticator::default();
    let made = key.create(&options, ORIGIN, &house.manner(), &System)?;
    let named = Named {
        name: OfficerName::parse(name).context("an officer's name")?,
        number: StaffNumber::parse(number).context("a staff number")?,
    };
    let command = EnrolOfficer {
        named,
        role: Role::Privacy,
        unit: Unit::parse(unit)?,
        key: RegistrationResponse::from_json(made.to_string().as_bytes())?,
    };
    rehearse::enrol_officer(platform, &caller, command).await.map_err(told)?;
    let options = sign_in::begin(platform, &by(), "bench").await.map_err(told)?;
    let answer = signed(house, &mut key, &options)?;
    let command = SignIn { answer, browser: "bench".to_owned(), earlier: None, agent: None };
    let cookie = sign_in::finish(platform, &by(), command).await.map_err(told)?.1.cookie().to_owned();
    Ok(Officer { key, cookie })
}

fn signed(house: &House, key: &mut Authenticator, options: &RequestOptions) -> Result<AuthenticationResponse> {
    let answer = key.get(&serde_json::to_value(options)?, ORIGIN, &house.manner())?;
    Ok(AuthenticationResponse::from_json(answer.to_string().as_bytes())?)
}

async fn granted(
    platform: &Arc<Platform>,
    house: &House,
    (one, two): (&mut Officer, &mut Officer),
    about: ResidentId,
) -> Result<TicketId> {
    let wish = Draft {
        purpose: Some(Purpose::AccessRequest),
        case: "BENCH-1".to_owned(),
        person: Person::Reference(about),
        fields: vec![Field::EnglishName],
        minutes: 15,
    };
    let id = ticket::draft(platform, &by(), &one.cookie, wish).await.map_err(told)?.terms.ticket;
    let options = ticket::sign_options(platform, &by(), &one.cookie, id).await.map_err(told)?;
    let answer = signed(house, &mut one.key, &options)?;
    ticket::sign(platform, &by(), &one.cookie, id, answer).await.map_err(told)?;
    let options = ticket::approve_options(platform, &by(), &two.cookie, id).await.map_err(told)?;
    let answer = signed(house, &mut two.key, &options)?;
    ticket::approve(platform, &by(), &two.cookie, id, answer).await.map_err(told)?;
    Ok(id)
}
