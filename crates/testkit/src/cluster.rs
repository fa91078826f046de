//! A PostgreSQL cluster of a test's own, which may be ended as by a crash and started again, and whose files can be looked at.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A cluster; it is gone with this value.
pub struct Cluster(tempfile::TempDir);

impl Cluster {
    /// Makes and starts one whose commits wait for the disk; none where the PostgreSQL half of tests is left out.
    ///
    /// # Panics
    /// When PostgreSQL is not installed.
    #[must_use]
    pub fn start() -> Option<Self> {
        if std::env::var("LIONROCK_TEST_ENGINES").is_ok_and(|engines| engines == "sqlite") {
            println!("left out: PostgreSQL, because LIONROCK_TEST_ENGINES=sqlite");
            return None;
        }
        let cluster = Self(tempfile::tempdir().expect("a temporary folder"));
        cluster.tell("start");
        Some(cluster)
    }

    /// Its address.
    ///
    /// # Panics
    /// When it was never started.
    #[must_use]
    pub fn url(&self) -> String {
        std::fs::read_to_string(self.0.path().join("notes/url")).expect("its notes").trim().to_owned()
    }

    /// The folder of its files, write-ahead log included.
    ///
    /// # Panics
    /// When it was never started.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        std::fs::read_to_string(self.0.path().join("notes/folder")).expect("its notes").trim().into()
    }

    /// Ends it as a crash would.
    ///
    /// # Panics
    /// When it does not end.
    pub fn halt(&self) {
        self.tell("halt");
    }

    /// Starts it again after [`Cluster::halt`].
    ///
    /// # Panics
    /// When it does not start.
    pub fn again(&self) {
        self.tell("start");
    }

    fn tell(&self, verb: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/postgres");
        let notes = self.0.path().join("notes");
        let output = Command::new(script).arg(verb).arg(notes).env("LIONROCK_DURABLE", "1").output();
        let output = output.expect("tests/postgres runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.tell("stop");
    }
}
