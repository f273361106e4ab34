//! All images of a manifest to templates, on all cores.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use annona_iris::{Eye, encode_bytes};
use annona_template::IrisTemplate;
use anyhow::Context;
use cpu_time::ThreadTime;
use rayon::prelude::*;

use super::manifest::Entry;
use crate::long_work::{Progress, Stop};

/// An image that became a template.
pub(super) struct Enrolled {
    /// Position in the manifest, from 0.
    pub(super) index: usize,
    /// Number of its subject, equal for equal names.
    pub(super) subject: usize,
    pub(super) eye: Eye,
    pub(super) sample: String,
    pub(super) template: IrisTemplate,
}

/// Results of encoding the images.
pub(super) struct Encoded {
    /// Images tried; fewer than the manifest has when stopped.
    pub(super) tried: usize,
    pub(super) enrolled: Vec<Enrolled>,
    /// Paths of images that gave no template, by the code of the refusal.
    pub(super) failures: BTreeMap<&'static str, Vec<String>>,
    /// Processor time of each image, from bytes to template or refusal.
    pub(super) times: Vec<Duration>,
}

impl Encoded {
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

/// Encodes every image, or as many as there is time for before a stop.
pub(super) fn encode_all(folder: &Path, entries: &[Entry], stop: &Stop) -> anyhow::Result<Encoded> {
    let progress = Progress::new("images", entries.len() as u64);
    let outcomes: Vec<Option<Outcome>> = entries
        .par_iter()
        .map(|entry| {
            if stop.asked() {
                return Ok(None);
            }
            let outcome = encode(&folder.join(&entry.path), entry)?;
            progress.advance(1);
            Ok(Some(outcome))
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(sorted(entries, outcomes))
}

fn encode(path: &Path, entry: &Entry) -> anyhow::Result<Outcome> {
    let bytes = std::fs::read(path).with_context(|| {
        format!(
            "cannot read {} (line {} of the manifest)",
            path.display(),
            entry.line
        )
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

fn sorted(entries: &[Entry], outcomes: Vec<Option<Outcome>>) -> Encoded {
    let mut subjects = BTreeMap::new();
    let mut encoded = Encoded {
        tried: 0,
        enrolled: Vec::new(),
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
                encoded.enrolled.push(Enrolled {
                    index,
                    subject: *subjects.entry(&entry.subject).or_insert(next),
                    eye: entry.eye,
                    sample: entry.sample.clone(),
                    template,
                });
            }
            Err(code) => {
                let paths = encoded.failures.entry(code).or_default();
                paths.push(entry.path.display().to_string());
            }
        }
    }
    encoded
}
