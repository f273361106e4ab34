//! `annona iris evaluate`: error rates of the iris pipeline on labelled images.

use std::io::{BufWriter, IntoInnerError, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annona_evaluation::images::{self, EncodedImages, ImagesReport, SCORES_HEADER};
use annona_evaluation::long_work::Supervisor;
use annona_files::{Audience, OutputFile, Purpose};
use clap::Args;

use crate::long_work::{Stop, stoppable};
use crate::outputs::{self, JsonOutput};

/// Members by which earlier figures are known.
const MEMBERS: &[&str] = &["failed_to_acquire", "failures", "ms_per_image"];

/// Arguments of `annona iris evaluate`.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// CSV file with the columns path,subject,eye,sample, such as a/1.png,anna,left,1. Paths are
    /// relative to the file's folder; eye is left or right.
    manifest: PathBuf,
    /// Write all figures as JSON to this file; "-" is standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a line for each pair to this CSV file: i,j,genuine,score,raw,bits,shift, where
    /// i < j are the numbers of the images in the manifest, from 0.
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// Draw the distributions of genuine and impostor scores to this file.
    #[arg(long, value_name = "PNG")]
    plot: Option<PathBuf>,
}

/// Runs the evaluation; a first signal ends it early, a second at once.
pub(crate) async fn run(args: EvaluateArgs) -> anyhow::Result<ExitCode> {
    let (report, stop) = stoppable(move |stop| evaluate(&args, stop)).await?;
    Ok(stop.exit_code(report.complete))
}

fn evaluate(args: &EvaluateArgs, stop: &Stop) -> anyhow::Result<ImagesReport> {
    let json = JsonOutput::begin(args.json.as_deref(), "figures of this command", MEMBERS)?;
    let mut lines = args.scores.as_deref().map(scores_file).transpose()?;
    let plot = args.plot.as_deref().map(outputs::png).transpose()?;
    let entries = images::load(&args.manifest)?;
    let folder = args.manifest.parent().unwrap_or(Path::new(""));
    let encoded = EncodedImages::encode(folder, &entries, stop)?;
    if encoded.tried < entries.len() {
        // The images encoded until the stop are still compared.
        stop.take_stop();
    }

    let writer = lines.as_mut().map(|lines| lines as &mut dyn Write);
    let single = images::compare_single_eyes(&encoded, writer, stop)?;
    if let Some(lines) = lines {
        lines
            .into_inner()
            .map_err(IntoInnerError::into_error)?
            .commit()?;
    }
    let both = images::compare_both_eyes(&encoded, stop);

    let report = ImagesReport::new(entries.len(), &encoded, &single, &both);
    if let Some(file) = plot {
        outputs::put_png(file, images::draw(&report, &single.tally))?;
    }
    json.answer(&report, || report.text())?;
    Ok(report)
}

fn scores_file(path: &Path) -> anyhow::Result<BufWriter<OutputFile<'static>>> {
    let purpose = Purpose::beginning_with("scores of this command", SCORES_HEADER.as_bytes());
    let mut file = OutputFile::replace(path, Audience::Everybody, purpose)?;
    file.put(format!("{SCORES_HEADER}\n").as_bytes())?;
    Ok(BufWriter::new(file))
}
