//! Where shares are handed in: a Unix socket in the data folder that only its owner may use. A share never stands in an argument, a
//! log or an answer.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use zeroize::Zeroizing;

/// The socket's name in the data folder.
pub const NAME: &str = "unseal.sock";

/// A share file has a few hundred bytes.
const LIMIT: usize = 4096;
const PATIENCE: Duration = Duration::from_secs(5);
const STANDING: &str = "how does it stand?\n";

/// What the server answers, one line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// How many shares it still needs.
    pub missing: u8,
    /// Whether it is sealed.
    pub sealed: bool,
    /// Whether what was handed in was taken.
    pub taken: bool,
    /// For people.
    pub text: String,
}

impl Reply {
    /// It is sealed, and how far.
    #[must_use]
    pub fn sealed(missing: u8, text: &str) -> Self {
        Self { missing, sealed: true, taken: false, text: text.to_owned() }
    }

    /// The share counts.
    #[must_use]
    pub fn taken(missing: u8) -> Self {
        Self { taken: true, ..Self::sealed(missing, "the share was taken") }
    }

    /// The share does not count.
    #[must_use]
    pub fn refused(missing: u8, why: &str) -> Self {
        Self::sealed(missing, why)
    }

    /// The last share was taken.
    #[must_use]
    pub fn unsealed() -> Self {
        Self { missing: 0, sealed: false, taken: true, text: "the server is unsealed".to_owned() }
    }

    /// There is nothing to hand in.
    #[must_use]
    pub fn not_needed() -> Self {
        let text = "the server is not sealed: no share is needed, and none was looked at";
        Self { missing: 0, sealed: false, taken: false, text: text.to_owned() }
    }
}

/// What somebody came with.
pub enum Question {
    /// How does it stand?
    Standing,
    /// A share, or what is meant as one.
    Share(Zeroizing<String>),
}

/// The server's end.
#[derive(Debug)]
pub struct Door {
    path: PathBuf,
    socket: UnixListener,
}

impl Door {
    /// Opens the door of a data folder. A socket left over from a crash is replaced.
    ///
    /// # Errors
    /// When a living server waits there, or the folder cannot be written.
    pub async fn open(data: &Path) -> Result<Self> {
        let path = data.join(NAME);
        match UnixStream::connect(&path).await {
            Ok(_) => bail!("another server waits for shares at {}: stop it first", path.display()),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {}
            Err(error) => return Err(error).with_context(|| format!("cannot look at {}", path.display())),
        }
        // Made in a folder of its own and moved: at no moment can anybody else connect.
        let folder = data.join(format!(".unseal-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        let made = Self::bind(&folder, &path);
        drop(std::fs::remove_dir_all(&folder));
        let socket = made.with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path, socket })
    }

    fn bind(folder: &Path, path: &Path) -> std::io::Result<UnixListener> {
        DirBuilder::new().mode(0o700).create(folder)?;
        let inside = folder.join(NAME);
        let socket = UnixListener::bind(&inside)?;
        std::fs::set_permissions(&inside, Permissions::from_mode(0o600))?;
        std::fs::rename(&inside, path)?;
        Ok(socket)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next one who comes; nobody when the connection broke, or is another user's.
    pub async fn next(&self) -> Option<Guest> {
        let accepted = self.socket.accept().await;
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: do not spin.
            tokio::time::sleep(Duration::from_millis(100)).await;
            return None;
        };
        let user = stream.peer_cred().ok()?.uid();
        let own = rustix::process::geteuid().as_raw();
        (user == own || user == 0).then_some(Guest(stream))
    }

    /// Says for good that nothing is needed.
    pub async fn decline(self) {
        loop {
            if let Some(mut guest) = self.next().await
                && guest.ask().await.is_some()
            {
                guest.reply(&Reply::not_needed()).await;
            }
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
    }
}

/// Somebody at the door.
#[derive(Debug)]
pub struct Guest(UnixStream);

impl Guest {
    /// What they came with; nothing when it is too long, too slow or no text.
    pub async fn ask(&mut self) -> Option<Question> {
        // One buffer, so that no copy of a share stays behind when it grows.
        let mut buffer = Zeroizing::new(vec![0; LIMIT]);
        let read = async {
            let mut length = 0;
            loop {
                match self.0.read(buffer.get_mut(length..).unwrap_or_default()).await {
                    Ok(0) => return Some(length),
                    Ok(more) => length += more,
                    Err(_) => return None,
                }
            }
        };
        let length = tokio::time::timeout(PATIENCE, read).await.ok().flatten().filter(|length| *length < LIMIT)?;
        let text = std::str::from_utf8(buffer.get(..length)?).ok()?;
        Some(if text == STANDING { Question::Standing } else { Question::Share(Zeroizing::new(text.to_owned())) })
    }

    /// Answers. Whoever has gone by then asks again.
    pub async fn reply(&mut self, reply: &Reply) {
        let mut line = serde_json::to_vec(reply).unwrap_or_default();
        line.push(b'\n');
        let sent = async { self.0.write_all(&line).await.and(self.0.shutdown().await) };
        drop(tokio::time::timeout(PATIENCE, sent).await);
    }
}

/// Hands a share to the server that waits in a data folder.
///
/// # Errors
/// When none waits there.
pub async fn hand_in(data: &Path, share: &str) -> Result<Reply> {
    speak(data, share).await
}

/// Asks the server of a data folder how it stands; nothing when none has a door there.
pub async fn standing(data: &Path) -> Option<Reply> {
    speak(data, STANDING).await.ok()
}

async fn speak(data: &Path, text: &str) -> Result<Reply> {
    let path = data.join(NAME);
    let mut stream = UnixStream::connect(&path).await.with_context(|| {
        let path = path.display();
        format!("no sealed server waits at {path}: it is not running, or does not start with keys.shares")
    })?;
    let talk = async {
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await?;
        let mut line = Vec::new();
        stream.take(u64::try_from(LIMIT)?).read_to_end(&mut line).await?;
        Ok::<_, anyhow::Error>(serde_json::from_slice(&line)?)
    };
    tokio::time::timeout(3 * PATIENCE, talk).await.context("the server does not answer")?.context("the server's answer")
}
