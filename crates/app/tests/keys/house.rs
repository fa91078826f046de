//! A server's folder and configuration, and the server in it.

use crate::run::Ran;
use lionrock_app::demo::{TlsKey, folder::Folder};
use lionrock_rehearsal::http::{Browser, Reply};
use lionrock_store::Store;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct House {
    folder: tempfile::TempDir,
    port: u16,
    ca: String,
}

impl House {
    /// A configuration with this line for its keys.
    pub fn build(keys: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tls = Folder::open(&folder.path().join("stage")).unwrap().tls(TlsKey::Ec).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").canonicalize().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let text = format!(
            "realm = \"test-keys\"\nissuer = \"https://localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\n\
             data = \"data\"\nmodels = {models:?}\n{keys}\ntls = {{ chain = {:?}, key = {:?} }}\n\
             registry = {{ url = \"http://127.0.0.1:9/\" }}\nmail = {{ kind = \"mailbox\" }}\n\
             proofing = {{ places = 1, keep_warm = 0 }}\n",
            tls.chain, tls.key
        );
        std::fs::write(folder.path().join("lionrock.toml"), text).unwrap();
        let ca = std::fs::read_to_string(tls.ca).unwrap();
        Self { folder, port, ca }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn config(&self) -> PathBuf {
        self.folder().join("lionrock.toml")
    }

    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// Every file below the folder.
    pub fn files(&self) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), vec![self.folder().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }

    /// The kinds of all leaves, in the order they were written.
    pub fn leaves(&self) -> Vec<String> {
        let url = format!("sqlite:{}", self.data().join("lionrock.db").display());
        let read = async move {
            let store = Store::beside(&url).await.unwrap();
            let rows = store.read(|tx| tx.query("SELECT kind FROM leaf ORDER BY created_at, kind", &[])).await.unwrap();
            store.close().await;
            rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
        };
        // Also from inside of a test's own runtime.
        std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(read)).join().unwrap()
    }

    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    pub fn serve_with(&self, environment: &[(&str, &Path)]) -> Server {
        let log = self.folder().join("server.log");
        let out = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_lionrock"))
            .args(["serve", "--config"])
            .arg(self.config())
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        let browser = Browser::new(&self.ca).unwrap();
        Server { child, log, browser, port: self.port }
    }
}

pub struct Server {
    child: Child,
    log: PathBuf,
    browser: Browser,
    port: u16,
}

impl Server {
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.browser.get(&self.url(path)).await.unwrap()
    }

    pub async fn send(&self, method: &str, path: &str, accept: &str) -> Reply {
        let method = method.parse().unwrap();
        let headers = [(http::header::ACCEPT, accept)];
        self.browser.without_redirects().send(method, &self.url(path), &headers, Vec::new().into()).await.unwrap()
    }

    /// Waits until a path answers with a status.
    pub async fn answers(&self, path: &str, status: u16) {
        let until = Instant::now() + Duration::from_secs(90);
        let mut last = None;
        while Instant::now() < until {
            if let Ok(reply) = self.browser.get(&self.url(path)).await {
                if reply.status.as_u16() == status {
                    return;
                }
                last = Some((reply.status, reply.text()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} never answered {status}: {last:?}\n{}", self.said());
    }

    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it in good order; what it said.
    pub fn stop(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}\n{}", self.said());
        self.said()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed leaves no server behind.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends bytes to the door of a data folder; what it answers.
pub async fn speak(data: &Path, bytes: &[u8]) -> Option<String> {
    use std::io::{Read, Write};
    let (path, bytes) = (data.join(lionrock_app::sealed::door::NAME), bytes.to_vec());
    let talk = move || {
        let mut stream = UnixStream::connect(path).unwrap();
        // It may hang up before it has read everything.
        drop(stream.write_all(&bytes));
        drop(stream.shutdown(std::net::Shutdown::Write));
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok().filter(|length| *length > 0)?;
        Some(answer)
    };
    tokio::task::spawn_blocking(talk).await.unwrap()
}

/// The command failed, and said so in these words.
pub fn refused(ran: &Ran, says: &str) {
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains(says), "{ran:?}");
    assert!(ran.err.trim_end().lines().count() <= 6, "{ran:?}");
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
