//! `lionrock bench sign`: what a signature costs, part by part and whole.
//!
//! Whole: a PDF of 1 MB is prepared, the chamber checks a passkey's answer and signs, a time-stamp and fresh status answers are made and
//! signed, everything goes into the file (PAdES B-LT). Two tasks at once; keys in memory; the network, the store of documents and the
//! person's thinking are left out, the store of certificates is asked for the status. The passkey's own answer is made beforehand, as a
//! phone makes it.

mod journey;
mod peer;

use super::figures::Figures;
use crate::config::{Config, LogFormat};
use crate::document::Reader;
use crate::{clock, demo, root_key, services, start};
use anyhow::{Context, Result, bail};
use clap::Args;
use lionrock_activation::text::{self, ACTIVATION, ENROLMENT};
use lionrock_activation::{
    Activation, Authenticator, Chamber, Document, Enrol, Enrolment, Form, Opening, Passkey, Sign,
};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_pki::algorithm::Digest;
use lionrock_pki::certificate::{self, Certificate, Order};
use lionrock_pki::cms::{self, Content, Unsigned};
use lionrock_pki::name::Subject;
use lionrock_pki::ocsp;
use lionrock_pki::pades::{self, Material, Wish};
use lionrock_pki::profile::Profile;
use lionrock_rehearsal::authenticator::{self as device, Manner};
use lionrock_service::authority::{self, Chain};
use lionrock_service::caller::{Entropy, System};
use lionrock_service::platform::Limits;
use lionrock_service::{Platform, Ports, boot, status, timestamp};
use lionrock_store::Store;
use lionrock_wire::webauthn::attestation::AttestationPolicy;
use lionrock_wire::webauthn::cose::CoseAlgorithm;
use lionrock_wire::webauthn::json::{AuthenticationResponse, Base64Url, RegistrationResponse};
use lionrock_wire::webauthn::{Framing, RegistrationExpectation, RelyingParty, registration};
use serde_json::json;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ISSUER: &str = "https://localhost:8443";
/// Bytes of the document.
const MEGABYTE: usize = 1_000_000;
/// Tasks at one time.
const TASKS: usize = 2;

/// How to measure.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Seconds of each figure.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Megabytes of the large PDF; 0 leaves it out.
    #[arg(long, default_value_t = 1000)]
    large_mb: u64,
    /// Only the large PDF.
    #[arg(long)]
    large: bool,
    /// Let pyHanko do the same job in the same run.
    #[arg(long)]
    peer: bool,
    /// A Python that has pyHanko.
    #[arg(long, default_value = "target/test-python/bin/python")]
    python: PathBuf,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs the bench.
///
/// # Errors
/// What kept it from measuring.
#[allow(clippy::disallowed_methods, reason = "a bench has a folder of its own, for as long as it runs")]
pub async fn run(arguments: &Arguments) -> Result<()> {
    crate::log::start(LogFormat::Text, true);
    let folder = std::env::temp_dir().join(format!("lionrock-bench-sign-{}", std::process::id()));
    let outcome = measure(arguments, &folder).await;
    drop(std::fs::remove_dir_all(&folder));
    outcome?.show(arguments.json);
    Ok(())
}

async fn measure(arguments: &Arguments, folder: &Path) -> Result<Figures> {
    let mut figures = Figures::new("sign");
    let platform = opened(folder).await?;
    let chain = authority::establish(&platform, &clock::platform_caller()).await?.context("no authority")?;
    let span = Duration::from_secs(arguments.seconds.max(1));
    let big = folder.join("large.pdf");
    if arguments.large_mb > 0 {
        // First, while this process holds nothing else.
        write_large(&big, arguments.large_mb)?;
        let service = platform.settings.services.first().context("no service")?.id().clone();
        let done = journey::large(&platform, &service, &big).await?;
        figures.add(
            "rss_mb_1gb_pdf",
            done.most,
            "most memory of the whole process while the large PDF is sent, shown, signed and fetched, MB",
        );
        figures.add("seconds_1gb_pdf", done.seconds, "from its first part to the last byte of the signed one");
    }
    if arguments.large {
        platform.store.close().await;
        return Ok(figures);
    }
    let certificates = rate(span, || issue(&chain).map(drop))?;
    let signer = Arc::new(Bench::new(&chain)?);
    figures.add("certificates_per_second", certificates, "issued and linted, on one core");
    let question = ocsp::ask(&signer.certificate, &chain.issuing.certificate, None)?;
    let answers = asked(&platform, span, question.clone()).await?;
    figures.add("ocsp_per_second", answers, "answers to the same question, from the store's row each time");
    let fresh = ocsp::ask(&signer.certificate, &chain.issuing.certificate, Some(&[7; 32]))?;
    figures.add("ocsp_fresh_per_second", asked(&platform, span, fresh).await?, "with a nonce: signed each time");
    figures.add("timestamps_per_second", stamps(&platform, span).await?, "RFC 3161 tokens, ES256");
    let done = whole(&signer, &platform, span).await?;
    figures.add("pades_blt_1mb_per_second", done, "PDFs of 1 MB signed as PAdES B-LT, two tasks");
    if arguments.peer {
        let document = folder.join("peer.pdf");
        std::fs::write(&document, pdf(MEGABYTE))?;
        let (python, big) = (arguments.python.clone(), (arguments.large_mb > 0).then_some(big));
        let peer =
            tokio::task::spawn_blocking(move || peer::run(&python, &document, big.as_deref(), TASKS, span)).await??;
        figures.add("pyhanko_blt_1mb_per_second", peer.per_second, "the same by pyHanko, two processes");
        figures.add("times_the_peer", done / peer.per_second, "of ours for each of pyHanko's");
        if let Some(most) = peer.large {
            figures.add(
                "pyhanko_rss_mb_1gb_pdf",
                most,
                "most memory of a pyHanko process that signs the large PDF, MB",
            );
        }
    }
    platform.store.close().await;
    Ok(figures)
}

const SERVICE: &str = r#"
[[service]]
id = "bench"
redirect_uris = ["https://bench.example/back"]
secret_sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
profile = "plain"
[service.name]
en = "Bench"
zh-Hant = "Bench"
zh-Hans = "Bench"
[service.purpose]
en = "Bench"
zh-Hant = "Bench"
zh-Hans = "Bench"
"#;

async fn opened(folder: &Path) -> Result<Arc<Platform>> {
    let files = demo::folder::Folder::open(folder)?;
    let tls = files.tls(demo::TlsKey::Ec)?;
    root_key::init(&files.root_key(), &System)?;
    let data = files.path();
    let store = format!("sqlite:{}", data.join("lionrock.db").display());
    let text = format!(
        "realm = \"test-bench\"\nissuer = {ISSUER:?}\ndata = {data:?}\nstore = {store:?}\nkeys = {{ root_file = {:?} }}\n\
         tls = {{ chain = {:?}, key = {:?} }}\nregistry = {{ url = \"http://127.0.0.1:9/\" }}\nmail = {{ kind = \"mailbox\" }}\n",
        files.root_key(),
        tls.chain,
        tls.key,
    );
    let path = data.join("bench.toml");
    std::fs::write(&path, text)?;
    let config = Config::read(&path)?;
    let store = Store::open(&config.store()).await?;
    let keys = boot::key_ring(&store, &start::root(&config)?, &config.realm()?, &clock::platform_caller()).await?;
    let declared = data.join("services.toml");
    std::fs::write(&declared, SERVICE)?;
    let settings = start::settings(&config, services::read(&declared, &config.realm()?)?, Limits::default())?;
    let ports = Ports {
        activation: Arc::new(journey::Inside::open()?),
        documents: Arc::new(Reader::new(std::env::current_exe()?, false)),
        ..start::idle::ports()
    };
    Ok(Arc::new(start::platform_of(store, keys, settings, ports)))
}

/// How often a second something is done, on this one thread.
#[allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "a bench reads the clock to measure")]
fn rate(span: Duration, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let begun = Instant::now();
    let mut done = 0_u64;
    while begun.elapsed() < span {
        work()?;
        done += 1;
    }
    Ok(done as f64 / begun.elapsed().as_secs_f64())
}

fn seconds() -> u64 {
    u64::try_from(clock::now().seconds()).unwrap_or(0)
}

fn issue(chain: &Chain) -> Result<(Certificate, SigningKey)> {
    let key = SigningKey::generate(Algorithm::Es256)?;
    Ok((certify(chain, &key)?, key))
}

fn certify(chain: &Chain, key: &SigningKey) -> Result<Certificate> {
    certify_public(chain, key.public()?)
}

fn certify_public(chain: &Chain, key: lionrock_crypto::sign::PublicKey) -> Result<Certificate> {
    let source: &dyn Entropy = &System;
    let setup = authority::Setup::default();
    let order = Order {
        profile: Profile::ResidentSigning,
        subject: Subject::Person {
            country: "HK".to_owned(),
            surname: "CHAN".to_owned(),
            given_name: "Tai Man".to_owned(),
            common_name: "CHAN Tai Man".to_owned(),
            serial_number: "LR-BENCH".to_owned(),
            unit: Some("TEST test-bench".to_owned()),
        },
        key,
        serial: source.array(),
        from: seconds(),
        until: seconds() + 24 * 60 * 60,
        policies: setup.policies(Profile::ResidentSigning).map_err(|fault| anyhow::anyhow!("{fault}"))?,
        hosts: Vec::new(),
        places: setup.places(Profile::Issuing),
    };
    Ok(certificate::issue(&order, Some(&chain.issuing.certificate), &*chain.issuing.key)?)
}

async fn asked(platform: &Arc<Platform>, span: Duration, question: Vec<u8>) -> Result<f64> {
    at_once(span, || {
        let (platform, question) = (Arc::clone(platform), question.clone());
        async move {
            let answer = status::answer(&platform, &clock::platform_caller(), &question).await;
            answer.map(drop).map_err(|fault| anyhow::anyhow!("{fault}"))
        }
    })
    .await
}

async fn stamps(platform: &Arc<Platform>, span: Duration) -> Result<f64> {
    at_once(span, || {
        let platform = Arc::clone(platform);
        async move {
            let token = timestamp::stamp(&platform, &clock::platform_caller(), Digest::Sha256, &[7; 32]).await;
            token.map(drop).map_err(|error| anyhow::anyhow!("{error}"))
        }
    })
    .await
}

/// How often a second something is done by two tasks.
#[allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "a bench reads the clock to measure")]
async fn at_once<F, W>(span: Duration, work: W) -> Result<f64>
where
    W: Fn() -> F,
    F: Future<Output = Result<()>> + Send + 'static,
{
    let begun = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        running.spawn(work());
    }
    let mut done = 0_u64;
    while let Some(ended) = running.join_next().await {
        ended??;
        done += 1;
        if begun.elapsed() < span {
            running.spawn(work());
        }
    }
    Ok(done as f64 / begun.elapsed().as_secs_f64())
}

/// Somebody who signs, with chamber and phone.
struct Bench {
    chamber: std::sync::Mutex<Chamber>,
    phone: std::sync::Mutex<device::Authenticator>,
    record: Base64Url,
    certificate: Certificate,
    issuing: Certificate,
}

impl Bench {
    fn new(chain: &Chain) -> Result<Self> {
        let opening = Opening {
            key: Base64Url(vec![7; 32]),
            origins: vec![ISSUER.to_owned()],
            realm: "test-bench".to_owned(),
            rp_id: "localhost".to_owned(),
        };
        let mut chamber = Chamber::open(&opening, clock::now().0)?;
        let mut phone = device::Authenticator::default();
        let encode = |bytes: &[u8]| json!(Base64Url(bytes.to_vec()));
        let options = json!({
            "challenge": encode(&[1; 32]), "rp": {"id": "localhost"}, "user": {"id": encode(&[5; 64])},
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        });
        let made = phone.create(&options, ISSUER, &Manner::default(), &System)?;
        let response = RegistrationResponse::from_json(made.to_string().as_bytes())?;
        let expected = RegistrationExpectation {
            party: RelyingParty { id: "localhost", origins: &[ISSUER.to_owned()], framing: Framing::Never },
            challenge: &[1; 32],
            algorithms: CoseAlgorithm::OFFERED,
            user_verification: true,
            attestation: AttestationPolicy::Any(None),
        };
        let new = registration::verify(&response, &expected)?;
        let authenticator = Authenticator {
            id: Base64Url(new.id.clone()),
            public_key: Base64Url(new.public_key),
            sign_count: 0,
            user_handle: Base64Url(vec![5; 64]),
        };
        let asked = text::canonical(&Enrolment {
            algorithm: "ES256".to_owned(),
            authenticator: sha256(&new.id).into(),
            key: "bench".to_owned(),
            nonce: [1; 32].into(),
            realm: "test-bench".to_owned(),
            resident: "bench".to_owned(),
            subject: "LR-BENCH".to_owned(),
            time: clock::now().0,
            v: ENROLMENT.to_owned(),
        });
        let passkey = answer(&mut phone, &asked)?;
        let enrolled =
            chamber.enrol(&Enrol { authenticator, passkey, text: Base64Url(asked) }, clock::now().0, &System)?;
        let request = lionrock_pki::request::read(&enrolled.request.0)?;
        Ok(Self {
            chamber: std::sync::Mutex::new(chamber),
            phone: std::sync::Mutex::new(phone),
            record: enrolled.record,
            certificate: certify_public(chain, request.key)?,
            issuing: chain.issuing.certificate.clone(),
        })
    }

    /// Signs a digest: the passkey approves, the chamber checks and signs; the signature in CMS.
    fn sign(&self, digest: &[u8]) -> Result<Vec<u8>> {
        let content = Content { kind: cms::DATA, digest, inside: None, claimed: None };
        let unsigned = Unsigned::new(&content, &[&self.certificate, &self.issuing], Algorithm::Es256)?;
        let source: &dyn Entropy = &System;
        let asked = text::canonical(&Activation {
            certificate: sha256(self.certificate.der()).into(),
            documents: vec![Document { digest: lionrock_activation::Hex(digest.to_vec()), form: Form::Attributes }],
            key: "bench".to_owned(),
            nonce: source.array::<32>().into(),
            realm: "test-bench".to_owned(),
            service: "bench".to_owned(),
            shown: [2; 32].into(),
            time: clock::now().0,
            v: ACTIVATION.to_owned(),
        });
        // One passkey answers one question after the other, and its counter grows in that order.
        let mut chamber = self.chamber.lock().map_err(|_| anyhow::anyhow!("another task failed"))?;
        let passkey = answer(&mut *self.phone.lock().map_err(|_| anyhow::anyhow!("another task failed"))?, &asked)?;
        let order = Sign {
            messages: vec![Base64Url(unsigned.message().to_vec())],
            passkey,
            record: self.record.clone(),
            text: Base64Url(asked),
        };
        let signed = chamber.sign(&order, clock::now().0, &System)?;
        drop(chamber);
        let signature = signed.signatures.first().context("no signature")?;
        Ok(unsigned.complete(&signature.0)?)
    }
}

fn answer(phone: &mut device::Authenticator, asked: &[u8]) -> Result<Passkey> {
    let challenge = json!(Base64Url(sha256(asked).to_vec()));
    let options = json!({"challenge": challenge, "rpId": "localhost", "allowCredentials": []});
    let answer = phone.get(&options, ISSUER, &Manner::default())?;
    let answer = AuthenticationResponse::from_json(answer.to_string().as_bytes())?;
    Ok(Passkey {
        authenticator_data: Base64Url(answer.authenticator_data),
        client_data: Base64Url(answer.client_data_json),
        id: Base64Url(answer.id),
        signature: Base64Url(answer.signature),
        user_handle: answer.user_handle.map(Base64Url),
    })
}

/// The time-stamp in its place, and what proves the standing of all certificates.
async fn proofs(bench: &Bench, platform: &Arc<Platform>, cms: &[u8]) -> Result<(Vec<u8>, Material)> {
    let read = cms::Signature::read(cms)?;
    let hash = sha256(read.bytes());
    let token = timestamp::stamp(platform, &clock::platform_caller(), Digest::Sha256, &hash).await;
    let token = token.map_err(|error| anyhow::anyhow!("{error}"))?;
    let stamped = read.with_unsigned(cms::TIME_STAMP, &token)?;
    let found = status::evidence(platform, &clock::platform_caller(), &bench.certificate).await;
    let found = found.map_err(|fault| anyhow::anyhow!("{fault}"))?;
    let certificates = found.certificates.iter().map(|der| Certificate::from_der(der)).collect::<Result<_, _>>()?;
    let material =
        Material { certificates, answers: found.answers, lists: found.lists, signatures: vec![stamped.clone()] };
    Ok((stamped, material))
}

async fn whole(bench: &Arc<Bench>, platform: &Arc<Platform>, span: Duration) -> Result<f64> {
    let document = Arc::new(pdf(MEGABYTE));
    at_once(span, || {
        let (bench, platform, document) = (Arc::clone(bench), Arc::clone(platform), Arc::clone(&document));
        async move {
            let prepared = pades::prepare(&mut Cursor::new(&*document), &Wish::plain(Digest::Sha256, seconds()))?;
            let cms = bench.sign(prepared.digest())?;
            let (stamped, material) = proofs(&bench, &platform, &cms).await?;
            let mut file = document.to_vec();
            file.extend(pades::complete(prepared, &stamped)?);
            let tail = pades::add_dss(&mut Cursor::new(&file), &material, seconds())?;
            file.extend(tail);
            if file.len() < document.len() { bail!("nothing was signed") } else { Ok(()) }
        }
    })
    .await
}

const HEAD: &str = "%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\n\
                    endobj\n3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n4 0 obj\n";

/// Everything after the filling of object 4.
fn tail(so_far: u64) -> String {
    let end = "\nendstream\nendobj\n";
    let place = |number: &str| HEAD.find(&format!("{number} 0 obj")).unwrap_or(0);
    let table = so_far + u64::try_from(end.len()).unwrap_or(0);
    let mut text = format!("{end}xref\n0 5\n0000000000 65535 f \n");
    for number in ["1", "2", "3", "4"] {
        text.push_str(&format!("{:010} 00000 n \n", place(number)));
    }
    text.push_str(&format!("trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"));
    text
}

fn pdf(bytes: usize) -> Vec<u8> {
    let mut file = format!("{HEAD}<< /Length {bytes} >>\nstream\n").into_bytes();
    file.resize(file.len() + bytes, b'x');
    let rest = tail(u64::try_from(file.len()).unwrap_or(0));
    file.extend(rest.into_bytes());
    file
}

fn write_large(path: &Path, megabytes: u64) -> Result<()> {
    let bytes = megabytes * 1_000_000;
    let head = format!("{HEAD}<< /Length {bytes} >>\nstream\n");
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    file.write_all(head.as_bytes())?;
    let piece = vec![b'x'; 1_000_000];
    for _ in 0..megabytes {
        file.write_all(&piece)?;
    }
    file.write_all(tail(u64::try_from(head.len())? + bytes).as_bytes())?;
    file.flush()?;
    Ok(())
}
