//! Data for software of others, and checks of data that others published.
//!
//! Here: enrolments, receipts and refusals with their EIP-712 digests; claims with real proofs
//! as Semaphore's npm package reads them; a key and a statement for snarkjs; the comparison with the test data of World ID's
//! contracts and of open-iris.
//!
//! Not here: the peers themselves. `cargo xtask peers` fetches them, runs them on this
//! program's output, and prints the table.
//!
//! Invariant: nothing of a peer is in the repository.

mod claims;
mod open_iris;
mod snarkjs;
mod typed_data;
mod world_id;

use std::io::Write;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::open_iris::Subject;

/// Data for `cargo xtask peers`, as JSON on standard output.
#[derive(Debug, Parser)]
#[command(name = "annona-peers")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print EIP-712 structs with random fields, each with this project's digest.
    TypedData {
        /// Number of cases of each struct.
        #[arg(long, default_value_t = 64)]
        cases: u32,
        /// Seed of the random fields.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Prove claims: write them as Semaphore's npm package reads them, and print their public
    /// inputs and coordinates.
    Claims {
        /// Folder that gets a file of each claim.
        folder: PathBuf,
        /// Number of claims.
        #[arg(long, default_value_t = 6)]
        count: u32,
        /// Seed of the identities.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Write the claim circuit's key and an assignment for snarkjs, and the same statement for the
    /// module of `crates/wasm`: `semaphore.zkey`, `claim.wtns`, `claim.bin`.
    Snarkjs {
        /// Proving key of depth 30 that `semaphore-rs` carries (`.arkzkey`).
        proving_key: PathBuf,
        /// Folder of the three files.
        folder: PathBuf,
    },
    /// Compare the test data of World ID's contracts with this project's key, tree and verifier.
    WorldId {
        /// Checkout of `worldcoin/world-id-contracts`.
        folder: PathBuf,
    },
    /// Compare data of open-iris with this project's distance, normalised iris and filters.
    OpenIris {
        /// Part that is compared.
        subject: Subject,
        /// Arrays of `plain_arrays.py`, or comparisons of `open_iris_distances.py`.
        file: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let printed = match Cli::parse().command {
        Command::TypedData { cases, seed } => {
            typed_data::cases(cases, &mut ChaCha8Rng::seed_from_u64(seed))?
        }
        Command::Claims {
            folder,
            count,
            seed,
        } => claims::claims(&folder, count, &mut ChaCha8Rng::seed_from_u64(seed))?,
        Command::Snarkjs {
            proving_key,
            folder,
        } => snarkjs::statement(&proving_key, &folder, &mut ChaCha8Rng::seed_from_u64(1))?,
        Command::WorldId { folder } => world_id::compare(&folder)?,
        Command::OpenIris { subject, file } => open_iris::compare(subject, &file)?,
    };
    writeln!(std::io::stdout(), "{printed:#}")?;
    Ok(())
}
