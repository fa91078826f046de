//! Every view, in every language, with people and values that are hard to lay out. Looks for missing texts and forbidden markup, and
//! leaves the pages under `target/gallery/` to be looked at.

use std::fs;
use std::path::{Path, PathBuf};

use lionrock_model::correction::{FACTS, Outcome, State};
use lionrock_model::proofing::{Reason, Stage};
use lionrock_web::language::{OFFERED, Say};
use lionrock_web::page::{Frame, View, account, certificates, consent, my_data, problem, register, signin};

fn frame(say: Say, title: &str, signed_in: bool) -> Frame {
    Frame {
        say,
        title: say.t(title),
        csrf: "token".to_owned(),
        here: "/register?a=1&b=\"2\"".to_owned(),
        signed_in,
        staff: false,
        kiosk: false,
        test_realm: Some("test-demo".to_owned()),
        mistakes: Vec::new(),
    }
}

fn receipt() -> register::Receipt {
    register::Receipt {
        custody: "0190f7a1-3c5e-7b22-9c41-5d2a7e1f4b60".to_owned(),
        opened: "2026-11-23 19:04:05 HKT".to_owned(),
        destroyed: "2026-11-23 19:04:09 HKT".to_owned(),
        pictures: 8,
        destroyed_pictures: 8,
        reason: "verified",
        leaf: Some(20417),
    }
}

fn events(say: Say) -> Vec<account::Event> {
    let at = |minutes: i64| {
        lionrock_web::page::time::moment(say, lionrock_model::time::Millis(1_795_431_845_000 - minutes * 60_000))
    };
    let proof = || Some(account::Proof { index: 20417, hash: "9f2c".repeat(16) });
    vec![
        account::Event { text: say.t("data-lead"), at: at(1), proof: proof() },
        account::Event { text: say.t("signin-lead"), at: at(95), proof: None },
        account::Event { text: say.t("done-lead"), at: at(4000), proof: proof() },
    ]
}

fn certificate(say: Say, state: &str) -> certificates::Certificate {
    certificates::Certificate {
        serial: format!("41c3{state}"),
        number: "41c3 90ab 77de 0012 5f6a 8b9c ddee 0f11".to_owned(),
        kind: say.t("certificate-resident-signing"),
        standing: say.t(&format!("certificates-state-{state}")),
        ground: (state == "revoked").then(|| say.t("certificates-ground-keycompromise")),
        since: (state != "good").then(|| "23 November 2026".to_owned()),
        from: "23 November 2026".to_owned(),
        until: "23 November 2027".to_owned(),
        can_end: state != "revoked",
        is_good: state == "good",
        can_resume: state == "held",
        held_by_us: false,
    }
}

fn passkey(id: &str, name: &str, current: bool) -> account::Passkey {
    account::Passkey {
        id: id.to_owned(),
        name: name.to_owned(),
        synced: current,
        made: "23 November 2026".to_owned(),
        used: current.then(|| "23 November 2026, 7:04 pm".to_owned()),
        alarm: (!current).then(|| "22 November 2026, 9:00 am".to_owned()),
        current,
    }
}

/// Everything kept: of somebody who registered with pictures, or of a test realm's person who was registered beforehand.
fn data(say: Say, pictures: bool) -> my_data::Data {
    let fact = |key: &str, value: &str, masked| my_data::Fact { name: say.t(key), value: value.to_owned(), masked };
    let group = |word, until, number, facts| my_data::Group {
        word,
        facts,
        until,
        number,
        links: vec![("/account/email".to_owned(), say.t("contact-title"))],
    };
    my_data::Data {
        frame: frame(say, "data-title", true),
        whole: !pictures,
        picture: my_data::Picture {
            pictures: if pictures { 8 } else { 0 },
            destroyed: if pictures { 8 } else { 0 },
            values: 7,
            services: usize::from(pictures),
        },
        groups: vec![
            group(
                "card",
                "account",
                0,
                vec![fact("field-english-name", "CHAN Mei Ling", false), fact("field-hkid", "•••••••(•)", pictures)],
            ),
            group(
                "contact",
                "account",
                0,
                vec![fact("field-email", "mei.ling.chan@a-rather-long-domain.example.hk", false)],
            ),
            group("passkeys", "removed", 1, vec![fact("field-devices", "Pixel 9, 辦公室電腦", false)]),
            group(
                "sign-ins",
                "history",
                1,
                vec![fact("data-sessions", "2", false), fact("data-history-oldest", "1 November 2026", false)],
            ),
            group("approvals", "approval", 1, vec![fact("data-approvals-standing", "1", false)]),
            group("codes", "account", 0, vec![fact("data-codes", "10", false)]),
            group("notice", "account", 0, vec![fact("data-notice", &say.t("data-notice-none"), false)]),
            group("corrections", "correction", 4, vec![fact("data-corrections", "2", false)]),
            group("letters", "sent", 7, vec![fact("data-letters", "0", false)]),
            group("ledger", "ledger", 0, vec![fact("data-entries", "48", false)]),
            group("level", "account", 0, vec![fact("data-level", &say.t("level-is-plus"), false)]),
            group("signatures", "account", 0, vec![fact("data-signatures", "1", false)]),
            group("certificates", "certificate", 7, vec![fact("data-certificates-good", "1", false)]),
            group("staff", "staff", 2, vec![fact("data-readings", "3", false)]),
        ],
        received: if pictures {
            vec![my_data::Received {
                service: "Public Library <Demo>".to_owned(),
                fields: format!("{}, {}", say.t("field-english-name"), say.t("field-birth")),
                times: 3,
                first: "1 November 2026".to_owned(),
                last: "23 November 2026, 7:04 pm".to_owned(),
            }]
        } else {
            vec![]
        },
        destroyed: if pictures {
            vec![my_data::Destroyed {
                id: "0190f7a1-3c5e-7b22-9c41-5d2a7e1f4b60".to_owned(),
                at: "2026-11-23 19:04:09 HKT".to_owned(),
                pictures: 8,
                reason: "verified",
                after: Some("3.1 ms".to_owned()),
            }]
        } else {
            vec![]
        },
        keys_gone: vec![("own".to_owned(), "7:04 pm".to_owned(), "0190f7a1".to_owned())],
        corrections: vec![my_data::Wish {
            field: say.t("field-birth"),
            standing: say.t1("correction-due", "day", "2 January 2027"),
        }],
    }
}

fn approved(service: &str, ended: Option<&str>) -> my_data::Consent {
    my_data::Consent {
        id: "library".to_owned(),
        service: service.to_owned(),
        purpose: "To issue your library card in your name.".to_owned(),
        fields: if service.is_ascii() { "Name in English".to_owned() } else { String::new() },
        last: "23 November 2026, 7:04 pm".to_owned(),
        times: 3,
        ended: ended.map(str::to_owned),
    }
}

/// Every way a request for correction can stand, also past its time.
fn requests(say: Say, state: State) -> Vec<my_data::Request> {
    let one = |outcome: Option<Outcome>, late| my_data::Request {
        id: "a".to_owned(),
        field: say.t("field-birth"),
        should: "3 March 1988".to_owned(),
        why: "My birth certificate.\nPage 2 <b>".to_owned(),
        state: state.word(),
        standing: match (state, outcome) {
            (State::Received, _) => say.t1("correction-due", "day", "2 January 2027"),
            (_, Some(outcome)) => say.t(&format!("correction-outcome-{}", outcome.word())),
            (state, None) => say.t(&format!("correction-standing-{}", state.word())),
        },
        received: "23 November 2026, 7:04 pm".to_owned(),
        late,
        open: state == State::Received,
    };
    match state {
        State::Received => vec![one(None, false), one(None, true)],
        State::Withdrawn => vec![one(None, false)],
        _ => vec![one(None, false), one(Some(Outcome::Corrected), false), one(Some(Outcome::Refused), false)],
    }
}

/// Every page: file name and HTML.
fn pages(say: Say) -> Vec<(&'static str, String)> {
    fn html(view: impl View) -> String {
        view.render().unwrap()
    }
    let stages = |now: usize| -> Vec<register::StageLine> {
        let state = |i: usize| match i.cmp(&now) {
            std::cmp::Ordering::Less => register::StageState::Done,
            std::cmp::Ordering::Equal => register::StageState::Now,
            std::cmp::Ordering::Greater => register::StageState::Waiting,
        };
        Stage::ALL
            .iter()
            .enumerate()
            .map(|(i, stage)| register::StageLine { word: stage.word(), state: state(i) })
            .collect()
    };
    let wrong = |title, field, key: &str| frame(say, title, false).with_error(field, say.t(key));
    let outcome = |title, reasons: Vec<&'static str>, tries: u32| register::Outcome {
        frame: frame(say, title, false),
        retake: tries > 0,
        reasons,
        tries_left: tries,
        receipt: Some(receipt()),
    };
    let field = |word, value: &str, required| consent::Asked { word, value: value.to_owned(), required };
    vec![
        ("start", html(problem::Start { frame: frame(say, "start-title", false) })),
        (
            "notice",
            html(register::Notice { frame: frame(say, "notice-title", false), version: register::NOTICE_VERSION }),
        ),
        (
            "notice-wrong",
            html(register::Notice {
                frame: wrong("notice-title", "agree", "notice-agree-missing"),
                version: register::NOTICE_VERSION,
            }),
        ),
        (
            "card",
            html(register::Capture { frame: frame(say, "card-title", false), face_first: false, largest: 12_000_000 }),
        ),
        (
            "judging",
            html(register::Judging { frame: frame(say, "judging-title", false), stages: stages(3), seconds_left: 98 }),
        ),
        ("outcome-retake", html(outcome("outcome-retake-title", vec!["card-glare", "timing"], 2))),
        ("outcome-counter", html(outcome("outcome-counter-title", Reason::ALL.iter().map(|r| r.word()).collect(), 0))),
        ("outcome-refused", html(outcome("outcome-refused-title", vec![], 0))),
        (
            "passkey",
            html(register::MakePasskey {
                frame: frame(say, "passkey-title", false),
                kept: vec![
                    (say.t("field-english-name"), "CHAN Mei Ling".to_owned()),
                    (say.t("field-hkid"), "U123456(7)".to_owned()),
                ],
            }),
        ),
        (
            "codes",
            html(register::Codes {
                frame: frame(say, "codes-title", false),
                codes: vec!["K7QM-2RXD-9FHT".to_owned(); 10],
            }),
        ),
        (
            "email",
            html(register::AskEmail {
                frame: wrong("email-title", "email", "problem-malformed"),
                email: "me@".to_owned(),
            }),
        ),
        (
            "confirm",
            html(register::ConfirmEmail {
                frame: frame(say, "confirm-title", false),
                email: "mei.ling.chan@a-rather-long-domain.example.hk".to_owned(),
                mailbox: true,
            }),
        ),
        (
            "done",
            html(register::Done {
                frame: frame(say, "done-title", true),
                receipt: receipt(),
                next: None,
                service: None,
            }),
        ),
        (
            "signin",
            html(signin::SignIn {
                frame: frame(say, "signin-title", false),
                service: Some("Public Library <Demo>".to_owned()),
                next: "/oauth/consent?request=1".to_owned(),
                register: "/register?next=/oauth/consent%3Frequest%3D1".to_owned(),
            }),
        ),
        (
            "mailbox",
            html(signin::Mailbox {
                frame: frame(say, "mailbox-title", false),
                letters: vec![signin::Letter {
                    to: "a@b.hk".to_owned(),
                    subject: "Your code".to_owned(),
                    text: "123 456\nGood for ten minutes".to_owned(),
                    at: "7:04 pm".to_owned(),
                }],
            }),
        ),
        ("mailbox-empty", html(signin::Mailbox { frame: frame(say, "mailbox-title", false), letters: vec![] })),
        (
            "consent",
            html(consent::Consent {
                frame: frame(say, "consent-title", true),
                service: "Public Library <Demo>".to_owned(),
                host: "localhost:8444".to_owned(),
                purpose: "To issue your library card in your name.".to_owned(),
                fields: vec![
                    field("english-name", "CHAN Mei Ling Josephine", true),
                    field("chinese-name", "陳美玲", false),
                    field("birth", "3 March 1988", false),
                    field("hkid", "U123456(7)", true),
                    field("email", "mei.ling.chan@a-rather-long-domain.example.hk", false),
                ],
                request: "r".to_owned(),
                version: 2,
                plain: true,
                signing: false,
            }),
        ),
        (
            "account",
            html(account::Home {
                frame: frame(say, "account-title", true),
                name: "CHAN Mei Ling".to_owned(),
                authenticators: 1,
                sessions: 2,
                level: "plus",
                codes_left: 9,
                recent: events(say),
            }),
        ),
        (
            "authenticators",
            html(account::Authenticators {
                frame: frame(say, "authenticators-title", true),
                passkeys: vec![passkey("a", "Pixel 9", true), passkey("b", "辦公室電腦", false)],
            }),
        ),
        (
            "authenticators-one",
            html(account::Authenticators {
                frame: frame(say, "authenticators-title", true),
                passkeys: vec![passkey("a", "Pixel 9", true)],
            }),
        ),
        (
            "sessions",
            html(account::Sessions {
                frame: frame(say, "sessions-title", true),
                sessions: vec![
                    account::Session {
                        id: "a".to_owned(),
                        device: "Chrome, Android".to_owned(),
                        began: "7:04 pm".to_owned(),
                        used: "7:10 pm".to_owned(),
                        current: true,
                    },
                    account::Session {
                        id: "b".to_owned(),
                        device: "Firefox, Windows".to_owned(),
                        began: "7:04 pm".to_owned(),
                        used: "7:10 pm".to_owned(),
                        current: false,
                    },
                ],
            }),
        ),
        (
            "certificates",
            html(certificates::Certificates {
                frame: frame(say, "certificates-title", true),
                certificates: vec![certificate(say, "good"), certificate(say, "held"), certificate(say, "revoked")],
            }),
        ),
        (
            "certificates-none",
            html(certificates::Certificates { frame: frame(say, "certificates-title", true), certificates: vec![] }),
        ),
        (
            "history",
            html(account::History {
                frame: frame(say, "history-title", true),
                events: events(say),
                older: Some("/account/history?before=1".to_owned()),
            }),
        ),
        (
            "history-empty",
            html(account::History { frame: frame(say, "history-title", true), events: vec![], older: None }),
        ),
        ("data", html(data(say, true))),
        ("data-beforehand", html(data(say, false))),
        (
            "notice-agreed",
            html(my_data::Notice {
                frame: frame(say, "agreed-title", true),
                language: "zh-Hant".to_owned(),
                version: register::NOTICE_VERSION.to_owned(),
                at: "23 November 2026".to_owned(),
                parts: vec![
                    ("收集甚麼".to_owned(), "一張身份證的照片，以及數張面容的照片。".to_owned());
                    5
                ],
                ticked: "我已閱讀並同意。".to_owned(),
                digest: "9f2c".repeat(16),
            }),
        ),
        (
            "consents",
            html(my_data::Consents {
                frame: frame(say, "consents-title", true),
                standing: vec![approved("Public Library <Demo>", None), approved("稅務局", None)],
                ended: vec![approved("The old shop", Some("23 November 2026, 7:04 pm"))],
            }),
        ),
        (
            "consents-none",
            html(my_data::Consents { frame: frame(say, "consents-title", true), standing: vec![], ended: vec![] }),
        ),
        (
            "corrections",
            html(my_data::Corrections {
                frame: frame(say, "corrections-title", true),
                requests: State::ALL.into_iter().flat_map(|state| requests(say, state)).collect(),
                facts: FACTS.map(|fact| (fact.word(), say.t(&format!("field-{}", fact.word())))).to_vec(),
                typed: my_data::Typed::default(),
            }),
        ),
        (
            "corrections-wrong",
            html(my_data::Corrections {
                frame: wrong("corrections-title", "field", "refusal-correction-field")
                    .with_error("should", say.t("refusal-correction-should"))
                    .with_error("why", say.t("refusal-correction-why")),
                requests: vec![],
                facts: FACTS.map(|fact| (fact.word(), say.t(&format!("field-{}", fact.word())))).to_vec(),
                typed: my_data::Typed {
                    field: "birth".to_owned(),
                    should: "<b>3 March</b>".to_owned(),
                    why: "x\ny".to_owned(),
                },
            }),
        ),
        (
            "contact",
            html(my_data::AskEmail {
                frame: wrong("contact-title", "email", "refusal-email-same"),
                current: Some("mei.ling.chan@a-rather-long-domain.example.hk".to_owned()),
                typed: "mei@".to_owned(),
            }),
        ),
        (
            "contact-confirm",
            html(my_data::ConfirmEmail {
                frame: wrong("contact-confirm-title", "code", "refusal-email-code-wrong"),
                email: "mei.ling.chan@a-rather-long-domain.example.hk".to_owned(),
                current: Some("mei@example.hk".to_owned()),
                mailbox: true,
            }),
        ),
        (
            "close",
            html(account::Close {
                frame: wrong("close-title", "confirm", "close-confirm-missing"),
                since: "1 November 2026".to_owned(),
                authenticators: 2,
                services: 1,
                shown: "{}".to_owned(),
            }),
        ),
        (
            "closed",
            html(account::Closed {
                frame: frame(say, "closed-title", false),
                receipt: "{\n  \"type\": \"closing\"\n}".to_owned(),
                paper: "{\"type\":\"closing\"}".to_owned(),
                at: "2026-11-23 19:04:09 HKT".to_owned(),
            }),
        ),
        (
            "problem",
            html(problem::Problem {
                frame: frame(say, "problem-fault-title", false),
                text: say.t("problem-fault"),
                ours: true,
                code: "fault".to_owned(),
                trace: "4bf92f3577b34da6".to_owned(),
            }),
        ),
    ]
}

#[test]
fn every_page_has_its_words_and_nothing_inline() {
    for language in OFFERED {
        let say = Say::in_language(language);
        for (name, html) in pages(say) {
            let place = format!("{name} in {}", language.tag());
            assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())), "{place}");
            let missing =
                html.match_indices('[').find(|(at, _)| html[at + 1..].starts_with(|c: char| c.is_ascii_lowercase()));
            assert!(missing.is_none(), "{place}: a text is missing: {}", &html[missing.unwrap().0..][..40]);
            for forbidden in [" style=", " onclick=", "<style", "javascript:", "http://", "https://"] {
                assert!(!html.contains(forbidden), "{place}: {forbidden}");
            }
            assert_eq!(
                html.matches("id=\"continue\"").count(),
                usize::from(!NO_MAIN_BUTTON.contains(&name)),
                "{place}: one main button"
            );
            assert_eq!(
                html.matches("<script").count(),
                html.matches("<script type=\"module\" src=\"/static/").count(),
                "{place}"
            );
            assert!(!html.contains("<Demo>"), "{place}: a value is not escaped");
            for form in html.split("<form").skip(1).map(|form| form.split("</form>").next().unwrap()) {
                let posts = form.contains("method=\"post\"");
                assert!(!posts || form.contains("name=\"csrf\""), "{place}: a form lacks its token");
            }
        }
    }
}

/// Pages that only show.
const NO_MAIN_BUTTON: [&str; 12] = [
    "outcome-counter",
    "outcome-refused",
    "mailbox",
    "mailbox-empty",
    "account",
    "history",
    "history-empty",
    "notice-agreed",
    "consents",
    "consents-none",
    "certificates",
    "certificates-none",
];

#[test]
fn pages_are_left_to_be_looked_at() {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/gallery");
    for language in OFFERED {
        let folder = target.join(language.tag());
        fs::create_dir_all(&folder).unwrap();
        for (name, html) in pages(Say::in_language(language)) {
            // Opened from a file, so style sheet and scripts are beside it.
            let start = html.find("/static/").unwrap();
            let version = &html[start..start + "/static/0123456789abcdef/".len()];
            fs::write(folder.join(format!("{name}.html")), html.replace(version, "../")).unwrap();
        }
    }
    let assets = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets");
    for (from, to) in [("css/lionrock.css", "lionrock.css"), ("img/mark.svg", "mark.svg")] {
        fs::copy(assets.join(from), target.join(to)).unwrap();
    }
}
