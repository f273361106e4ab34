//! The service as a process of its own, for the demo and for measurements.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use annona_client::ApiClient;
use annona_service::config;
use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::scratch::Scratch;

const START_TIMEOUT: Duration = Duration::from_secs(60);
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// A running service; dropped, it is none.
pub(crate) struct ServiceProcess {
    pub(crate) client: ApiClient,
    process: Child,
}

impl ServiceProcess {
    /// Starts the service of `folder`, which holds `annona.toml`, and waits until it is ready.
    /// The environment has no say in its configuration.
    pub(crate) async fn start(folder: &mut Scratch) -> anyhow::Result<Self> {
        let log = folder.path().join("service.log");
        let mut command = std::process::Command::new(std::env::current_exe()?);
        config::forget_environment(&mut command);
        let mut process = Command::from(command)
            .arg("serve")
            .arg("--config")
            .arg(folder.path().join("annona.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log)?)
            .kill_on_drop(true)
            .spawn()
            .context("the service cannot be started")?;
        if let Some(id) = process.id() {
            folder.watch(id)?;
        }
        let stdout = process
            .stdout
            .take()
            .context("the service has no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(START_TIMEOUT, lines.next_line()).await;
        let Ok(Ok(Some(line))) = first else {
            bail!(
                "the service did not start:\n{}",
                std::fs::read_to_string(&log).unwrap_or_default()
            );
        };
        let base = line
            .strip_prefix("listening on ")
            .context("the service did not say where it listens")?;
        let client = ApiClient::new(base)?;
        wait_until_ready(&client, &log).await?;
        Ok(Self { client, process })
    }

    /// The most memory that the process ever had, in bytes, where the system tells.
    pub(crate) fn most_memory(&self) -> Option<u64> {
        let id = self.process.id()?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }
}

impl ServiceProcess {
    /// Ends the process and waits for its end, so that none is left behind.
    #[expect(
        clippy::disallowed_methods,
        reason = "a drop cannot await, and nothing else runs when the world ends"
    )]
    pub(crate) fn end(&mut self) {
        let deadline = Instant::now() + END_TIMEOUT;
        let mut is_running = self.process.start_kill().is_ok();
        while is_running && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
            is_running = matches!(self.process.try_wait(), Ok(None));
        }
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        self.end();
    }
}

async fn wait_until_ready(client: &ApiClient, log: &Path) -> anyhow::Result<()> {
    let waiting = async {
        while !client.is_ready().await.unwrap_or(false) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(START_TIMEOUT, waiting).await.is_err() {
        bail!(
            "the service did not become ready:\n{}",
            std::fs::read_to_string(log).unwrap_or_default()
        );
    }
    Ok(())
}
