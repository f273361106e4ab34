//! `annona iris evaluate`: error rates of the iris pipeline on labelled images.

use std::io::{BufWriter, IntoInnerError, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annona_evaluation::images::{
    self, EncodedImages, ImagesReport, NotablePairs, SCORES_HEADER, SUSPECTS_HEADER,
};
use annona_evaluation::long_work::Supervisor;
use annona_files::{Audience, OutputFile, Purpose};
use clap::Args;

use super::worst::{self, Wanted};
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
    /// Draw all images without a template, and the N worst genuine and impostor pairs, into a
    /// new or empty folder with a page index.html. The pictures show eyes: the folder is yours
    /// alone.
    #[arg(long, num_args = 2, value_names = ["DIR", "N"])]
    worst: Vec<String>,
    /// Write pairs of different labels that score like one eye to this CSV file, the likeliest
    /// first: two names of one eye match in most of their pairs, a false match in one.
    #[arg(long, value_name = "FILE")]
    suspects: Option<PathBuf>,
}

/// Runs the evaluation; a first signal ends it early, a second at once.
pub(crate) async fn run(args: EvaluateArgs) -> anyhow::Result<ExitCode> {
    let (report, stop) = stoppable(move |stop| evaluate(&args, stop)).await?;
    Ok(stop.exit_code(report.complete))
}

fn evaluate(args: &EvaluateArgs, stop: &Stop) -> anyhow::Result<ImagesReport> {
    let json = JsonOutput::begin(args.json.as_deref(), "figures of this command", MEMBERS)?;
    let mut lines = args
        .scores
        .as_deref()
        .map(|path| csv_file(path, "scores of this command", SCORES_HEADER))
        .transpose()?;
    let mut suspects = args
        .suspects
        .as_deref()
        .map(|path| csv_file(path, "suspects of this command", SUSPECTS_HEADER))
        .transpose()?;
    let plot = args.plot.as_deref().map(outputs::png).transpose()?;
    let wanted = Wanted::begin(&args.worst)?;
    let entries = images::load(&args.manifest)?;
    let folder = args.manifest.parent().unwrap_or(Path::new(""));
    let encoded = EncodedImages::encode(folder, &entries, stop)?;
    if encoded.tried < entries.len() {
        // The images encoded until the stop are still compared.
        stop.take_stop();
    }

    let mut notable = NotablePairs::new(wanted.as_ref().map_or(0, |wanted| wanted.pairs));
    if let Some(lines) = &mut lines {
        writeln!(lines, "{SCORES_HEADER}")?;
    }
    let writer = lines.as_mut().map(|lines| lines as &mut dyn Write);
    let single = images::compare_single_eyes(&encoded, &mut notable, writer, stop)?;
    lines.map(committed).transpose()?;
    if let Some(suspects) = &mut suspects {
        notable.write_suspects(&encoded, &entries, suspects)?;
    }
    suspects.map(committed).transpose()?;
    let both = images::compare_both_eyes(&encoded, stop);

    let mut report = ImagesReport::new(entries.len(), &encoded, &single, &notable, &both);
    if let Some(file) = plot {
        outputs::put_png(file, images::draw(&report, &single.tally))?;
    }
    if let Some(wanted) = &wanted {
        let images = (folder, entries.as_slice());
        report.complete &= worst::draw(wanted, images, &encoded, &notable, stop)?;
    }
    json.answer(&report, || report.text())?;
    Ok(report)
}

/// Begins a CSV file that takes the place of one with the same first line.
fn csv_file(
    path: &Path,
    name: &'static str,
    header: &'static str,
) -> anyhow::Result<BufWriter<OutputFile<'static>>> {
    let purpose = Purpose::beginning_with(name, header.as_bytes());
    let file = OutputFile::replace(path, Audience::Everybody, purpose)?;
    Ok(BufWriter::new(file))
}

/// Moves a file to its place.
fn committed(lines: BufWriter<OutputFile<'static>>) -> anyhow::Result<()> {
    lines
        .into_inner()
        .map_err(IntoInnerError::into_error)?
        .commit()?;
    Ok(())
}
