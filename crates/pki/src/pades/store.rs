//! The document security store (EN 319 142-1 section 5.4.2): everything a judge needs who comes when nobody answers any more.

use crate::Error;
use crate::certificate::Certificate;
use crate::pdf::{self, Dictionary, Document, Object, Source, Update};
use lionrock_crypto::digest::sha1;
use std::collections::BTreeMap;

/// What is kept beside a signature.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// Certificates of all chains: the signer's, the time-stamp's, the responder's.
    pub certificates: Vec<Certificate>,
    /// Status answers, in DER.
    pub answers: Vec<Vec<u8>>,
    /// Revocation lists, in DER.
    pub lists: Vec<Vec<u8>>,
    /// Signatures and time-stamps this is for, as they stand in `Contents` (without padding).
    pub signatures: Vec<Vec<u8>>,
}

impl Material {
    /// Takes in what another has, without doubles.
    pub fn join(&mut self, other: &Self) {
        for certificate in &other.certificates {
            if !self.certificates.contains(certificate) {
                self.certificates.push(certificate.clone());
            }
        }
        let lists = [
            (&mut self.answers, &other.answers),
            (&mut self.lists, &other.lists),
            (&mut self.signatures, &other.signatures),
        ];
        for (own, others) in lists {
            for one in others {
                if !own.contains(one) {
                    own.push(one.clone());
                }
            }
        }
    }
}

/// Adds what is missing in the store; gives the bytes to append, none when nothing is missing. `now` goes into the note of when it was kept.
///
/// # Errors
/// [`Error::Pdf`] when the file cannot be read.
pub fn add_dss(file: &mut dyn Source, material: &Material, now: u64) -> Result<Vec<u8>, Error> {
    let mut document = Document::open(file)?;
    let catalog = document.catalog()?;
    let mut store = document.dictionary(&catalog, "DSS")?.unwrap_or_default();
    let mut update = Update::new(&mut document)?;
    let mut names = Vec::new();
    let ders = material.certificates.iter().map(|one| one.der().to_vec()).collect::<Vec<_>>();
    for (key, short, wanted) in
        [("Certs", "Cert", &ders), ("OCSPs", "OCSP", &material.answers), ("CRLs", "CRL", &material.lists)]
    {
        let mut all = document.array(&store, key)?;
        let mut kept = BTreeMap::new();
        for one in &all {
            if let Object::Stream(stream) = document.resolve(one)? {
                kept.insert(document.bytes(&stream)?, one.clone());
            }
        }
        let mut own = Vec::new();
        for der in wanted {
            if !kept.contains_key(der) {
                let one = Object::Reference(update.stream(Dictionary::default(), der));
                all.push(one.clone());
                kept.insert(der.clone(), one);
            }
            own.extend(kept.get(der).cloned());
        }
        if !all.is_empty() {
            store.set(key, Object::Array(all));
        }
        names.push((short, own));
    }
    let mut per_signature = document.dictionary(&store, "VRI")?.unwrap_or_default();
    let mut news = !update.is_empty();
    for signature in &material.signatures {
        // The name is SHA-1 by definition (EN 319 142-1 table 3); it finds things and proves nothing.
        let name: String = sha1(signature).iter().map(|byte| format!("{byte:02X}")).collect();
        // An entry is written once: a newer one would leave the older behind as an object that nothing leads to, and no judge can tell
        // why it is there. What came later stands in the store's own lists.
        if per_signature.get(&name).is_some() {
            continue;
        }
        let mut entry = Dictionary::default();
        for (key, own) in names.iter().filter(|(_, own)| !own.is_empty()) {
            entry.set(key, Object::Array(own.clone()));
        }
        entry.set("TU", pdf::date(now));
        let entry = update.add(&Object::Dictionary(entry));
        per_signature.set(&name, Object::Reference(entry));
        news = true;
    }
    if !news {
        return Ok(Vec::new());
    }
    if !per_signature.0.is_empty() {
        store.set("VRI", Object::Dictionary(per_signature));
    }
    store.set("Type", Object::name("DSS"));
    match catalog.get("DSS") {
        Some(Object::Reference(id)) => update.put(*id, &Object::Dictionary(store)),
        _ => {
            let store = update.add(&Object::Dictionary(store));
            let changed = extended(&mut document, catalog)?.with("DSS", Object::Reference(store));
            let root = document.root()?;
            update.put(root, &Object::Dictionary(changed));
        }
    }
    Ok(update.finish(&document))
}

/// Says that the document uses an extension of ETSI (ISO 32000-2 section 7.12).
fn extended(document: &mut Document<'_>, catalog: Dictionary) -> Result<Dictionary, Error> {
    let mut extensions = document.dictionary(&catalog, "Extensions")?.unwrap_or_default();
    if extensions.get("ESIC").is_none() {
        let own =
            Dictionary::default().with("BaseVersion", Object::name("1.7")).with("ExtensionLevel", Object::Integer(5));
        extensions.set("ESIC", Object::Dictionary(own));
    }
    Ok(catalog.with("Extensions", Object::Dictionary(extensions)))
}
