//! Tokens made by another implementation (Python's joserfc 1.6.5), opened; every change refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::jose::{Error as Form, encode};

const EC_KEY: &str = r#"{"crv": "P-256", "x": "1mt-Q8Lp3_XC1naALR6z1MMlOobDeA3Dsz_yaufa_Ig", "y": "l-5vhImjAl6LSSB4wZ_KzNt0cU37TdGYFtfHlYX_gGE", "d": "3NICa4wPsY-OCf24Dnmi1CNFmKxycFf4gpj2JP58v_g", "kty": "EC"}"#;
const EC_TOKEN: &str = "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImFwdSI6IlFXeHBZMlUiLCJhcHYiOiJRbTlpIiwia2lkIjoiZTEiLCJlcGsiOnsiY3J2IjoiUC0yNTYiLCJ4IjoiQ2lWWVRXUWpQRUJaX0ZCZlJWOTZfbVFwbklLYWZUX014SmpUdHNPd2dJQSIsInkiOiJwTzlnU0hHRGN5Rm9SRGE3S1ZlUTRtemRESVlHanJEX2VSTmV6LTFWNUJnIiwia3R5IjoiRUMifX0..H4Z6rpquu-YJ33-Z.XvN__LawNz-wlWuixXCN8ECF.W1R6esR3YDae1Wt38Aklkg";
const RSA_KEY: &str = r#"{"n": "xaN52z1kI1bmLjTaRZoIW-R4cM51SWdnzjZcEPbqz04irl-wvNO9rq9XxdAy0AMamEGsoFDmTJxk8MCgnK2NI1WCFrzBBn_SNz6apcoZ9tAVkK7xbKQGk9ORX0sNtUukzOp0oIdKFbGpZPU7guywg0Am-EPP2gbQCgeCrblHyv8GQAEQYmTAW4xJ5V9yf2Yfp2RD9jHaAiXALE6lhY3XXsLV5LO9yD6yTDPB_G4mSp7Ef-5nk84oRs0GBLKOmc_DMm1O-YCmeUrogXZEdensD1BMP-SAUsSIuq0SRQ_GWkc6UDqkaQYlMltm-YZTHf8rmGRxzgOiLp1ZrJ0CYhfWyw", "e": "AQAB", "d": "YExVmRYSH0f9suDsw4IYdZHef3SRYFlCko8ZD-kHo0fajSUx6-et4hoshcV6pLEGec5yKtEQTZ7cbhQljgHgJanJz4Nb9-s7BdD6sDJHsWNVRqB_IOTREaFCEXDz9nSrkW7hscAJwIVG2NrGivYB0YnmEwyTj5PHNUPQkA4ZpZX-m94lzLAvc5WgO7qo8x9BRs16UccC5bplz_YOv6GX1Z07SDHRwPK3Gbc9Jzz-xl52B8zc1Pn5amWNQIUC617EoUQw2HkGx5dI9iyWueIrAW7cptQRbP3pAwY4icx5EpWmAo_T5LdSk37z8NYUT9EoTolU_WigsDmsiov9KK-IeQ", "p": "7zWvxcUJBtAO6x3foPjcUHeJkyBMXAN9J-Uz2BhlfV3UDByMFNAw3aoX_oU__qFfDjCfx0T7ha4Krl94iy70er_thcOKR-Jz0L_6bHKdMjxbUpzYztJXxnGUBMbxji3wj0ntbmJUcS8WE2ScjvFZyrSQAZXREdXqKkpXg3JL8Lk", "q": "04LOPuY3UqheuiAI7yt4-45Z_5JSwdsiHm0EiKbdV3TkkUZ27HQDAeOl4kloE7ZOeNqkU29edoRK0COWSNMjmHSsVcYjuBjam5gev4ul7lFmlQTl-MWCBAdbee_vHPOJdmNNlpPUg6b3xoF758dAm-KFn7fA7m8i6R80rLpXmaM", "dp": "MmgLvA8DEe5x1lWbNB58vnASC3C45oLNssR3okexyzMkZdD2K8SbJ3qaR8XocE2s7B6O7Ly6i7bbBVeU3S9t0Rf0g0VrNC6h3RE3Qfb87QMO81-dyCdG28g_Oqp5aE6B7I_Venc5-AfGDRwcaXquQyq9VbguMCX1jCfSPR6upfE", "dq": "hs9Je2eqfUGZVtJSP3aa3uMFU9LEcpCj93aOvDZ2v2ZexIWACQeMXyjksw0Mi_vXmknpENDcCXgaYv07rWD9wA8lRGpMm-sjcqaLepSchwBU_Mgpd90TGFREJr0Zz38d71oturqwadUC-f_PpJQoBvNjLcCl9JLbUnC0Vx9R9Dc", "qi": "IeZ81h90FOEegW7pDWp7qInrPjQstwEpg07_CGpBv8tddyH1Yes5Zn9c_3-KFKDOM16aVYESDw0pIuGBHG_7dIeI__0MCdJl6E8x4kg_Wxah-Z-JnTsiYXeunp2xDqDiwd2Y0xl_bHeUDAe6rE6TXkQ4ZUt2avxOHk8ZPMJYzSY", "kty": "RSA"}"#;
const RSA_TOKEN: &str = "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0.PAL58dCETB7OLFI6awSsFzWuIYbKub_Q2c3oeoatT30s4n2cADU8oP2NUiw2wzKCUZbektTL7sJgVJ-Dj3-ZJi9T_jGEOXIW5nCOTtPxA3liQjplTFfJjirLVq8wWU-Evywg7U1u3C5C-1OQdUzyKqwCYvhHyEYL3M7iRfB6SKyqP2kqEiQf02wC40yKFOjmXWshNUzhfIWnyfh83kOdmtH0O0tsC8mpImWTf_JlsZXdxTKqhUZSGtRSQ9kTxY3Z5zKhmo04t4gEMxdYFszLz4_ibgJtKBWsz3P88-SnL2rUtzPHkbzXbCgJu1MKVGgyMXY2ui0arDhAsgUuat0hHg.Id5PfeLjeLKV4R53.8l8Y46e3A6aUn6lJ371IR2M_.4wyZVgO_JusBpKdVfNSxlw";

fn key(jwk: &str) -> RecipientKey {
    private_key(&json::object(jwk.as_bytes()).unwrap()).unwrap()
}

#[test]
fn another_implementations_tokens_open() {
    for (token, jwk) in [(EC_TOKEN, EC_KEY), (RSA_TOKEN, RSA_KEY)] {
        let opened = open(token, &key(jwk)).unwrap();
        assert_eq!(std::str::from_utf8(&opened.payload), Ok("{\"hello\":\"世界\"}"));
        assert_eq!(opened.header["enc"], "A256GCM");
    }
}

#[test]
fn agreement_example_of_rfc_7518_appendix_c() {
    let ephemeral = r#"{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0","y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps","d":"0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"}"#;
    let point = |text: &str| -> [u8; 32] { decode(text, "test").unwrap().try_into().unwrap() };
    let x = point("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ");
    let y = point("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck");
    let shared = key(ephemeral).agree(&x, &y).unwrap();
    let derived = concat_kdf(shared.expose(), "A128GCM", b"Alice", b"Bob", 128);
    assert_eq!(encode(&derived[..16]), "VqqN6vgjbSBcIijNcacQGg");
}

#[test]
fn every_change_is_refused() {
    for (token, jwk) in [(EC_TOKEN, EC_KEY), (RSA_TOKEN, RSA_KEY)] {
        let key = key(jwk);
        for place in 0..token.len() {
            let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            assert!(open(&changed, &key).is_err(), "character {place}");
        }
        assert_eq!(open(&token[..token.rfind('.').unwrap()], &key).unwrap_err(), Error::Form(Form::Malformed("token")));
    }
    assert_eq!(open(EC_TOKEN, &key(RSA_KEY)).unwrap_err(), Error::Form(Form::Algorithm));
    assert_eq!(open(RSA_TOKEN, &key(EC_KEY)).unwrap_err(), Error::Form(Form::Algorithm));
    let other = RecipientKey::from_p256(&[7; 32]).unwrap();
    assert_eq!(open(EC_TOKEN, &other).unwrap_err(), Error::DoesNotOpen);
}

#[test]
fn weaker_and_steering_headers_are_refused() {
    let rest = EC_TOKEN.split_once('.').unwrap().1;
    let epk = r#""epk":{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ","y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"}"#;
    let with = |header: &str| open(&format!("{}.{rest}", encode(header.as_bytes())), &key(EC_KEY)).unwrap_err();
    let off_curve = epk.replace("weNJ", "weNK");
    for (header, error) in [
        (format!(r#"{{"alg":"dir","enc":"A256GCM",{epk}}}"#), Error::Form(Form::Algorithm)),
        (format!(r#"{{"alg":"RSA1_5","enc":"A256GCM",{epk}}}"#), Error::Form(Form::Algorithm)),
        (format!(r#"{{"alg":"ECDH-ES","enc":"A128CBC-HS256",{epk}}}"#), Error::Form(Form::Algorithm)),
        (format!(r#"{{"alg":"ECDH-ES","enc":"A256GCM","zip":"DEF",{epk}}}"#), Error::Form(Form::Header("zip"))),
        (format!(r#"{{"alg":"ECDH-ES","enc":"A256GCM","crit":["exp"],{epk}}}"#), Error::Form(Form::Header("crit"))),
        (format!(r#"{{"alg":"ECDH-ES","alg":"dir","enc":"A256GCM",{epk}}}"#), Error::Form(Form::DuplicateMember)),
        (r#"{"alg":"ECDH-ES","enc":"A256GCM"}"#.to_owned(), Error::Form(Form::Header("epk"))),
        (format!(r#"{{"alg":"ECDH-ES","enc":"A256GCM",{off_curve}}}"#), Error::DoesNotOpen),
        (format!(r#"{{"alg":"ECDH-ES","enc":"A256GCM",{epk}}}"#), Error::DoesNotOpen),
    ] {
        assert_eq!(with(&header), error, "{header}");
    }
}

#[test]
fn broken_keys_are_refused() {
    for jwk in [
        r#"{"kty":"EC","crv":"P-384","d":"AA"}"#,
        r#"{"kty":"EC","crv":"P-256"}"#,
        r#"{"kty":"EC","crv":"P-256","d":"AA"}"#,
        r#"{"kty":"oct","k":"AA"}"#,
        r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#,
        r#"{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQ","p":"AQ","q":"AQ","dp":"AQ","dq":"AQ","qi":"AQ"}"#,
    ] {
        assert!(private_key(&json::object(jwk.as_bytes()).unwrap()).is_err(), "{jwk}");
    }
}
