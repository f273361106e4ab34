//! Commands of `annona zkml`: the proof that an iris code came from the published model. Each
//! command is in a module of its own.

mod context;
mod inspect;
mod keys;
mod prove;
mod recapture;
mod score;
mod verify;

pub(crate) use keys::{model_prover, read_verifying_key};

use std::path::Path;
use std::process::ExitCode;

use annona_core::{B256, FieldElement};
use annona_zkml::{EncodingProof, ProofPair};
use anyhow::Context;
use clap::Subcommand;
use serde::Serialize;

/// Commands of `annona zkml`.
#[derive(Debug, Subcommand)]
pub(crate) enum ZkmlCommand {
    /// Prove that an iris code was computed by the published model.
    ///
    /// The image of an eye is unrolled and kept with fresh random salts in a package file, which
    /// is yours alone: whoever reads it knows your eye. The proof shows two commitments, to the
    /// unrolled iris and to its code, and that one was computed from the other by the model. It
    /// shows neither iris nor code, and may be published.
    ///
    /// With --eye both, two images or packages make one file with the proofs of both eyes.
    ///
    /// It is not proved that the image is of a living eye, nor that the iris was found and
    /// unrolled rightly. An orb's signature on the image commitment stands for that.
    Prove(prove::ProveArgs),
    /// Check a proof, and that it is about what you expect.
    ///
    /// A proof holds for one model, one key and one context (purpose, account, epoch). Name the
    /// parts that you expect: those that you do not name are shown, and not compared. A file of
    /// both eyes is checked whole. Its left proof is of the left eye if its image commitment is
    /// the one that an orb signed for that eye: name both.
    Verify(verify::VerifyArgs),
    /// Show what a proof or a package is about, without checking a proof.
    ///
    /// Of a package the eye, the size and the commitments are shown, and never pixels or salts.
    Inspect(inspect::InspectArgs),
    /// Prove how many errors a hidden filter bank makes over a test set, at a small size.
    ///
    /// The test set is committed to first, then the bank. The score shows both commitments and
    /// the most errors of each kind that the bank makes, and neither images nor weights.
    #[command(subcommand)]
    Score(score::ScoreCommand),
    /// Prove that an orb saw an enrolled person again, without showing a code.
    ///
    /// For a recovery, and for operators who must show that the person present is the person
    /// enrolled.
    #[command(subcommand)]
    Recapture(recapture::RecaptureCommand),
}

/// Runs a command.
pub(crate) async fn run(command: ZkmlCommand) -> anyhow::Result<ExitCode> {
    match command {
        ZkmlCommand::Prove(args) => prove::run(args).await,
        ZkmlCommand::Verify(args) => verify::run(&args),
        ZkmlCommand::Inspect(args) => inspect::run(&args),
        ZkmlCommand::Score(command) => score::run(command).await,
        ZkmlCommand::Recapture(command) => recapture::run(command).await,
    }
}

/// A proof as answers show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProofAnswer {
    relation: &'static str,
    backend: &'static str,
    model: String,
    model_id: String,
    key_hash: String,
    is_unsafe_test_key: bool,
    image_commitment: String,
    code_commitment: String,
    purpose: String,
    account: String,
    epoch: u64,
}

impl ProofAnswer {
    fn new(proof: &EncodingProof) -> Self {
        let model = proof.statement.model;
        Self {
            relation: annona_zkml::RELATION,
            backend: annona_zkml::BACKEND,
            model: model.name().to_owned(),
            model_id: B256::from(model.model().id()).to_string(),
            key_hash: proof.key_hash.to_string(),
            is_unsafe_test_key: proof.key_hash == annona_zkml::pinned(model).test_key_hash,
            image_commitment: word(proof.statement.image_commitment),
            code_commitment: word(proof.statement.code_commitment),
            purpose: proof.context.purpose.to_string(),
            account: proof.context.account.to_string(),
            epoch: proof.context.epoch,
        }
    }

    fn text(&self) -> String {
        let key = if self.is_unsafe_test_key {
            "UNSAFE test key, under which anybody can forge proofs"
        } else {
            "key of a ceremony, or unknown"
        };
        format!(
            "model             {} ({})\nkey               {} ({key})\nimage commitment  {}\ncode commitment   {}\nfor               {}, account {}, epoch {}",
            self.model,
            self.model_id,
            self.key_hash,
            self.image_commitment,
            self.code_commitment,
            self.purpose,
            self.account,
            self.epoch
        )
    }
}

fn word(value: FieldElement) -> String {
    B256::from(value.to_be_bytes()).to_string()
}

/// Proof of one eye, or proofs of both, left and right.
enum Proofs {
    One(Box<EncodingProof>),
    Both(Box<ProofPair>),
}

impl Proofs {
    /// Reads the text of the file `path`.
    fn read(text: &str, path: &Path) -> anyhow::Result<Self> {
        let read = if text.contains("\"annona-proof-pair-") {
            ProofPair::from_json(text)
                .map(|pair| Self::Both(Box::new(pair)))
                .map_err(anyhow::Error::from)
        } else {
            EncodingProof::from_json(text)
                .map(|proof| Self::One(Box::new(proof)))
                .map_err(anyhow::Error::from)
        };
        read.with_context(|| format!("{} holds no proof of an encoding", path.display()))
    }

    fn all(&self) -> Vec<&EncodingProof> {
        match self {
            Self::One(proof) => vec![proof],
            Self::Both(pair) => pair.proofs().to_vec(),
        }
    }

    fn answer(&self) -> ProofsAnswer {
        match self {
            Self::One(proof) => ProofsAnswer::One(Box::new(ProofAnswer::new(proof))),
            Self::Both(pair) => {
                let [left, right] = pair.proofs().map(ProofAnswer::new).map(Box::new);
                ProofsAnswer::Both { left, right }
            }
        }
    }
}

/// Proofs of a file as answers show them.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ProofsAnswer {
    One(Box<ProofAnswer>),
    Both {
        left: Box<ProofAnswer>,
        right: Box<ProofAnswer>,
    },
}

impl ProofsAnswer {
    fn text(&self) -> String {
        match self {
            Self::One(answer) => answer.text(),
            Self::Both { left, right } => {
                format!("left eye\n{}\n\nright eye\n{}", left.text(), right.text())
            }
        }
    }
}
