//! `annona zkml inspect`: the subject of a proof or a package.

use std::path::PathBuf;
use std::process::ExitCode;

use annona_files::{Exposure, read_secret, read_text};
use annona_zkml::{IrisPackage, MAX_PACKAGE_BYTES};
use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::{Proofs, word};
use crate::output::Format;

/// Arguments of `annona zkml inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Proof or package.
    file: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageAnswer {
    eye: &'static str,
    width: usize,
    height: usize,
    pixel_bits: u32,
    image_commitment: String,
    codes: Vec<CodeAnswer>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeAnswer {
    model: &'static str,
    valid_bits: usize,
    code_bits: usize,
    code_commitment: String,
}

/// Shows a file.
pub(crate) fn run(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let path = &args.file;
    let text = read_text(path, MAX_PACKAGE_BYTES)?;
    let format = Format::from_flag(args.json);
    if text.contains("\"annona-proof-") {
        let answer = Proofs::read(&text, path)?.answer();
        let unchecked = "not checked: annona zkml verify does";
        format.print(&answer, || format!("{}\n{unchecked}", answer.text()))?;
    } else {
        // Read again: a package that others can read is refused.
        let text = read_secret(path, MAX_PACKAGE_BYTES, Exposure::Refuse)?;
        let package = IrisPackage::from_json(&text)
            .with_context(|| format!("{} is neither a proof nor a package", path.display()))?;
        let answer = describe(&package)?;
        format.print(&answer, || answer.text())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(package: &IrisPackage) -> anyhow::Result<PackageAnswer> {
    let size = package.iris().size();
    let mut codes = Vec::new();
    for model in package.models() {
        let (encoded, commitment) = package.code_commitment(model)?;
        codes.push(CodeAnswer {
            model: model.name(),
            valid_bits: 2 * encoded.mask.iter().filter(|bit| **bit).count(),
            code_bits: encoded.code.len(),
            code_commitment: word(commitment),
        });
    }
    Ok(PackageAnswer {
        eye: package.eye().name(),
        width: size.width_angles,
        height: size.height_radii,
        pixel_bits: size.pixel_bits,
        image_commitment: word(package.image_commitment()),
        codes,
    })
}

impl PackageAnswer {
    fn text(&self) -> String {
        let mut text = format!(
            "package of the {} eye, {} by {} pixels of {} bits\nimage commitment  {}",
            self.eye, self.width, self.height, self.pixel_bits, self.image_commitment
        );
        for code in &self.codes {
            text += &format!(
                "\nmodel {}: {} of {} bits valid\ncode commitment   {}",
                code.model, code.valid_bits, code.code_bits, code.code_commitment
            );
        }
        text
    }
}
