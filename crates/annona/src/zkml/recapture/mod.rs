//! `annona zkml recapture`: proof that an orb saw an enrolled person again.

mod prove;
mod verify;

use std::process::ExitCode;

use annona_model::Eye;
use annona_zkml::{RecaptureEvidence, RecaptureProof, pinned_recapture};
use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::word;
use prove::ProveArgs;
use verify::VerifyArgs;

/// Commands of `annona zkml recapture`.
#[derive(Debug, Subcommand)]
pub(crate) enum RecaptureCommand {
    /// Prove that a fresh capture is of the person who is enrolled.
    ///
    /// Two folders of `annona citizen package` are needed: the one of the enrolment, and the one of
    /// the visit to an orb just now. Both codes of each eye are compared as at an enrolment; if they
    /// match, the file holds the orb's fresh statement and, for each eye, the proof that the fresh
    /// code came from the iris that the orb signed and the proof that it matches the enrolled code.
    /// It shows neither code, and may be handed to whoever asks for it.
    Prove(ProveArgs),
    /// Check that an active orb saw the enrolled person just now.
    ///
    /// You name the orbs that are active, the account that the person showed the orb (of a recovery
    /// the new one), and the commitments to the enrolled codes, from your own records.
    Verify(VerifyArgs),
}

/// Runs a command.
pub(crate) async fn run(command: RecaptureCommand) -> anyhow::Result<ExitCode> {
    match command {
        RecaptureCommand::Prove(args) => prove::run(args).await,
        RecaptureCommand::Verify(args) => verify::run(&args),
    }
}

/// Eyes that are captured again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Eyes {
    Left,
    Right,
    Both,
}

impl Eyes {
    /// Returns the eyes, left and right, that are meant.
    const fn places(self) -> [Option<Eye>; 2] {
        match self {
            Self::Left => [Some(Eye::Left), None],
            Self::Right => [None, Some(Eye::Right)],
            Self::Both => [Some(Eye::Left), Some(Eye::Right)],
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RecaptureAnswer {
    relation: &'static str,
    model: String,
    orb: String,
    account: String,
    kind: &'static str,
    captured_at: u64,
    nonce: String,
    left: Option<EyeAnswer>,
    right: Option<EyeAnswer>,
    prove_secs: Option<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EyeAnswer {
    enrolled_commitment: String,
    fresh_commitment: String,
    most_micros: u32,
    key_hash: String,
    is_unsafe_test_key: bool,
}

impl EyeAnswer {
    fn new(proof: &RecaptureProof) -> Self {
        let statement = &proof.statement;
        Self {
            enrolled_commitment: word(statement.enrolled_commitment),
            fresh_commitment: word(statement.fresh_commitment),
            most_micros: statement.most_micros,
            key_hash: proof.key_hash.to_string(),
            is_unsafe_test_key: proof.key_hash == pinned_recapture(statement.model).test_key_hash,
        }
    }

    fn text(&self) -> String {
        format!(
            "enrolled code     {}\nfresh code        {}\nscore             at most {} millionths",
            self.enrolled_commitment, self.fresh_commitment, self.most_micros
        )
    }
}

impl RecaptureAnswer {
    fn new(evidence: &RecaptureEvidence) -> Self {
        let (statement, eyes) = (evidence.statement(), evidence.eyes());
        let enrolment = statement.enrolment();
        let [left, right] = eyes.map(|eye| eye.map(|it| EyeAnswer::new(&it.recapture)));
        let mut models = eyes.into_iter().flatten();
        let model = models.next().map(|it| it.recapture.statement.model.name());
        Self {
            relation: annona_zkml::RECAPTURE_RELATION,
            model: model.unwrap_or_default().to_owned(),
            orb: statement.orb().to_string(),
            account: enrolment.commitment.to_string(),
            kind: enrolment.kind.code(),
            captured_at: enrolment.captured_at.0,
            nonce: enrolment.nonce.to_string(),
            left,
            right,
            prove_secs: None,
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "model             {}\norb               {}\naccount           {}\ncaptured at       {}, nonce {}",
            self.model, self.orb, self.account, self.captured_at, self.nonce
        );
        for (name, eye) in [("left", &self.left), ("right", &self.right)] {
            if let Some(eye) = eye {
                text += &format!("\n\n{name} eye\n{}", eye.text());
            }
        }
        text
    }
}
