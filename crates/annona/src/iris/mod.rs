//! Commands of `annona iris`: `encode` and `compare` are here, `evaluate` is in a module of its
//! own.

mod evaluate;
mod worst;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annona_evaluation::encoding_picture;
use annona_iris::{Encoding, Examination, Eye, encode, examination_overlay, examine, read_image};
use annona_matcher::score;
use annona_template::IrisTemplate;
use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use image::{GrayImage, RgbImage};
use serde::Serialize;

use crate::output::Format;
use crate::outputs;

/// Commands of `annona iris`.
#[derive(Debug, Subcommand)]
pub(crate) enum IrisCommand {
    /// Make a template of an image of one eye (PNG, JPEG, BMP, PNM).
    ///
    /// The image is read upright by its orientation tag. Pictures of an eye on its side, and
    /// stretched, negative, dark, noisy, cut or damaged ones are refused, each with its reason.
    Encode(EncodeArgs),
    /// Compare two eyes, each an image or a template file.
    Compare(CompareArgs),
    /// Measure error rates on labelled images: equal error rate, false non-match rates at fixed
    /// false match rates, failures to acquire, time.
    Evaluate(evaluate::EvaluateArgs),
}

/// An eye, as commands name it.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum EyeName {
    Left,
    Right,
}

impl From<EyeName> for Eye {
    fn from(name: EyeName) -> Self {
        match name {
            EyeName::Left => Self::Left,
            EyeName::Right => Self::Right,
        }
    }
}

/// Arguments of `annona iris encode`.
#[derive(Debug, Args)]
pub(crate) struct EncodeArgs {
    /// Near-infrared image of one eye.
    image: PathBuf,
    /// Eye that the image shows.
    #[arg(long, value_enum, default_value = "left")]
    eye: EyeName,
    /// Write the template to this file.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Draw contours, eyelids and mask on the image, and below it the normalised iris and its
    /// code, to this file; of a refused image the edges that were found.
    #[arg(long, value_name = "PNG")]
    overlay: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `annona iris compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Image or template file.
    first: PathBuf,
    /// Image or template file.
    second: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs a command of the iris pipeline.
pub(crate) async fn run(command: IrisCommand) -> anyhow::Result<ExitCode> {
    match command {
        IrisCommand::Encode(args) => encode_file(&args),
        IrisCommand::Compare(args) => compare(&args),
        IrisCommand::Evaluate(args) => evaluate::run(args).await,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EncodeAnswer {
    valid_bits: u32,
    sharpness: f32,
    visible_fraction: f32,
    pupil_ratio: f32,
    model_id: String,
}

fn encode_file(args: &EncodeArgs) -> anyhow::Result<ExitCode> {
    let out = args.out.as_deref().map(outputs::template).transpose()?;
    let overlay = args.overlay.as_deref().map(outputs::png).transpose()?;
    let bytes = read(&args.image)?;
    let refused = || format!("no template can be made of {}", args.image.display());
    let image = read_image(&bytes).with_context(refused)?;
    let examination = examine(&image, args.eye.into());
    if let Some(overlay) = overlay {
        outputs::put_png(overlay, picture_of(&image, &examination))?;
    }
    let encoding = examination.result.with_context(refused)?;
    if let Some(mut out) = out {
        out.put(&encoding.template.to_bytes())?;
        out.commit()?;
    }
    let answer = describe(&encoding);
    Format::from_flag(args.json).print(&answer, || {
        format!(
            "{} of {} bits valid, sharpness {:.1}, visible {:.0}%, pupil ratio {:.2}",
            answer.valid_bits,
            annona_template::CODE_BITS,
            answer.sharpness,
            answer.visible_fraction * 100.0,
            answer.pupil_ratio
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The page of an encoding; of a refused image the image with the edges that were found.
fn picture_of(image: &GrayImage, examination: &Examination) -> RgbImage {
    match &examination.result {
        Ok(encoding) => encoding_picture::page(image, encoding),
        Err(_) => examination_overlay(image, examination),
    }
}

fn describe(encoding: &Encoding) -> EncodeAnswer {
    EncodeAnswer {
        valid_bits: encoding.template.valid_bits(),
        sharpness: encoding.quality.sharpness,
        visible_fraction: encoding.quality.visible,
        pupil_ratio: encoding.quality.pupil_ratio,
        model_id: annona_core::B256::from(annona_template::MODEL_ID).to_string(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CompareAnswer {
    score: f64,
    raw_distance: f64,
    bits: u32,
    rotation_columns: i32,
}

fn compare(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let (first, second) = (template(&args.first)?, template(&args.second)?);
    let score =
        score(&first, &second).context("the two share too few valid bits to be compared")?;
    let answer = CompareAnswer {
        score: score.value(),
        raw_distance: score.raw(),
        bits: score.bits,
        rotation_columns: score.rotation,
    };
    Format::from_flag(args.json).print(&answer, || {
        format!(
            "score {:.4} (raw distance {:.4} over {} bits, rotated by {} of 200 columns)\nThe service decides on the mean of both eyes.",
            answer.score, answer.raw_distance, answer.bits, answer.rotation_columns
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

fn template(path: &Path) -> anyhow::Result<IrisTemplate> {
    let bytes = read(path)?;
    if let Ok(template) = IrisTemplate::from_bytes(&bytes) {
        return Ok(template);
    }
    let encoding = read_image(&bytes)
        .and_then(|image| encode(&image, Eye::Left))
        .with_context(|| {
            format!(
                "{} is neither a template nor an image of an eye",
                path.display()
            )
        })?;
    Ok(encoding.template)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
