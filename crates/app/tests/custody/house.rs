//! A server with all its processes, over a file system of its own where the machine allows one; and what can be looked at
//! when it is held, killed or stopped.

use lionrock_model::custody::State;
use lionrock_rehearsal::authenticator::Authenticator;
use lionrock_rehearsal::http::Browser;
use lionrock_rehearsal::phone::Phone;
use lionrock_service::backup::file::Reader;
use lionrock_service::backup::rows::{Content, Frame};
use lionrock_store::custody::Custody;
use lionrock_store::failpoint::HELD;
use lionrock_store::registration::{self, Registration};
use lionrock_store::{Store, Value, custody};
use lionrock_testkit::scan::{self, Looked, Needles, Volume, memory};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The machine: what outlives processes.
pub struct House {
    volume: Option<Volume>,
    folder: tempfile::TempDir,
    store: Option<String>,
    /// The files of the database server, write-ahead log included, when it is one of this test's own.
    cluster: Option<PathBuf>,
}

/// A running server.
pub struct Server {
    child: Child,
    issuer: String,
    authority: String,
}

/// How long anything may take that must happen.
const PATIENCE: Duration = Duration::from_secs(60);

impl House {
    /// Over a loop device if possible; `store` names another store than the embedded one.
    pub fn build(store: Option<String>) -> Self {
        let volume = match Volume::make(96) {
            Ok(volume) => Some(volume),
            Err(why) => {
                println!("no file system of its own here, its files are looked at instead: {why}");
                None
            }
        };
        let house = Self { volume, folder: tempfile::tempdir().unwrap(), store, cluster: None };
        for part in ["data/people", "tmp"] {
            std::fs::create_dir_all(house.root().join(part)).unwrap();
        }
        // The pictures of the people on the stage would lie there for everybody to see: they stay undrawn.
        std::fs::write(house.root().join("data/people/seed"), "1\n").unwrap();
        std::fs::write(house.folder.path().join("begun"), "").unwrap();
        house
    }

    /// Over a database server of the test's own, whose files are looked through as well.
    pub fn over(cluster: &super::Cluster) -> Self {
        let house = Self::build(Some(cluster.ask("start")));
        Self { cluster: Some(cluster.files()), ..house }
    }

    pub fn root(&self) -> PathBuf {
        self.volume.as_ref().map_or_else(|| self.folder.path().join("root"), Volume::path)
    }

    pub fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    pub const fn has_blocks(&self) -> bool {
        self.volume.is_some()
    }

    /// Starts the server; `plan` says where a process is to be held.
    pub fn start(&self, plan: Option<&str>) -> Server {
        let log = File::options().create(true).append(true).open(self.root().join("server.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lionrock"));
        command.args(["demo", "--json", "--port=0", "--service-port=0", "--requests-per-second=500", "--data"]);
        command.arg(self.data()).env("TMPDIR", self.root().join("tmp"));
        if let Some(store) = &self.store {
            command.args(["--store", store]);
        }
        if let Some(plan) = plan {
            command.env("LIONROCK_FAIL_POINT", plan).env("LIONROCK_FAIL_POINT_GO", self.go());
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: serde_json::Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("the server did not start: {}", self.log()));
        let authority = std::fs::read_to_string(said["ca"].as_str().unwrap()).unwrap();
        Server { child, issuer: said["issuer"].as_str().unwrap().to_owned(), authority }
    }

    /// The file that lets a paused process go on.
    pub fn go(&self) -> PathBuf {
        self.folder.path().join("go")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.root().join("server.log")).unwrap_or_default()
    }

    /// Every custody, oldest first, with the registration it serves.
    pub async fn custodies(&self) -> Vec<(Custody, Option<Registration>)> {
        for _ in 0..100 {
            if let Ok(all) = self.read().await {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the store cannot be read")
    }

    async fn read(&self) -> Result<Vec<(Custody, Option<Registration>)>, lionrock_store::Error> {
        // The embedded store belongs to the server alone: a copy of it is read, made again when it was made in the
        // middle of something.
        let copy = tempfile::tempdir().unwrap();
        let url = match &self.store {
            Some(url) => url.clone(),
            None => {
                for file in ["lionrock.db", "lionrock.db-wal"] {
                    let _ = std::fs::copy(self.data().join(file), copy.path().join(file));
                }
                format!("sqlite:{}", copy.path().join("lionrock.db").display())
            }
        };
        let store = Store::open(&url).await?;
        let rows = store.read(custody::all).await?;
        let mut all = Vec::new();
        for row in rows {
            let found = match row.registration {
                Some(id) => store.read(move |tx| registration::find(tx, id)).await?,
                None => None,
            };
            all.push((row, found));
        }
        store.close().await;
        Ok(all)
    }

    /// Waits until a custody with this position is closed.
    pub async fn closed(&self, position: usize) -> (Custody, Option<Registration>) {
        let until = Instant::now() + PATIENCE;
        loop {
            let row = self.custodies().await.into_iter().nth(position);
            match row {
                Some(row) if matches!(row.0.state, State::Closed(_)) => return row,
                row => assert!(Instant::now() < until, "not closed: {row:?}\n{}", self.log()),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Everything that lies still: files, blocks, swap, what crashes left.
    pub fn look(&self, needles: &Needles) -> Looked {
        let mut looked = scan::files(&self.root(), needles)
            .and(scan::swap(needles))
            .and(scan::left_by_crashes(&self.folder.path().join("begun"), needles));
        if let Some(volume) = &self.volume {
            looked = looked.and(volume.blocks(needles));
        }
        if let Some(cluster) = &self.cluster {
            let found = scan::files(cluster, needles);
            assert!(found.bytes > 16 << 20, "a write-ahead log alone has 16 MiB: this is not the cluster");
            looked = looked.and(found);
        }
        looked
    }

    /// Begins `lionrock backup create` beside the server; `plan` says where it is to be held.
    pub fn backup(&self, plan: Option<&str>) -> Child {
        let log = File::options().create(true).append(true).open(self.root().join("server.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lionrock"));
        command.args(["backup", "create", "--config"]).arg(self.data().join("lionrock.toml"));
        command.env("TMPDIR", self.root().join("tmp")).envs(plan.map(|plan| ("LIONROCK_FAIL_POINT", plan)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    /// Opens every backup as its custodian can, and looks through what they hold.
    pub fn opened_backup(&self, needles: &Needles) -> Looked {
        let key = lionrock_app::command::backup::custodian::read(&self.data().join("keys/custodian.key")).unwrap();
        let opened = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.data().join("backups")).unwrap() {
            let path = entry.unwrap().path();
            if !path.extension().is_some_and(|end| end == "data" || end == "latest") {
                continue;
            }
            let again = lionrock_crypto::hpke::KeyPair::from_parts(*key.public(), key.private().unwrap().expose());
            let mut content = Content::new(Reader::open(&path, &[again]).unwrap());
            let mut bytes = Vec::new();
            while let Some(frame) = content.frame().unwrap() {
                if let Frame::Row(values) = frame {
                    for value in values {
                        match value {
                            Value::Bytes(value) => bytes.extend(value),
                            Value::Text(value) => bytes.extend(value.into_bytes()),
                            Value::Int(_) | Value::Null => {}
                        }
                        bytes.push(0);
                    }
                }
            }
            // Enough to be taken for something, however small the backup is.
            bytes.resize(bytes.len().max(2 << 20), 0);
            std::fs::write(opened.path().join(path.file_name().unwrap()), bytes).unwrap();
        }
        scan::files(opened.path(), needles)
    }

    /// Writes a row behind the back of a stopped server; `$1` is the value.
    pub async fn write(&self, sql: &'static str, value: &[u8]) {
        let store = Store::beside(&format!("sqlite:{}", self.data().join("lionrock.db").display())).await.unwrap();
        let value = value.to_vec();
        let done: Result<u64, lionrock_store::Error> =
            store.write(move |tx| tx.execute(sql, &[value.clone().into()])).await;
        done.unwrap();
        store.close().await;
    }

    /// As if the power had been cut: every process dies at once, and what was not forced to the disk is lost.
    pub fn cut_power(&mut self, server: Server) {
        server.kill_all();
        if let Some(volume) = &mut self.volume {
            volume.cut_power().unwrap();
        }
    }
}

impl Server {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn phone(&self) -> Phone {
        Phone::new(Browser::new(&self.authority).unwrap(), &self.issuer, Authenticator::default())
    }

    /// The same browser, talking to this server.
    pub fn phone_again(&self, phone: &Phone) -> Phone {
        Phone::new(phone.browser.clone(), &self.issuer, Authenticator::default())
    }

    pub fn processes(&self, role: &str) -> Vec<u32> {
        memory::family(self.pid()).into_iter().filter(|pid| memory::command_line(*pid).contains(role)).collect()
    }

    pub fn watchdog(&self) -> Option<u32> {
        self.processes("proofing-watchdog").pop()
    }

    /// Waits until one of its processes is held at its fail point; says which.
    pub async fn held(&self, house: &House) -> u32 {
        let until = Instant::now() + PATIENCE;
        loop {
            let all = memory::family(self.pid());
            if let Some(pid) = all.iter().copied().find(|pid| memory::has_thread(*pid, HELD)) {
                return pid;
            }
            assert!(Instant::now() < until, "no process was held; they are {all:?}\n{}", house.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Looks through the memory and the deleted files of every process but one.
    pub fn memories(&self, but: Option<u32>, needles: &Needles) -> Looked {
        let all = memory::family(self.pid()).into_iter().filter(|pid| Some(*pid) != but);
        all.fold(Looked::default(), |looked, pid| {
            let memory = memory::scan(pid, needles).unwrap_or_else(|error| Looked {
                unreadable: vec![format!("memory of {}: {error}", memory::command_line(pid))],
                ..Looked::default()
            });
            looked.and(memory).and(scan::deleted_but_open(pid, needles))
        })
    }

    pub fn kill(mut self) {
        kill(self.pid());
        self.child.wait().unwrap();
    }

    fn kill_all(mut self) {
        memory::family(self.pid()).into_iter().for_each(kill);
        self.child.wait().unwrap();
    }

    pub fn stop(mut self, house: &House) {
        kill_process(pid(self.pid()), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success(), "a graceful stop\n{}", house.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After a failed assertion nothing may go on running.
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            memory::family(self.pid()).into_iter().for_each(kill);
            let _ = self.child.wait();
        }
    }
}

/// `kill -9`.
pub fn kill(process: u32) {
    let _ = kill_process(pid(process), Signal::KILL);
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(number.try_into().unwrap()).unwrap()
}
