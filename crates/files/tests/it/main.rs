//! Files written and read on a real file system.
#![allow(clippy::unwrap_used, missing_docs)]

mod output;
mod rights;
mod text;
