//! `annona iris evaluate`: error rates of the iris pipeline on labelled images.

mod encoded;
mod manifest;
mod pairs;
mod plot;
mod report;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Args;

use report::Report;

use crate::long_work::{Stop, stoppable};
use crate::output::say;

/// Arguments of `annona iris evaluate`.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// CSV file with the columns path,subject,eye,sample; paths are relative to its folder, eye is left or right.
    manifest: PathBuf,
    /// Write all figures as JSON; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write one line a pair: i,j,genuine,score,raw,bits,shift (i < j count the images of the manifest from 0).
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// Draw the distributions of genuine and impostor scores.
    #[arg(long, value_name = "PNG")]
    plot: Option<PathBuf>,
}

/// Runs the evaluation; a first signal ends it early, a second at once.
pub(crate) async fn run(args: EvaluateArgs) -> anyhow::Result<ExitCode> {
    let (report, stop) = stoppable(move |stop| evaluate(&args, stop)).await?;
    Ok(stop.exit_code(report.complete))
}

fn evaluate(args: &EvaluateArgs, stop: &Stop) -> anyhow::Result<Report> {
    let outputs = [&args.json, &args.scores, &args.plot];
    for file in outputs.into_iter().flatten() {
        check_folder(file)?;
    }
    let entries = manifest::load(&args.manifest)?;
    let folder = args.manifest.parent().unwrap_or(Path::new(""));
    let encoded = encoded::encode_all(folder, &entries, stop)?;
    // A stop while encoding still compares the images encoded until then.
    let interrupted = encoded.tried < entries.len();
    let matching = if interrupted {
        Stop::default()
    } else {
        stop.clone()
    };

    let mut lines = args.scores.as_deref().map(scores_file).transpose()?;
    let writer = lines.as_mut().map(|lines| lines as &mut dyn Write);
    let single = pairs::single_eyes(&encoded.enrolled, writer, &matching)?;
    if let (Some(lines), Some(path)) = (&mut lines, &args.scores) {
        lines.flush().with_context(|| unwritable(path))?;
    }
    let captures = pairs::captures_of_both_eyes(&encoded.enrolled);
    let both = pairs::both_eyes(&captures, &matching)?;

    let report = Report::new(&encoded, &single, (captures.len(), &both), interrupted);
    if let Some(png) = &args.plot {
        let picture = plot::draw(&report, &single.tally);
        picture
            .save_with_format(png, image::ImageFormat::Png)
            .with_context(|| unwritable(png))?;
    }
    print(args, &report)?;
    Ok(report)
}

fn print(args: &EvaluateArgs, report: &Report) -> anyhow::Result<()> {
    let text = report.text();
    let Some(file) = &args.json else {
        return say(&text);
    };
    let json = serde_json::to_string_pretty(report)?;
    if file == Path::new("-") {
        return say(&json);
    }
    std::fs::write(file, json + "\n").with_context(|| unwritable(file))?;
    say(&text)
}

fn scores_file(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let mut lines = BufWriter::new(File::create(path).with_context(|| unwritable(path))?);
    writeln!(lines, "{}", pairs::SCORES_HEADER).with_context(|| unwritable(path))?;
    Ok(lines)
}

/// A folder that is missing is found before the work and not after it.
fn check_folder(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    ensure!(
        folder.as_os_str().is_empty() || folder.is_dir(),
        "the folder of {} does not exist; make it first",
        file.display()
    );
    Ok(())
}

fn unwritable(path: &Path) -> String {
    format!("cannot write {}", path.display())
}
