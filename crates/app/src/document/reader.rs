//! The parent's side: starts a child for each question, and ends it.

use super::child::{ANSWER, DISTANT, REFUSAL};
use super::{Ask, VERB, distant};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lionrock_service::port::Answering;
use lionrock_service::port::document::{
    Anchors, Document, DocumentError, DocumentReader, Inspection, Judgement, LARGEST, LARGEST_SIGNATURE, Letters,
    Picture, Reading,
};
use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::File;
use std::io::Seek;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Children at once.
const CHILDREN: usize = 2;
/// Questions that wait for a child, at most.
const WAITING: usize = 16;
/// From the start of a child to its end.
const DEADLINE: Duration = Duration::from_secs(20);
/// Longest answer, in bytes.
const LONGEST: u64 = 32 * 1024 * 1024;
/// Why a document is not read when there is nothing better to say.
const GARBLED: &str = "the reader gave no answer that is understood";

/// Reads documents in children of this program.
#[derive(Debug)]
pub struct Reader {
    program: PathBuf,
    strict: bool,
    deadline: Duration,
    places: Semaphore,
    queue: Semaphore,
    letters: Letters,
}

impl Reader {
    /// A reader that starts `program`; `strict` refuses to read where the system cannot confine a child.
    #[must_use]
    pub fn new(program: PathBuf, strict: bool) -> Self {
        Self {
            program,
            strict,
            deadline: DEADLINE,
            places: Semaphore::new(CHILDREN),
            queue: Semaphore::new(CHILDREN + WAITING),
            letters: Letters::default(),
        }
    }

    /// The same with another deadline.
    #[must_use]
    pub fn within(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same with fonts for seals.
    #[must_use]
    pub fn with_letters(self, letters: Vec<Vec<u8>>) -> Self {
        Self { letters: Letters::new(letters), ..self }
    }

    /// Asks a child about a document.
    ///
    /// # Errors
    /// What became of the child.
    pub async fn ask(&self, document: Document, ask: &Ask) -> Result<Vec<u8>, DocumentError> {
        let large = document.length() > LARGEST as u64;
        if large && matches!(ask, Ask::Judge { .. }) {
            return Err(DocumentError::Refused("the document is too large".to_owned()));
        }
        let _waiting = self.queue.try_acquire().map_err(|_| DocumentError::Unavailable)?;
        let _place = self.places.acquire().await.map_err(|_| DocumentError::Unavailable)?;
        let file = if large {
            let (here, there) = UnixStream::pair().map_err(|_| DocumentError::Unavailable)?;
            // It ends when the child hangs up, which it does at the deadline at the latest.
            tokio::task::spawn_blocking(move || distant::serve(File::from(OwnedFd::from(here)), &document));
            Stdio::from(OwnedFd::from(there))
        } else {
            let file = tokio::task::spawn_blocking(move || memory_file(&document)).await;
            file.ok().and_then(Result::ok).ok_or(DocumentError::Unavailable)?
        };
        let ask = serde_json::to_string(ask).map_err(|_| DocumentError::Unavailable)?;
        let mut command = Command::new(&self.program);
        command
            .arg(VERB)
            .arg(ask)
            .env_clear()
            .stdin(file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        if self.strict {
            command.arg("--strict");
        }
        if large {
            command.arg(DISTANT);
        }
        let mut child = command.spawn().map_err(|_| DocumentError::Unavailable)?;
        // The command holds the child's end of a pair of sockets: nobody may hold it but the child.
        drop(command);
        let mut from = child.stdout.take().ok_or(DocumentError::Unavailable)?.take(LONGEST + 1);
        let mut answer = Vec::new();
        let reading = async {
            from.read_to_end(&mut answer).await?;
            child.wait().await
        };
        let outcome = timeout(self.deadline, reading).await;
        if outcome.is_err() {
            let _ = child.kill().await;
            return Err(DocumentError::Lost);
        }
        let ended = outcome.ok().and_then(Result::ok).is_some_and(|status| status.success());
        match answer.split_first() {
            Some((&ANSWER, answer)) if ended && answer.len() as u64 <= LONGEST => Ok(answer.to_vec()),
            Some((&REFUSAL, why)) if ended => Err(DocumentError::Refused(String::from_utf8_lossy(why).into_owned())),
            _ => Err(DocumentError::Lost),
        }
    }

    async fn json<T: serde::de::DeserializeOwned>(&self, document: Document, ask: Ask) -> Result<T, DocumentError> {
        let answer = self.ask(document, &ask).await?;
        serde_json::from_slice(&answer).map_err(|_| DocumentError::Refused(GARBLED.to_owned()))
    }
}

/// The document in a file that lives in memory and has no name: nothing is kept.
fn memory_file(document: &Document) -> std::io::Result<Stdio> {
    let mut file = File::from(memfd_create("document", MemfdFlags::CLOEXEC)?);
    std::io::copy(&mut Reading::new(&**document), &mut file)?;
    file.rewind()?;
    Ok(Stdio::from(file))
}

impl DocumentReader for Reader {
    fn inspect(&self, document: Document) -> Answering<'_, Result<Inspection, DocumentError>> {
        Box::pin(self.json(document, Ask::Inspect))
    }

    fn draw(&self, document: Document, page: u64, width: u16) -> Answering<'_, Result<Picture, DocumentError>> {
        Box::pin(async move { Ok(Picture { png: self.ask(document, &Ask::Draw { page, width }).await? }) })
    }

    fn text(&self, document: Document, page: u64) -> Answering<'_, Result<String, DocumentError>> {
        Box::pin(async move {
            let text = self.ask(document, &Ask::Text { page }).await?;
            String::from_utf8(text).map_err(|_| DocumentError::Refused(GARBLED.to_owned()))
        })
    }

    fn judge(
        &self,
        document: Document,
        signature: Option<Vec<u8>>,
        anchors: Anchors,
    ) -> Answering<'_, Result<Judgement, DocumentError>> {
        Box::pin(async move {
            if signature.as_ref().is_some_and(|one| one.len() > LARGEST_SIGNATURE) {
                return Err(DocumentError::Refused("the signature is too large".to_owned()));
            }
            let signature = signature.map(|one| STANDARD.encode(one));
            self.json(document, Ask::Judge { signature, anchors }).await
        })
    }

    fn letters(&self) -> Letters {
        Letters::clone(&self.letters)
    }
}
