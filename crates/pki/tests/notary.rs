//! A resident with a certificate, an authority for status and one for time: everything a signature of any level needs.

use crate::stage::{DAY, POLICY, Stage};
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_pki::algorithm::Digest;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::cms::{self, Content, Signature, Unsigned};
use lionrock_pki::crl::{self, List};
use lionrock_pki::ocsp::{self, Answer, Status};
use lionrock_pki::pades::{self, Material, Wish};
use lionrock_pki::profile::Profile;
use lionrock_pki::timestamp::{self, Stamp};
use std::io::Cursor;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::upper_case_acronyms, reason = "the standard's own names")]
pub enum Level {
    B,
    T,
    LT,
    LTA,
}

impl Level {
    pub const ALL: [Self; 4] = [Self::B, Self::T, Self::LT, Self::LTA];
}

pub struct Notary {
    pub stage: Stage,
    pub algorithm: Algorithm,
    pub leaf: Certificate,
    pub key: SigningKey,
    pub stamping: Certificate,
    pub stamping_key: SigningKey,
    pub responder: Certificate,
    pub responder_key: SigningKey,
    /// What the authority says about the leaf.
    pub status: Status,
    /// The authority's clock.
    pub now: u64,
}

impl Notary {
    pub fn new(algorithm: Algorithm) -> Self {
        Self::under(algorithm, algorithm)
    }

    /// A resident with a key of one kind under authorities with keys of another.
    pub fn under(authority: Algorithm, algorithm: Algorithm) -> Self {
        let stage = Stage::new(authority);
        let (leaf, key) = stage.leaf(Profile::ResidentSigning, algorithm);
        let (stamping, stamping_key) = stage.leaf_of(Profile::TimeStamping, authority, 10);
        let (responder, responder_key) = stage.leaf_of(Profile::Ocsp, authority, 11);
        let now = stage.now;
        Self {
            stage,
            algorithm,
            leaf,
            key,
            stamping,
            stamping_key,
            responder,
            responder_key,
            status: Status::Good,
            now,
        }
    }

    pub fn digest(&self) -> Digest {
        Digest::of_signature(self.algorithm)
    }

    pub fn stamp(&self, bytes: &[u8]) -> Vec<u8> {
        self.stamp_digest(&Digest::Sha256.of(bytes))
    }

    pub fn stamp_digest(&self, digest: &[u8]) -> Vec<u8> {
        let asked = timestamp::read(&timestamp::ask(Digest::Sha256, digest, None).unwrap()).unwrap();
        let stamp = Stamp { policy: POLICY, serial: [0x5e; 16], now: self.now, accuracy_ms: 500 };
        timestamp::stamp(&asked, &stamp, &[&self.stamping, &self.stage.issuing], &self.stamping_key).unwrap()
    }

    /// The signature proper over a digest.
    pub fn cms(&self, digest: &[u8], stamped: bool) -> Vec<u8> {
        let content = Content { kind: cms::DATA, digest, inside: None, claimed: None };
        let unsigned = Unsigned::new(&content, &[&self.leaf, &self.stage.issuing], self.algorithm).unwrap();
        let signed = unsigned.clone().complete(&self.key.sign(unsigned.message()).unwrap()).unwrap();
        if !stamped {
            return signed;
        }
        let signature = Signature::read(&signed).unwrap();
        let token = self.stamp(signature.bytes());
        signature.with_unsigned(cms::TIME_STAMP, &token).unwrap()
    }

    pub fn answer(&self, certificate: &Certificate, status: Status) -> Vec<u8> {
        let id = ocsp::CertificateId::of(certificate, &self.stage.issuing).unwrap();
        let answer = Answer { singles: vec![(id, status)], nonce: None, now: self.now, next: self.now + DAY };
        ocsp::answer(&answer, &self.responder, &self.responder_key).unwrap()
    }

    pub fn root_list(&self) -> Vec<u8> {
        let list = List { number: 1, now: self.now - 60, next: self.now + 30 * DAY, entries: vec![] };
        crl::sign(&list, &self.stage.root, &self.stage.root_key).unwrap()
    }

    pub fn material(&self) -> Material {
        Material {
            certificates: [&self.leaf, &self.stage.issuing, &self.stage.root, &self.stamping, &self.responder]
                .map(Clone::clone)
                .to_vec(),
            answers: vec![self.answer(&self.leaf, self.status), self.answer(&self.stamping, Status::Good)],
            lists: vec![self.root_list()],
            signatures: vec![],
        }
    }

    pub fn wish(&self) -> Wish {
        Wish {
            name: Some("CHAN Tai Man 陳大文".into()),
            reason: Some("I agree".into()),
            ..Wish::plain(self.digest(), self.now)
        }
    }

    pub fn sign(&self, file: &[u8], level: Level) -> Vec<u8> {
        self.sign_as(file, level, &self.wish())
    }

    pub fn sign_as(&self, file: &[u8], level: Level, wish: &Wish) -> Vec<u8> {
        let prepared = pades::prepare(&mut Cursor::new(file), wish).unwrap();
        let signature = self.cms(prepared.digest(), level >= Level::T);
        let mut whole = [file, &pades::complete(prepared, &signature).unwrap()].concat();
        if level >= Level::LT {
            let material = Material { signatures: vec![signature], ..self.material() };
            let more = pades::add_dss(&mut Cursor::new(&whole), &material, self.now).unwrap();
            whole.extend(more);
        }
        if level >= Level::LTA { self.archive(&whole) } else { whole }
    }

    /// A time-stamp over all of it.
    pub fn archive(&self, file: &[u8]) -> Vec<u8> {
        let prepared = pades::prepare_timestamp(&mut Cursor::new(file), Digest::Sha256).unwrap();
        let token = self.stamp_digest(prepared.digest());
        [file, &pades::complete(prepared, &token).unwrap()].concat()
    }
}
