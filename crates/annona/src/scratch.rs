//! A temporary folder with the processes that belong to it, of which nothing is left
//! however this process ends: also when it is killed.
//!
//! A second process, the caretaker (`annona caretaker`), reads from a pipe that only this
//! process holds. When the pipe ends without a farewell, the caretaker ends the processes
//! that it was told of and removes the folder.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use tempfile::TempDir;

use annona_service::config;

/// Start of the name of every folder that a caretaker removes.
const PREFIX: &str = "annona-";
const FAREWELL: &str = "farewell";
/// A process that was killed may still write for a moment.
const REMOVALS: u32 = 100;
const BETWEEN_REMOVALS: Duration = Duration::from_millis(20);

/// Arguments of the hidden `annona caretaker`.
#[derive(Debug, Args)]
pub(crate) struct CaretakerArgs {
    /// Folder to remove.
    folder: PathBuf,
}

/// A temporary folder that only its owner can read, with a caretaker.
pub(crate) struct Scratch {
    folder: TempDir,
    caretaker: Child,
    pipe: Option<ChildStdin>,
}

impl Scratch {
    /// Makes a folder whose name contains `purpose`, in the folder for temporary files or
    /// in `parent`.
    pub(crate) fn new(purpose: &str, parent: Option<&Path>) -> anyhow::Result<Self> {
        let temporary = std::env::temp_dir();
        let parent = parent.unwrap_or(&temporary);
        let folder = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{purpose}-"))
            .tempdir_in(parent)
            .with_context(|| format!("no temporary folder can be made in {}", parent.display()))?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("caretaker")
            .arg(std::path::absolute(folder.path())?)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        config::forget_environment(&mut command);
        #[cfg(unix)]
        {
            // Ctrl-C in a terminal goes to the whole group.
            use std::os::unix::process::CommandExt;
            command.process_group(0);
        }
        let mut caretaker = command.spawn().context("the caretaker cannot be started")?;
        let pipe = caretaker.stdin.take();
        Ok(Self {
            folder,
            caretaker,
            pipe,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Has a process ended when this one ends without ending it.
    pub(crate) fn watch(&mut self, process: u32) -> anyhow::Result<()> {
        let pipe = self.pipe.as_mut().context("the caretaker has no pipe")?;
        writeln!(pipe, "{process}").context("the caretaker does not listen")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What the farewell leaves undone, the caretaker does.
        let removed = std::fs::remove_dir_all(self.folder.path()).is_ok();
        if let Some(mut pipe) = self.pipe.take()
            && removed
        {
            let _ended = writeln!(pipe, "{FAREWELL}");
        }
        let _reaped = self.caretaker.wait();
    }
}

/// Waits for the end of the process that started this one, and cleans up behind it.
pub(crate) async fn run(args: CaretakerArgs) -> anyhow::Result<()> {
    let name = args.folder.file_name().unwrap_or_default();
    ensure!(
        name.to_string_lossy().starts_with(PREFIX) && args.folder.is_dir(),
        "{} is no temporary folder of this program",
        args.folder.display()
    );
    let mut watched = Vec::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line == FAREWELL {
            return Ok(());
        }
        watched.extend(line.parse().ok().map(Watched::new));
    }
    watched.iter().for_each(Watched::kill);
    for _ in 0..REMOVALS {
        let removed = std::fs::remove_dir_all(&args.folder);
        if removed.is_ok() || !args.folder.exists() {
            break;
        }
        tokio::time::sleep(BETWEEN_REMOVALS).await;
    }
    Ok(())
}

/// A process, and no other one that gets its number later.
struct Watched {
    process: u32,
    /// Time at which it began, where the system says so.
    begun: Option<String>,
}

impl Watched {
    fn new(process: u32) -> Self {
        Self {
            process,
            begun: begun(process),
        }
    }

    #[cfg(unix)]
    fn kill(&self) {
        if begun(self.process) != self.begun {
            return;
        }
        // One that has ended meanwhile is no error.
        let _ended = Command::new("sh")
            .args(["-c", "kill -KILL \"$0\"", &self.process.to_string()])
            .stderr(Stdio::null())
            .status();
    }

    /// Processes are not ended from here on other systems.
    #[cfg(not(unix))]
    fn kill(&self) {
        let _nothing = self.process;
    }
}

/// Start of a process in ticks since the machine's, the 22nd field of its line in `/proc`.
/// The second field is a name that may hold spaces and ends with a bracket.
fn begun(process: u32) -> Option<String> {
    let line = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = line.rsplit_once(')')?;
    fields.split_whitespace().nth(19).map(str::to_owned)
}
