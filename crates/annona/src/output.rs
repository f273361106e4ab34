//! Writing on standard output and standard error: the one way to print.
//!
//! Standard output is the answer of a command. When it cannot be written, the command
//! fails: quietly with exit code 141 when the reader has gone (`annona … | head -1`), as
//! programs do that SIGPIPE ends, and with an error otherwise (a full disk). Standard error
//! is for people who watch; when nobody can read it, work goes on.

use std::fmt;
use std::future::Future;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::Notify;

/// Exit code when the reader of standard output has gone: 128 and the number of SIGPIPE.
const CLOSED_PIPE: u8 = 141;

/// Standard output that did not take the answer.
#[derive(Debug)]
struct Unwritten(io::Error);

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer cannot be written on standard output")
    }
}

impl std::error::Error for Unwritten {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Prints a line, or several, on standard output.
///
/// # Errors
/// Fails if standard output did not take the whole text.
pub(crate) fn say(text: impl fmt::Display) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Unwritten(error).into())
}

/// Prints a line on standard error, if anybody can read it.
pub(crate) fn note(text: impl fmt::Display) {
    // Work does not end because nobody watches it.
    let _unread = writeln!(io::stderr(), "{text}");
}

/// Prints clap's message, and returns the exit code: 0 for help that was asked for, 2 for
/// arguments that cannot be used.
pub(crate) fn usage(message: &clap::Error) -> ExitCode {
    let printed = message
        .print()
        .and_then(|()| io::stdout().flush())
        .map_err(|error| Unwritten(error).into());
    match printed {
        Err(error) if !message.use_stderr() => fail(&error),
        _ => ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(1)),
    }
}

/// Prints why a command failed, unless its reader has gone, and returns the exit code.
pub(crate) fn fail(error: &anyhow::Error) -> ExitCode {
    let unwritten = error.downcast_ref::<Unwritten>();
    if unwritten.is_some_and(|unwritten| unwritten.0.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::from(CLOSED_PIPE);
    }
    print_error(error);
    ExitCode::FAILURE
}

/// Tells whether a command failed because standard output did not take its answer.
pub(crate) fn is_unwritten(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Unwritten>().is_some()
}

/// Prints the error and its causes, one a line, on standard error.
pub(crate) fn print_error(error: &anyhow::Error) {
    let mut sentences = sentences(error).into_iter();
    note(format_args!(
        "error: {}",
        sentences.next().unwrap_or_default()
    ));
    for cause in sentences {
        note(format_args!("  because: {cause}"));
    }
}

/// An error and its causes. An error that only passes its cause on is not said twice.
pub(crate) fn sentences(error: &anyhow::Error) -> Vec<String> {
    let mut sentences: Vec<String> = error.chain().map(ToString::to_string).collect();
    sentences.dedup();
    sentences
}

/// Form of a command's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Sentences for people.
    Text,
    /// One JSON document on standard output.
    Json,
}

impl Format {
    pub(crate) const fn from_flag(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }

    /// Prints `value` as JSON, or the sentence that `text` makes.
    pub(crate) fn print(
        self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        match self {
            Self::Json => say(serde_json::to_string_pretty(value)?),
            Self::Text => say(text()),
        }
    }
}

/// Lines of standard output that are printed while work goes on. The first that cannot be
/// written ends the work.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    failure: Mutex<Option<anyhow::Error>>,
    failed: Notify,
}

impl Lines {
    /// Prints a line.
    pub(crate) fn say(&self, text: impl fmt::Display) {
        let mut failure = self.failure();
        if failure.is_none()
            && let Err(error) = say(text)
        {
            *failure = Some(error);
            self.failed.notify_one();
        }
    }

    /// Does `work`, which prints here, until it is done or a line cannot be written.
    pub(crate) async fn during<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let outcome = tokio::select! {
            outcome = work => Some(outcome),
            () = self.failed.notified() => None,
        };
        match (self.failure().take(), outcome) {
            (Some(error), _) => Err(error),
            (None, Some(outcome)) => outcome,
            (None, None) => anyhow::bail!("standard output failed"),
        }
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Option<anyhow::Error>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwritten(kind: io::ErrorKind) -> anyhow::Error {
        anyhow::Error::new(Unwritten(kind.into())).context("while the audit was printed")
    }

    #[test]
    fn an_error_that_passes_its_cause_on_is_said_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("the disk is full")]
        struct Passing(#[source] io::Error);
        let error = anyhow::Error::new(Passing(io::Error::other("the disk is full")));
        let said = sentences(&error.context("cannot write"));
        assert_eq!(said, ["cannot write", "the disk is full"]);
    }

    #[test]
    fn only_a_reader_who_has_gone_is_no_error() {
        let code = |kind| format!("{:?}", fail(&unwritten(kind)));
        let closed = format!("{:?}", ExitCode::from(CLOSED_PIPE));
        let failure = format!("{:?}", ExitCode::FAILURE);
        assert_eq!(code(io::ErrorKind::BrokenPipe), closed);
        assert_eq!(code(io::ErrorKind::StorageFull), failure);
        // A connection that breaks is not the reader's choice.
        let connection = anyhow::Error::new(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(format!("{:?}", fail(&connection)), failure);
    }

    #[tokio::test]
    async fn work_ends_when_a_line_cannot_be_written() {
        let lines = Lines::default();
        *lines.failure() = Some(unwritten(io::ErrorKind::StorageFull));
        lines.failed.notify_one();
        let endless = std::future::pending::<anyhow::Result<()>>();
        assert!(lines.during(endless).await.is_err());
        assert_eq!(lines.during(async { Ok(1) }).await.ok(), Some(1));
    }
}
