//! A file system of its own for one test, on a loop device: its raw blocks show unlinked files too, and a copy of them is
//! what a power cut would have left.

use super::{Looked, Needles, device};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A mounted file system in a file; unmounted when dropped.
#[derive(Debug)]
pub struct Volume {
    pub(super) folder: tempfile::TempDir,
    image: PathBuf,
    mounted: bool,
}

impl Volume {
    /// Makes and mounts one of so many megabytes. `Err` with the reason where this machine does not allow it: only root
    /// mounts, and not in every container.
    ///
    /// # Errors
    /// What is missing.
    pub fn make(megabytes: u64) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let image = folder.path().join("image");
        let sized = std::fs::File::create(&image).and_then(|file| file.set_len(megabytes << 20));
        sized.map_err(|error| error.to_string())?;
        run("mkfs.ext4", &["-q", "-F", "-m", "0", "-E", "nodiscard", text(&image)])?;
        let mut volume = Self { folder, image, mounted: false };
        std::fs::create_dir(volume.path()).map_err(|error| error.to_string())?;
        volume.mount()?;
        Ok(volume)
    }

    /// Where it is mounted: the same place after [`Volume::cut_power`].
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("volume")
    }

    /// Looks at every block, after everything in memory was written to them.
    #[must_use]
    pub fn blocks(&self, needles: &Needles) -> Looked {
        drop(run("sync", &["-f", text(&self.path())]));
        device(&self.image, needles)
    }

    /// Goes back to what the device holds at this moment, as if the power had been cut: what no process had forced to the
    /// disk is lost. Nothing may have files open in it.
    ///
    /// # Errors
    /// When it cannot be unmounted or mounted.
    pub fn cut_power(&mut self) -> Result<(), String> {
        // The file behind the device holds what was written to the device; what waits in memory is not in it.
        let kept = self.folder.path().join("kept");
        copy(&self.image, &kept).map_err(|error| error.to_string())?;
        self.unmount()?;
        std::fs::rename(&kept, &self.image).map_err(|error| error.to_string())?;
        self.mount()
    }

    fn mount(&mut self) -> Result<(), String> {
        run("mount", &["-o", "loop,nodiscard", text(&self.image), text(&self.path())])?;
        self.mounted = true;
        Ok(())
    }

    fn unmount(&mut self) -> Result<(), String> {
        run("umount", &[text(&self.path())])?;
        self.mounted = false;
        Ok(())
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // A process of a failed test may still stand in it: then it goes when that process does.
        if self.mounted && self.unmount().is_err() {
            drop(run("umount", &["-l", text(&self.path())]));
        }
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::copy(from, to).map(drop)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let outcome = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    match outcome {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("{program}: {error}")),
    }
}
