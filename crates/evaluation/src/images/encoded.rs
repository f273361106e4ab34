//! Encoding of all images of a manifest to templates, on all cores.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use annona_iris::{Eye, encode_bytes};
use annona_template::IrisTemplate;
use cpu_time::ThreadTime;
use rayon::prelude::*;
use thiserror::Error;

use super::manifest::ManifestEntry;
use crate::long_work::Supervisor;

/// Image of the manifest that cannot be read.
#[derive(Debug, Error)]
#[error("cannot read {} (line {line} of the manifest)", path.display())]
pub struct UnreadableImage {
    /// Path of the image.
    pub path: PathBuf,
    /// Line of the manifest that names it.
    pub line: u64,
    /// Answer of the system.
    pub source: std::io::Error,
}

/// Image that became a template.
pub(super) struct EncodedImage {
    /// Position in the manifest, from 0.
    pub(super) index: usize,
    /// Number of its subject, equal for equal names.
    pub(super) subject: usize,
    pub(super) eye: Eye,
    pub(super) sample: String,
    pub(super) template: IrisTemplate,
}

/// Results of encoding the images of a manifest.
pub struct EncodedImages {
    /// Number of images tried; fewer than the manifest has when stopped.
    pub tried: usize,
    /// Images that gave a template, in the order of the manifest.
    pub(super) templates: Vec<EncodedImage>,
    /// Positions in the manifest, from 0, of images that gave no template.
    pub refused: Vec<usize>,
    /// Paths of images that gave no template, by the code of the refusal.
    pub(super) failures: BTreeMap<&'static str, Vec<String>>,
    /// Processor time of each image, from bytes to template or refusal.
    pub(super) times: Vec<Duration>,
}

impl EncodedImages {
    /// Encodes every image, or as many as there is time for before a stop.
    ///
    /// # Errors
    /// [`UnreadableImage`], for the first image whose file cannot be read.
    pub fn encode(
        folder: &Path,
        entries: &[ManifestEntry],
        supervisor: &dyn Supervisor,
    ) -> Result<Self, UnreadableImage> {
        let progress = supervisor.begin("images", entries.len() as u64);
        let outcomes: Vec<Option<Outcome>> = entries
            .par_iter()
            .map(|entry| {
                if supervisor.is_stop_asked() {
                    return Ok(None);
                }
                let outcome = encode(folder.join(&entry.path), entry)?;
                progress.advance(1);
                Ok(Some(outcome))
            })
            .collect::<Result<_, UnreadableImage>>()?;
        Ok(sorted(entries, outcomes))
    }

    pub(super) fn failed(&self) -> usize {
        self.failures.values().map(Vec::len).sum()
    }

    /// Mean processor time an image, in milliseconds; `None` without images.
    pub(super) fn mean_millis(&self) -> Option<f64> {
        let total: Duration = self.times.iter().sum();
        (!self.times.is_empty()).then(|| total.as_secs_f64() * 1e3 / self.times.len() as f64)
    }

    /// Median processor time an image, in milliseconds; `None` without images.
    pub(super) fn median_millis(&self) -> Option<f64> {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        let middle = sorted.get(sorted.len() / 2)?;
        Some(middle.as_secs_f64() * 1e3)
    }
}

struct Outcome {
    result: Result<IrisTemplate, &'static str>,
    time: Duration,
}

fn encode(path: PathBuf, entry: &ManifestEntry) -> Result<Outcome, UnreadableImage> {
    let bytes = std::fs::read(&path).map_err(|source| UnreadableImage {
        path,
        line: entry.line,
        source,
    })?;
    let started = ThreadTime::now();
    let result = encode_bytes(&bytes, entry.eye);
    let time = started.elapsed();
    Ok(Outcome {
        result: result
            .map(|encoding| encoding.template)
            .map_err(|refusal| refusal.code()),
        time,
    })
}

fn sorted(entries: &[ManifestEntry], outcomes: Vec<Option<Outcome>>) -> EncodedImages {
    let mut subjects = BTreeMap::new();
    let mut encoded = EncodedImages {
        tried: 0,
        templates: Vec::new(),
        refused: Vec::new(),
        failures: BTreeMap::new(),
        times: Vec::new(),
    };
    for (index, (entry, outcome)) in entries.iter().zip(outcomes).enumerate() {
        let Some(outcome) = outcome else { continue };
        encoded.tried += 1;
        encoded.times.push(outcome.time);
        match outcome.result {
            Ok(template) => {
                let next = subjects.len();
                encoded.templates.push(EncodedImage {
                    index,
                    subject: *subjects.entry(&entry.subject).or_insert(next),
                    eye: entry.eye,
                    sample: entry.sample.clone(),
                    template,
                });
            }
            Err(code) => {
                encoded.refused.push(index);
                let paths = encoded.failures.entry(code).or_default();
                paths.push(entry.path.display().to_string());
            }
        }
    }
    encoded
}
