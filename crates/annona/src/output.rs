use std::io::Write;

use serde::Serialize;

/// Prints the error and its causes, one a line, on standard error.
pub(crate) fn print_error(error: &anyhow::Error) {
    eprintln!("error: {error}");
    let mut shown = error.to_string();
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        if text != shown {
            eprintln!("  because: {text}");
        }
        shown = text;
    }
}

/// How a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Sentences.
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
        let line = match self {
            Self::Json => serde_json::to_string_pretty(value)?,
            Self::Text => text(),
        };
        // A closed pipe (`annona … | head`) is the reader's choice and no error.
        let _closed = writeln!(std::io::stdout(), "{line}");
        Ok(())
    }
}
