//! Signals that ask a process to end: Ctrl-C (SIGINT), SIGTERM and SIGHUP.

use std::future::Future;
use std::process::ExitCode;

use tokio::sync::oneshot;

/// A signal that asks a process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndSignal {
    /// The terminal was closed.
    Hangup,
    /// Ctrl-C.
    Interrupt,
    /// A supervisor, `kill` or `timeout`.
    Terminate,
}

impl EndSignal {
    /// Number of the signal, the same on every system.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::Hangup, Self::Interrupt, Self::Terminate]
            .into_iter()
            .find(|signal| signal.number() == number)
    }

    /// Exit code of a command that the signal ended, as shells have it: 128 and its number.
    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(128 + self.number())
    }

    /// Ends the process at once.
    pub(crate) fn end_process(self) -> ! {
        std::process::exit(128 + i32::from(self.number()))
    }
}

/// The signals, heeded from [`EndSignals::listen`] on.
#[cfg(unix)]
pub(crate) struct EndSignals {
    /// None when it asks for something else, or the caller has it ignored, as `nohup` does.
    hangup: Option<tokio::signal::unix::Signal>,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl EndSignals {
    pub(crate) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = (!hangup_is_ignored()).then(|| signal(SignalKind::hangup()));
        Ok(Self {
            hangup: hangup.transpose()?,
            ..Self::listen_except_hangup()?
        })
    }

    /// For a service, which SIGHUP asks to read its configuration again.
    pub(crate) fn listen_except_hangup() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hangup: None,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    pub(crate) async fn next(&mut self) -> EndSignal {
        let Self {
            hangup,
            interrupt,
            terminate,
        } = self;
        let hung_up = async {
            match hangup {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = hung_up => EndSignal::Hangup,
            _ = interrupt.recv() => EndSignal::Interrupt,
            _ = terminate.recv() => EndSignal::Terminate,
        }
    }
}

/// Tells whether SIGHUP was ignored when this process began, where the system says so.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(crate) struct EndSignals;

#[cfg(not(unix))]
impl EndSignals {
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(crate) fn listen_except_hangup() -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) -> EndSignal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => EndSignal::Interrupt,
            // Where the signal cannot be had, the work ends with its process.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Does `work` until it is done or a signal asks to end. The work is dropped before the
/// signal is returned; a second signal ends the process at once, also while `work` computes.
pub(crate) async fn until_signal<T>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<Result<T, EndSignal>> {
    let (tell, told) = oneshot::channel();
    let listener = tokio::spawn(listen(EndSignals::listen()?, tell));
    let outcome = {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            outcome = &mut work => outcome.map(Ok),
            Ok(signal) = told => Ok(Err(signal)),
        }
    };
    // The second signal still ends the process while the work above is dropped.
    listener.abort();
    outcome
}

/// Tells of the first signal, and ends the process at the second.
async fn listen(mut signals: EndSignals, tell: oneshot::Sender<EndSignal>) {
    // Nobody waits for the first one when the work has just ended.
    let _unheard = tell.send(signals.next().await);
    signals.next().await.end_process()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_shells() {
        for (signal, code) in [
            (EndSignal::Hangup, 129),
            (EndSignal::Interrupt, 130),
            (EndSignal::Terminate, 143),
        ] {
            let expected = format!("{:?}", ExitCode::from(code));
            assert_eq!(format!("{:?}", signal.exit_code()), expected);
            assert_eq!(EndSignal::from_number(signal.number()), Some(signal));
        }
        assert_eq!(EndSignal::from_number(9), None);
    }
}
