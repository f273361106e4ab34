//! A folder with pictures of what went wrong in an evaluation, and a page that shows them.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use annona_evaluation::images::{EncodedImages, ManifestEntry, NotablePair, NotablePairs};
use annona_evaluation::long_work::Supervisor;
use annona_files::{Audience, OutputFile, create_folder};
use annona_iris::{examination_overlay, examine, read_image};
use anyhow::{Context, bail};
use rayon::prelude::*;

use crate::outputs;

/// Arguments of `--worst`.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    folder: PathBuf,
    /// Number of pairs of either kind.
    pub(crate) pairs: usize,
}

impl Wanted {
    /// Reads the two values of the option, and makes the folder.
    pub(crate) fn begin(values: &[String]) -> anyhow::Result<Option<Self>> {
        let [folder, pairs] = values else {
            return Ok(None);
        };
        let pairs = pairs
            .parse()
            .with_context(|| format!("--worst takes a number of pairs, not \"{pairs}\""))?;
        let folder = PathBuf::from(folder);
        let is_used = folder.exists()
            && std::fs::read_dir(&folder)
                .with_context(|| format!("cannot write pictures into {}", folder.display()))?
                .next()
                .is_some();
        if is_used {
            bail!(
                "{} is not empty; name an empty or a new folder",
                folder.display()
            );
        }
        create_folder(&folder, Audience::Owner)?;
        Ok(Some(Self { folder, pairs }))
    }
}

/// A place on the page.
struct Figure {
    images: Vec<usize>,
    /// Name of the pictures, before a number of the picture.
    name: String,
    score: String,
}

/// Draws all refused images and the worst pairs, with a page `index.html`. A stop leaves out
/// what is not drawn by then, and the page says so. Returns whether all was drawn.
pub(crate) fn draw(
    wanted: &Wanted,
    (folder, entries): (&Path, &[ManifestEntry]),
    encoded: &EncodedImages,
    notable: &NotablePairs,
    supervisor: &dyn Supervisor,
) -> anyhow::Result<bool> {
    let sections = [
        ("Images without a template", refused(encoded)),
        (
            "Genuine pairs with the highest scores",
            pairs("genuine", notable.worst_genuine()),
        ),
        (
            "Impostor pairs with the lowest scores",
            pairs("impostor", notable.worst_impostor()),
        ),
    ];
    let count = sections
        .iter()
        .map(|(_, figures)| figures.len() as u64)
        .sum();
    let progress = supervisor.begin("pictures", count);
    let mut body = String::new();
    let mut is_complete = true;
    for (title, figures) in &sections {
        let drawn: Vec<Option<String>> = figures
            .par_iter()
            .map(|figure| {
                if supervisor.is_stop_asked() {
                    return Ok(None);
                }
                let html = figure.drawn(&wanted.folder, folder, entries)?;
                progress.advance(1);
                Ok(Some(html))
            })
            .collect::<anyhow::Result<_>>()?;
        writeln!(body, "<h2>{title}: {}</h2>", figures.len())?;
        is_complete &= drawn.iter().all(Option::is_some);
        body.extend(drawn.into_iter().flatten());
    }
    let mut index = OutputFile::create(&wanted.folder.join("index.html"), Audience::Owner)?;
    index.put(page(&body, is_complete).as_bytes())?;
    index.commit()?;
    Ok(is_complete)
}

fn refused(encoded: &EncodedImages) -> Vec<Figure> {
    let figure = |&index: &usize| Figure {
        images: vec![index],
        name: format!("refused-{index}"),
        score: String::new(),
    };
    encoded.refused.iter().map(figure).collect()
}

fn pairs(kind: &str, pairs: impl Iterator<Item = NotablePair>) -> Vec<Figure> {
    let figure = |(number, pair): (usize, NotablePair)| Figure {
        images: pair.images.to_vec(),
        name: format!("{kind}-{}", number + 1),
        score: pair.micros.map_or_else(
            || "without a score: too few bits are valid in both".to_owned(),
            |micros| format!("score {:.3}", f64::from(micros) / 1e6),
        ),
    };
    pairs.enumerate().map(figure).collect()
}

impl Figure {
    /// Writes the pictures, and gives the part of the page that shows them.
    fn drawn(&self, into: &Path, from: &Path, entries: &[ManifestEntry]) -> anyhow::Result<String> {
        let mut html = format!("<section><p>{}</p>", self.score);
        for (number, &index) in self.images.iter().enumerate() {
            let name = format!("{}-{number}.png", self.name);
            let entry = &entries[index];
            let sentence = picture(&into.join(&name), &from.join(&entry.path), entry)?;
            let (is_drawn, said) = match &sentence {
                Drawing::Absent(said) => (false, said),
                Drawing::Present(said) => (true, said),
            };
            html += "<figure>";
            if is_drawn {
                write!(html, "<img src=\"{name}\" alt=\"\">")?;
            }
            writeln!(
                html,
                "<figcaption>{} (image {index}; {}, {})<br>{}</figcaption></figure>",
                escaped(&entry.path.display().to_string()),
                escaped(&entry.subject),
                entry.eye.name(),
                escaped(said)
            )?;
        }
        html += "</section>\n";
        Ok(html)
    }
}

/// A sentence about an image, and whether there is a picture of it.
enum Drawing {
    Present(String),
    Absent(String),
}

/// Draws the edges found in one image.
fn picture(to: &Path, path: &Path, entry: &ManifestEntry) -> anyhow::Result<Drawing> {
    let bytes = super::read(path)?;
    let image = match read_image(&bytes) {
        Ok(image) => image,
        Err(refusal) => {
            return Ok(Drawing::Absent(format!("{}: {refusal}", refusal.code())));
        }
    };
    let examination = examine(&image, entry.eye);
    outputs::put_png(
        outputs::private_png(to)?,
        examination_overlay(&image, &examination),
    )?;
    Ok(Drawing::Present(match &examination.result {
        Ok(encoding) => format!("{} valid bits", encoding.template.valid_bits()),
        Err(refusal) => format!("{}: {refusal}", refusal.code()),
    }))
}

fn page(body: &str, is_complete: bool) -> String {
    let stopped = if is_complete {
        ""
    } else {
        "<p>Stopped before the end: pictures are missing.</p>"
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <title>Refused images and worst pairs</title>\n\
         <style>body {{ font: 15px sans-serif; margin: 1rem }}\n\
         figure {{ display: inline-block; margin: 0 1rem 1rem 0; max-width: 330px }}\n\
         img {{ width: 100% }}\n\
         figcaption {{ overflow-wrap: anywhere }}</style>\n\
         <h1>Refused images and worst pairs</h1>\n\
         <p>Edges: pupil yellow, limbus green, eyelids blue; masked parts red.</p>\n\
         {stopped}\n{body}</html>\n"
    )
}

/// Text of a manifest as text of a page.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            other => safe.push(other),
        }
    }
    safe
}
