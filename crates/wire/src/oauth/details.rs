//! What a service asks to have signed: `authorization_details` of the type `credential` (RFC 9396; Cloud Signature Consortium API 2.0,
//! section 8.4.2), or the same in parameters of their own.

use super::{Code, Parameters, Problem};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// The one type of details that is known here.
pub const TYPE: &str = "credential";
/// Most hashes of one authorization: what fits into a request with room for the rest.
pub const MOST: usize = 100;

/// What a hash is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashType {
    /// What goes under the key as it is (`signatures/signHash`).
    #[default]
    Dtbsr,
    /// A document, or the part of it that is signed (`signatures/signDoc`).
    Sodr,
}

/// One hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The bytes.
    pub hash: Vec<u8>,
    /// What the service calls it.
    pub label: String,
}

/// What is to be authorised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// Which credential.
    pub credential: String,
    /// The hashes, in order; 1 to [`MOST`].
    pub digests: Vec<Digest>,
    /// The algorithm of the hashes, in dotted form.
    pub algorithm: String,
    /// What all of them are of.
    pub kind: HashType,
    /// What it is about, in the service's words.
    pub description: Option<String>,
    /// Where the token is to be used; empty when it was not said.
    pub locations: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    r#type: String,
    #[serde(rename = "credentialID")]
    credential: Option<String>,
    #[serde(rename = "signatureQualifier")]
    qualifier: Option<String>,
    #[serde(rename = "numSignatures")]
    count: Option<u64>,
    #[serde(rename = "documentDigests")]
    digests: Vec<Document>,
    #[serde(rename = "hashAlgorithmOID")]
    algorithm: String,
    #[serde(default)]
    locations: Vec<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    hash: String,
    label: Option<String>,
    #[serde(rename = "hashType")]
    kind: Option<HashType>,
}

impl Details {
    /// Reads `authorization_details`, or the parameters of scope `credential`; none when neither is there.
    ///
    /// # Errors
    /// `invalid_authorization_details` (RFC 9396 section 5), `invalid_request`.
    pub fn read(parameters: &Parameters) -> Result<Option<Self>, Problem> {
        let scope = parameters.get("scope");
        match parameters.get("authorization_details") {
            Some(_) if scope.is_some_and(|scope| scope != TYPE) => {
                Err(Problem::new(Code::InvalidScope, "scope beside authorization_details can only be credential"))
            }
            Some(text) => Self::rich(text).map(Some),
            None if scope == Some(TYPE) => Self::plain(parameters).map(Some),
            None => Ok(None),
        }
    }

    fn rich(text: &str) -> Result<Self, Problem> {
        let wrong = |text| Problem::new(Code::InvalidAuthorizationDetails, text);
        let read: Vec<Entry> = serde_json::from_str(text)
            .map_err(|_| wrong("authorization_details must be a list of one object of the type credential"))?;
        let [entry] = <[Entry; 1]>::try_from(read)
            .map_err(|_| wrong("authorization_details must hold one object: one authorization, one credential"))?;
        if entry.r#type != TYPE {
            return Err(wrong("the only type of authorization_details known here is credential"));
        }
        if entry.qualifier.is_some() {
            return Err(wrong("signatureQualifier is not known here: name the credential by its credentialID"));
        }
        let kind = entry.digests.first().and_then(|first| first.kind).unwrap_or_default();
        if entry.digests.iter().any(|one| one.kind.unwrap_or_default() != kind) {
            return Err(wrong("hashType must be the same for all documentDigests"));
        }
        let digests = entry.digests.into_iter().map(|one| {
            let hash = STANDARD.decode(&one.hash).map_err(|_| wrong("a hash of documentDigests is not Base64"))?;
            Ok(Digest { hash, label: one.label.unwrap_or_default() })
        });
        let credential = entry.credential.ok_or(wrong("credentialID is missing"))?;
        let details = Self {
            credential,
            digests: digests.collect::<Result<_, Problem>>()?,
            algorithm: entry.algorithm,
            kind,
            description: entry.description,
            locations: entry.locations,
        };
        details.counted(entry.count)
    }

    fn plain(parameters: &Parameters) -> Result<Self, Problem> {
        let wrong = |text| Problem::new(Code::InvalidRequest, text);
        if parameters.has("signatureQualifier") {
            return Err(wrong("signatureQualifier is not known here: name the credential by its credentialID"));
        }
        let hashes = parameters.required("hashes", "hashes is missing: this server authorises hashes alone")?;
        let digests = hashes.split(',').map(|hash| {
            let bare = hash.trim_end_matches('=');
            let hash = URL_SAFE_NO_PAD.decode(bare).map_err(|_| wrong("a hash of hashes is not base64url"))?;
            Ok(Digest { hash, label: String::new() })
        });
        let count = parameters.required("numSignatures", "numSignatures is missing")?;
        let count = count.parse().map_err(|_| wrong("numSignatures must be a number"))?;
        let details = Self {
            credential: parameters.required("credentialID", "credentialID is missing")?.to_owned(),
            digests: digests.collect::<Result<_, Problem>>()?,
            algorithm: parameters.required("hashAlgorithmOID", "hashAlgorithmOID is missing")?.to_owned(),
            kind: HashType::Dtbsr,
            description: parameters.get("description").map(str::to_owned),
            locations: Vec::new(),
        };
        details.counted(Some(count))
    }

    /// A hash is a signature: who asks for another number of them means something else.
    fn counted(self, count: Option<u64>) -> Result<Self, Problem> {
        let wrong = |text| Problem::new(Code::InvalidRequest, text);
        let own = u64::try_from(self.digests.len()).unwrap_or(u64::MAX);
        if count.is_some_and(|count| count != own) {
            return Err(wrong("numSignatures is not the number of hashes"));
        }
        match self.digests.len() {
            0 => Err(wrong("there is no hash")),
            1..=MOST => Ok(self),
            _ => Err(wrong("Numbers of signatures is too high")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value, json};

    fn good() -> Value {
        json!([{
            "type": "credential", "credentialID": "c", "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
            "documentDigests": [{"hash": "sTOgwOm+474gFj0q0x1iSNspKqbcse4IeiqlDg/HWuI=", "label": "Example Contract"}],
        }])
    }

    fn read(details: &Value) -> Result<Option<Details>, Code> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("authorization_details", &details.to_string())
            .finish();
        Details::read(&Parameters::parse(&form).unwrap()).map_err(|problem| problem.code)
    }

    #[test]
    fn details_are_read_and_what_is_not_known_is_refused() {
        let details = read(&good()).unwrap().unwrap();
        assert_eq!((details.digests[0].hash.len(), details.kind), (32, HashType::Dtbsr));
        let mut sodr = good();
        sodr[0]["documentDigests"][0]["hashType"] = json!("sodr");
        assert_eq!(read(&sodr).unwrap().unwrap().kind, HashType::Sodr);
        for (pointer, value) in [
            ("/0/type", json!("payment_initiation")),
            ("/0/unknown", json!(1)),
            ("/0/signatureQualifier", json!("eu_eidas_qes")),
            ("/0/credentialID", Value::Null),
            ("/0/documentDigests/0/hash", json!("not base64")),
            ("/0/documentDigests/0/hashType", json!("md5")),
        ] {
            let mut bad = good();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            bad.pointer_mut(parent).unwrap()[name] = value;
            assert_eq!(read(&bad), Err(Code::InvalidAuthorizationDetails), "{pointer}");
        }
        let two = json!([good()[0], good()[0]]);
        assert_eq!(read(&two), Err(Code::InvalidAuthorizationDetails));
        for (count, digests) in [(2, good()[0]["documentDigests"].clone()), (0, json!([]))] {
            let mut bad = good();
            bad[0]["numSignatures"] = json!(count);
            bad[0]["documentDigests"] = digests;
            assert_eq!(read(&bad), Err(Code::InvalidRequest), "{count}");
        }
    }

    #[test]
    fn parameters_say_the_same() {
        let text = "scope=credential&credentialID=c&numSignatures=2&hashes=AAEC,AwQF&hashAlgorithmOID=1.2";
        let details = Details::read(&Parameters::parse(text).unwrap()).unwrap().unwrap();
        assert_eq!(details.digests[1].hash, [3, 4, 5]);
        for left_out in ["credentialID=c", "numSignatures=2", "hashes=AAEC,AwQF", "hashAlgorithmOID=1.2"] {
            let bad = text.replace(left_out, "x=1");
            assert!(Details::read(&Parameters::parse(&bad).unwrap()).is_err(), "{left_out}");
        }
        assert_eq!(Details::read(&Parameters::parse("scope=openid").unwrap()), Ok(None));
        let both = "scope=openid&authorization_details=[]";
        assert!(Details::read(&Parameters::parse(both).unwrap()).is_err());
    }
}
