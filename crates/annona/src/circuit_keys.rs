//! Commands of `annona keys`, for the circuits' proving keys: test keys, the list, export to a
//! ceremony and import from one.

use std::fs::File;
use std::io::{BufReader, BufWriter, IntoInnerError, Write};
use std::path::PathBuf;

use annona_circuits::{AnyCircuit, Circuit, CircuitId};
use annona_files::{Audience, OutputFile};
use annona_keys::{KeyFolder, import_zkey, pinned, write_ceremony_files};
use annona_proofs::KeyOrigin;
use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::output::{Format, note, say};

/// `annona keys ...`
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make test keys. UNSAFE: anybody can forge memberships under them.
    Setup(SetupArgs),
    /// List the circuits, their sizes and the hashes of their keys.
    List(ListArgs),
    /// Write a circuit as .r1cs, for a ceremony.
    Export(ExportArgs),
    /// Check the .zkey of a ceremony and store its key.
    Import(ImportArgs),
}

/// Arguments of `annona keys setup`.
#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    /// Circuits, such as append-256; all of them when none is named.
    circuits: Vec<CircuitId>,
    /// Folder that the keys are written to; all of them take up to 500 MB.
    #[arg(long, value_name = "FOLDER")]
    keys: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `annona keys list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Folder with keys; without one the pinned test keys are listed.
    #[arg(long, value_name = "FOLDER")]
    keys: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `annona keys export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Circuit, such as append-256.
    circuit: CircuitId,
    /// The .r1cs file to write, such as append-256.r1cs; an existing one is not overwritten.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Also write a .wtns file, for rehearsals: the witness of a batch that changes nothing.
    #[arg(long, value_name = "FILE")]
    witness: Option<PathBuf>,
}

/// Arguments of `annona keys import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Circuit, such as append-256.
    circuit: CircuitId,
    /// The .zkey file; check it with `snarkjs zkey verify` first.
    zkey: PathBuf,
    /// Folder that the key is written to.
    #[arg(long, value_name = "FOLDER")]
    keys: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// A line of the list.
#[derive(Debug, Serialize)]
struct Line {
    circuit: &'static str,
    public_inputs: usize,
    constraints: usize,
    key_origin: &'static str,
    key_hash: String,
}

impl Line {
    fn new(circuit: CircuitId, origin: KeyOrigin, hash: annona_core::B256) -> Self {
        let pinned = pinned(circuit);
        Self {
            circuit: circuit.name(),
            public_inputs: pinned.public_inputs,
            constraints: pinned.constraints,
            key_origin: origin.name(),
            key_hash: hash.to_string(),
        }
    }
}

/// Runs a command.
pub(crate) fn run(command: KeysCommand) -> anyhow::Result<()> {
    match command {
        KeysCommand::Setup(args) => setup(args),
        KeysCommand::List(args) => list(&args),
        KeysCommand::Export(args) => export(&args),
        KeysCommand::Import(args) => import(&args),
    }
}

fn setup(args: SetupArgs) -> anyhow::Result<()> {
    let folder = KeyFolder::new(args.keys);
    let circuits = if args.circuits.is_empty() {
        CircuitId::ALL.to_vec()
    } else {
        args.circuits
    };
    let mut lines = Vec::new();
    for circuit in circuits {
        let key = folder.test_key(circuit)?;
        tracing::warn!(%circuit, hash = %key.hash(), "UNSAFE test key: anybody can forge proofs under it");
        note(format_args!(
            "warning: the key of {circuit} is an UNSAFE test key, for development chains only"
        ));
        lines.push(Line::new(circuit, key.origin(), key.hash()));
    }
    print(args.json, &lines)
}

fn list(args: &ListArgs) -> anyhow::Result<()> {
    let lines: Vec<Line> = match &args.keys {
        Some(folder) => KeyFolder::new(folder)
            .list()?
            .into_iter()
            .map(|key| Line::new(key.circuit, key.origin, key.hash))
            .collect(),
        None => CircuitId::ALL
            .into_iter()
            .map(|circuit| {
                Line::new(
                    circuit,
                    KeyOrigin::UnsafeTest,
                    pinned(circuit).test_key_hash,
                )
            })
            .collect(),
    };
    print(args.json, &lines)
}

fn export(args: &ExportArgs) -> anyhow::Result<()> {
    match args.circuit.circuit() {
        AnyCircuit::Append(append) => export_circuit(&append, args),
        AnyCircuit::Revoke(revoke) => export_circuit(&revoke, args),
    }
}

fn export_circuit<C: Circuit>(circuit: &C, args: &ExportArgs) -> anyhow::Result<()> {
    let create = |path: &PathBuf| OutputFile::create(path, Audience::Everybody).map(BufWriter::new);
    let mut r1cs = create(&args.out)?;
    let mut wtns = args.witness.as_ref().map(create).transpose()?;
    let written = wtns.as_mut().map(|file| file as &mut dyn Write);
    write_ceremony_files(circuit, &mut r1cs, written)?;
    for file in [Some(r1cs), wtns].into_iter().flatten() {
        file.into_inner()
            .map_err(IntoInnerError::into_error)?
            .commit()?;
    }
    let hash = pinned(args.circuit).r1cs_sha256;
    say(format_args!("{}: SHA-256 {hash:x}", args.out.display()))
}

fn import(args: &ImportArgs) -> anyhow::Result<()> {
    let file =
        File::open(&args.zkey).with_context(|| format!("cannot read {}", args.zkey.display()))?;
    let file = BufReader::new(file);
    let key = match args.circuit.circuit() {
        AnyCircuit::Append(append) => import_zkey(&append, file)?,
        AnyCircuit::Revoke(revoke) => import_zkey(&revoke, file)?,
    };
    let stored = KeyFolder::new(&args.keys).store(args.circuit, &key)?;
    print(
        args.json,
        &[Line::new(args.circuit, stored.origin, stored.hash)],
    )
}

fn print(json: bool, lines: &[Line]) -> anyhow::Result<()> {
    Format::from_flag(json).print(&lines, || {
        let text: Vec<String> = lines.iter().map(text_line).collect();
        text.join("\n")
    })
}

fn text_line(line: &Line) -> String {
    format!(
        "{:<12} {:>8} constraints  {} public inputs  {:<11}  {}",
        line.circuit, line.constraints, line.public_inputs, line.key_origin, line.key_hash
    )
}
