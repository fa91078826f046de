//! Mail: by SMTP in earnest, into a mailbox in memory for test realms.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox as Party, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use lionrock_model::time::Millis;
use lionrock_service::port::{Answering, Kept, Letter, Mail, MailError};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;

/// How the mail system is reached.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Host name, as its certificate says.
    pub host: String,
    /// Port, usually 465 (TLS from the first byte) or 587 (STARTTLS).
    pub port: u16,
    /// TLS from the first byte; otherwise STARTTLS, which is then required.
    pub implicit_tls: bool,
    /// The authority of its certificate (PEM) when it is not a public one.
    pub authority_pem: Option<Vec<u8>>,
    /// User and password, when it asks for them.
    pub credentials: Option<(String, String)>,
    /// The address letters come from.
    pub from: String,
    /// From the call to the acceptance of a letter, at most.
    pub time_limit: Duration,
}

impl std::fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SmtpSettings({}:{})", self.host, self.port)
    }
}

/// What is wrong with the settings.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SmtpError {
    /// The sender's address cannot be used.
    #[error("`mail.from` is not an address")]
    From,
    /// The authority is not a certificate, or the host not a name.
    #[error("TLS towards the mail system cannot be set up: check `mail.host` and `mail.authority`")]
    Tls,
}

/// Sends over SMTP; never without TLS.
#[derive(Debug)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Party,
}

impl Smtp {
    /// A sender for these settings; connects when the first letter is sent.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub fn new(settings: &SmtpSettings) -> Result<Self, SmtpError> {
        let from = settings.from.parse().map_err(|_| SmtpError::From)?;
        let mut tls = TlsParameters::builder(settings.host.clone());
        if let Some(pem) = &settings.authority_pem {
            tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(|_| SmtpError::Tls)?);
        }
        let tls = tls.build().map_err(|_| SmtpError::Tls)?;
        let tls = if settings.implicit_tls { Tls::Wrapper(tls) } else { Tls::Required(tls) };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(settings.time_limit));
        if let Some((user, password)) = &settings.credentials {
            transport = transport.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self { transport: transport.build(), from })
    }

    async fn hand_over(&self, letter: &Letter) -> Result<(), MailError> {
        let message = compose(&self.from, letter).ok_or(MailError::Refused)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            // Only a permanent answer to this letter is final; everything else may pass.
            Err(error) if error.is_permanent() => Err(MailError::Refused),
            Err(_) => Err(MailError::Later),
        }
    }
}

fn compose(from: &Party, letter: &Letter) -> Option<Message> {
    let to = letter.to.reveal().parse().ok()?;
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(letter.subject.clone())
        .header(ContentType::TEXT_PLAIN)
        .body(letter.text.clone())
        .ok()
}

impl Mail for Smtp {
    fn send<'a>(&'a self, letter: &'a Letter) -> Answering<'a, Result<(), MailError>> {
        Box::pin(self.hand_over(letter))
    }
}

/// Letters kept in memory, newest first, for the mailbox page of test realms. Refused in production by the start gate.
#[derive(Default)]
pub struct Mailbox {
    kept: Mutex<VecDeque<Kept>>,
}

/// Letters a mailbox holds, at most; the oldest go first.
const MAILBOX: usize = 200;

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailbox(…)")
    }
}

impl Mail for Mailbox {
    fn send<'a>(&'a self, letter: &'a Letter) -> Answering<'a, Result<(), MailError>> {
        let kept = Kept {
            to: letter.to.reveal().to_owned(),
            subject: letter.subject.clone(),
            text: letter.text.clone(),
            at: now(),
        };
        let mut letters = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        letters.push_front(kept);
        letters.truncate(MAILBOX);
        Box::pin(async { Ok(()) })
    }

    fn mailbox(&self) -> Option<Vec<Kept>> {
        Some(self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect())
    }
}

/// A mailbox is a place where letters arrive, so it has a clock of its own.
#[allow(clippy::disallowed_methods, reason = "the mailbox of test realms stands in for a system outside")]
fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lionrock_model::person::Email;

    fn letter(subject: &str) -> Letter {
        Letter {
            to: Email::parse("lok@example.test").unwrap(),
            subject: subject.to_owned(),
            text: "驗證碼 123456\n".to_owned(),
        }
    }

    #[test]
    fn chinese_letters_are_encoded_and_headers_cannot_be_smuggled_in() {
        let from = "Lionrock <no-reply@example.test>".parse().unwrap();
        let bytes = compose(&from, &letter("驗證碼")).unwrap().formatted();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("Subject: =?utf-8?b?") && text.contains("To: lok@example.test"), "{text}");
        let smuggled = compose(&from, &letter("code\r\nBcc: thief@example.test")).unwrap().formatted();
        let smuggled = String::from_utf8(smuggled).unwrap();
        assert!(!smuggled.lines().any(|line| line.starts_with("Bcc")), "{smuggled}");
    }

    #[tokio::test]
    async fn the_mailbox_keeps_the_newest() {
        let mailbox = Mailbox::default();
        for n in 0..MAILBOX + 5 {
            mailbox.send(&letter(&n.to_string())).await.unwrap();
        }
        let letters = mailbox.mailbox().unwrap();
        assert_eq!((letters.len(), letters[0].subject.as_str()), (MAILBOX, "204"));
    }
}
