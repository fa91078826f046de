//! JWS and JWK against published vectors, a second implementation, and forged headers.

use jsonwebtoken as judge;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_wire::jose::jws::{Accepted, Compact, sign};
use lionrock_wire::jose::{Error, Jwk, JwkSet, claims, decode, encode, json};
use proptest::prelude::*;
use serde_json::{Value, json};

const ALL: Accepted<'static> =
    Accepted { algorithms: &[Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256], types: &["JWT"], untyped: true };

fn set(text: &str) -> Result<JwkSet, Error> {
    JwkSet::parse(text.as_bytes())
}

fn pair(algorithm: Algorithm) -> (SigningKey, JwkSet) {
    let key = SigningKey::generate(algorithm).unwrap();
    let jwk = Jwk::ours(key.public().unwrap(), algorithm);
    (key, JwkSet::new(vec![jwk]))
}

fn kid(keys: &JwkSet) -> &str {
    keys.keys()[0].kid.as_deref().unwrap()
}

/// A token with any header, signed by `key`.
fn forge(key: &SigningKey, header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
    format!("{signed}.{}", encode(&key.sign(signed.as_bytes()).unwrap()))
}

/// RFC 7515 appendix A.3: ES256, a header without `kid`.
#[test]
fn the_es256_vector_of_rfc_7515_verifies() {
    let keys = set(
        r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#,
    )
    .unwrap();
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let read = Compact::parse(token).unwrap().claims(&keys, &ALL).unwrap();
    assert_eq!(claims::text(&read, "iss"), Ok("joe"));
    assert_eq!(claims::time(&read, "exp"), Ok(Some(1_300_819_380)));
}

/// RFC 8037 appendix A.4 (Ed25519 signature) and A.3 (thumbprint).
#[test]
fn the_ed25519_vector_of_rfc_8037_verifies() {
    let keys =
        set(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#).unwrap();
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let payload = Compact::parse(token).unwrap().verify(&keys, &ALL).unwrap();
    assert_eq!(payload, b"Example of Ed25519 signing");
    assert_eq!(encode(&keys.keys()[0].thumbprint()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

/// RFC 7638 section 3.1.
#[test]
fn the_thumbprint_of_rfc_7638_is_reproduced() {
    let keys = set(
        r#"{"keys":[{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}]}"#,
    )
    .unwrap();
    assert_eq!(encode(&keys.keys()[0].thumbprint()), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn the_other_implementation_reads_ours_and_we_read_its() {
    for (ours, its) in [(Algorithm::Es256, judge::Algorithm::ES256), (Algorithm::EdDsa, judge::Algorithm::EdDSA)] {
        let (key, keys) = pair(ours);
        let body = json!({"iss": "a", "aud": "b", "exp": 4_000_000_000_i64});
        let token = sign(&key, kid(&keys), "JWT", &body).unwrap();
        let jwk: judge::jwk::Jwk = serde_json::from_value(keys.keys()[0].to_json()).unwrap();
        let mut rules = judge::Validation::new(its);
        rules.set_audience(&["b"]);
        let read = judge::decode::<Value>(&token, &judge::DecodingKey::from_jwk(&jwk).unwrap(), &rules).unwrap();
        assert_eq!(read.claims, body);
        assert_eq!(read.header.kid.as_deref(), Some(kid(&keys)));

        let der = key.to_pkcs8().unwrap();
        let theirs = match ours {
            Algorithm::Es256 => judge::EncodingKey::from_ec_der(&der),
            _ => judge::EncodingKey::from_ed_der(&der),
        };
        let mut header = judge::Header::new(its);
        header.kid = Some(kid(&keys).to_owned());
        let token = judge::encode(&header, &body, &theirs).unwrap();
        assert_eq!(Value::Object(Compact::parse(&token).unwrap().claims(&keys, &ALL).unwrap()), body);
    }
}

#[test]
fn headers_that_steer_the_verifier_are_refused() {
    let (key, keys) = pair(Algorithm::Es256);
    let kid = kid(&keys);
    let parse = |header: String| Compact::parse(&forge(&key, &header, "{}")).map(|_| ());
    for (member, value) in [
        ("crit", r#"["exp"]"#),
        ("jku", r#""https://evil.example/keys""#),
        ("jwk", "{}"),
        ("x5u", r#""https://evil.example/chain""#),
        ("x5c", "[]"),
        ("b64", "false"),
        ("zip", r#""DEF""#),
    ] {
        let header = format!(r#"{{"alg":"ES256","kid":"{kid}","{member}":{value}}}"#);
        assert_eq!(
            parse(header),
            Err(Error::Header(match member {
                "crit" => "crit",
                "jku" => "jku",
                "jwk" => "jwk",
                "x5u" => "x5u",
                "x5c" => "x5c",
                "b64" => "b64",
                _ => "zip",
            }))
        );
    }
    for alg in [r#""none""#, r#""None""#, r#""HS256""#, r#""es256""#, "null", "1", r#"["ES256"]"#] {
        assert_eq!(parse(format!(r#"{{"alg":{alg}}}"#)), Err(Error::Algorithm), "{alg}");
    }
    assert_eq!(parse(r#"{"kid":"x"}"#.to_owned()), Err(Error::Algorithm));
    assert_eq!(parse(r#"{"alg":"ES256","alg":"none"}"#.to_owned()), Err(Error::DuplicateMember));
    assert_eq!(parse(r#"{"alg":"ES256","kid":1}"#.to_owned()), Err(Error::Header("kid")));
}

#[test]
fn a_token_verifies_under_the_key_type_and_algorithm_expected_and_no_other() {
    let (key, keys) = pair(Algorithm::Es256);
    let (_, others) = pair(Algorithm::Es256);
    let token = sign(&key, kid(&keys), "JWT", &json!({})).unwrap();
    let verify = |keys: &JwkSet, accepted: &Accepted<'_>| Compact::parse(&token).unwrap().verify(keys, accepted);
    assert!(verify(&keys, &ALL).is_ok());
    assert_eq!(verify(&others, &ALL), Err(Error::UnknownKey));
    assert_eq!(verify(&keys, &Accepted { types: &["logout+jwt"], ..ALL }), Err(Error::Type));
    assert_eq!(verify(&keys, &Accepted { algorithms: &[Algorithm::EdDsa], ..ALL }), Err(Error::Algorithm));

    // The right name on the wrong key must reach the signature check and fall there.
    let mut renamed = others.keys()[0].clone();
    renamed.kid = keys.keys()[0].kid.clone();
    assert_eq!(verify(&JwkSet::new(vec![renamed]), &ALL), Err(Error::Signature));

    let untyped = forge(&key, &format!(r#"{{"alg":"ES256","kid":"{}"}}"#, kid(&keys)), "{}");
    assert!(Compact::parse(&untyped).unwrap().verify(&keys, &ALL).is_ok());
    assert_eq!(Compact::parse(&untyped).unwrap().verify(&keys, &Accepted { untyped: false, ..ALL }), Err(Error::Type));
    let long = forge(&key, &format!(r#"{{"alg":"ES256","kid":"{}","typ":"application/jwt"}}"#, kid(&keys)), "{}");
    assert!(Compact::parse(&long).unwrap().verify(&keys, &ALL).is_ok());
}

#[test]
fn a_header_without_kid_is_good_only_when_one_key_can_be_meant() {
    let (key, keys) = pair(Algorithm::Es256);
    let (_, others) = pair(Algorithm::Es256);
    let token = forge(&key, r#"{"alg":"ES256"}"#, "{}");
    assert!(Compact::parse(&token).unwrap().verify(&keys, &ALL).is_ok());
    let both = JwkSet::new(vec![keys.keys()[0].clone(), others.keys()[0].clone()]);
    assert_eq!(Compact::parse(&token).unwrap().verify(&both, &ALL), Err(Error::UnknownKey));
}

#[test]
fn key_sets_with_secrets_doubles_or_nothing_usable_are_refused() {
    let good = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a"}"#;
    let foreign = r#"{"kty":"OKP","crv":"X25519","x":"AA"},{"kty":"EC","use":"enc"},{"kty":"EC","crv":"secp256k1"},{"kty":"XYZ"}"#;
    assert_eq!(set(&format!(r#"{{"keys":[{foreign},{good}]}}"#)).unwrap().keys().len(), 1);
    for (keys, why) in [
        (r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"AA"}"#.to_owned(), "private"),
        (r#"{"kty":"oct","k":"AAAA"}"#.to_owned(), "symmetric"),
        (format!("{good},{good}"), "one kid twice"),
        (foreign.to_owned(), "none usable"),
        (String::new(), "empty"),
        ("1".to_owned(), "no object"),
        (r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#.to_owned(), "short"),
        (r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}"#.to_owned(), "off the curve"),
        (r#"{"kty":"RSA","n":"3ZWrUY0Y6IKN1qI4BhxR2C7oHVFgGPYkd38uGq1jQNSqEvJFcN93CYm16_G78FAFKWqwsJb3Wx-nbxDn6LtP4AhULB1H0K0g7_jLklDAHvI8yhOKlvoyvsUFPWtNxlJyh5JJXvkNKV_4Oo12e69f8QCuQ6NpEPl-cSvXIqUYBCs","e":"AQAB"}"#.to_owned(), "1024 bits"),
        (good.replace("\"kid\"", "\"alg\":\"ES256\",\"kid\""), "alg of another kind"),
    ] {
        assert!(set(&format!(r#"{{"keys":[{keys}]}}"#)).is_err(), "{why}");
    }
}

#[test]
fn times_and_audiences_of_the_wrong_type_are_errors_not_absences() {
    let read = |text: &str| json::object(text.as_bytes()).unwrap();
    for bad in [r#"{"exp":"1"}"#, r#"{"exp":null}"#, r#"{"exp":-1}"#, r#"{"exp":1e300}"#, r#"{"exp":[1]}"#] {
        assert_eq!(claims::time(&read(bad), "exp"), Err(Error::Claim("exp")), "{bad}");
    }
    assert_eq!(claims::time(&read(r#"{"exp":1.9}"#), "exp"), Ok(Some(1)));
    assert_eq!(claims::time(&read("{}"), "exp"), Ok(None));
    for bad in ["{}", r#"{"aud":[]}"#, r#"{"aud":[1]}"#, r#"{"aud":{}}"#, r#"{"aud":null}"#] {
        assert_eq!(claims::audience(&read(bad)), Err(Error::Claim("aud")), "{bad}");
    }
}

proptest! {
    /// No input makes the readers panic, and nothing that was not signed verifies.
    #[test]
    fn readers_survive_anything(text in "\\PC{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Compact::parse(&text).map(|_| ());
        let _ = JwkSet::parse(&bytes);
        let _ = json::object(&bytes);
    }

    /// One changed character anywhere in a token is noticed.
    #[test]
    fn every_character_of_a_token_counts(place in 0_usize..1000, letter in "[A-Za-z0-9_.-]") {
        let key = SigningKey::from_ed25519_seed(&[9; 32]).unwrap();
        let keys = JwkSet::new(vec![Jwk::ours(key.public().unwrap(), Algorithm::EdDsa)]);
        let token = sign(&key, kid(&keys), "JWT", &json!({"sub": "x", "exp": 1})).unwrap();
        let place = place % token.len();
        prop_assume!(token[place..=place] != letter);
        let mut spoilt = token.clone();
        spoilt.replace_range(place..=place, &letter);
        prop_assert!(Compact::parse(&spoilt).and_then(|it| it.verify(&keys, &ALL)).is_err());
    }

    /// base64url has one spelling.
    #[test]
    fn base64url_reads_back_and_has_one_spelling(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let text = encode(&bytes);
        prop_assert_eq!(decode(&text, "x").unwrap(), bytes);
        let padded = format!("{text}=");
        prop_assert!(decode(&padded, "x").is_err());
        let spaced = format!("{text} ");
        prop_assert!(decode(&spaced, "x").is_err());
    }
}
