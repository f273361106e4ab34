//! Command `annona match bench`: speed of a gallery search on this machine, and the rates of the
//! prefilter on simulated people.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use annona_evaluation::error_rates::PairKind;
use annona_evaluation::prefiltering::{PrefilterRates, PrefilterTally};
use annona_evaluation::synthetic_templates::{SyntheticPeople, two_captures};
use annona_matcher::baseline::{PlainBuild, PlainCode, least_fraction};
use annona_matcher::{
    Access, DecisionRule, Gallery, Instructions, SearchMode, Snapshot, pair_score, passes_prefilter,
};
use annona_template::{COLUMNS, EyePair, IrisTemplate};
use anyhow::Context;
use clap::{Args, Subcommand};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::{ThreadPool, ThreadPoolBuilder};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::output::Format;
use crate::scratch::Scratch;

/// Commands of `annona match`.
#[derive(Debug, Subcommand)]
pub(crate) enum MatchCommand {
    /// Measure how fast this machine searches a gallery.
    Bench(BenchArgs),
}

/// Arguments of `annona match bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Number of templates in the gallery, two for each person; 1,000,000 take 2.9 GB of disk.
    #[arg(long, default_value_t = 1_000_000)]
    gallery: usize,
    /// Folder in which the gallery is made, and removed again afterwards; the system's temporary
    /// folder if none is given.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Templates of the gallery that stays in a core's cache.
const CACHED_TEMPLATES: usize = 256;
/// Template pairs of one probe with one person: four templates against two.
const PAIRS_A_PERSON: usize = 8;
/// Rotations that the plain way, the prefilter and the search compare two templates at.
const PLAIN_ROTATIONS: usize = 31;
const PREFILTER_ROTATIONS: usize = 16;
const SEARCH_ROTATIONS: usize = COLUMNS;
/// Each rate is the best of so many runs; other processes only ever slow one down.
const RUNS: usize = 3;
/// Shortest run.
const RUN: Duration = Duration::from_millis(700);
/// Templates that a path slower than [`FAST`] searches of the gallery file.
const SLOW_SHARE: usize = 40_000;
const FAST: f64 = 1.0;
/// People of whom two captures are made, to see how many of them the prefilter misses.
const RECAPTURED: usize = 5_000;
/// Modes of a search, each with the ending that names it behind the instructions.
const MODES: [(SearchMode, &str); 2] = [
    (SearchMode::Exact, ""),
    (SearchMode::Prefiltered, "-prefiltered"),
];

#[derive(Serialize)]
struct PathRate {
    name: String,
    /// Rotations at which two templates are compared: a prefilter looks at few, the plain way
    /// at those of an eye held upright, the search at all.
    rotations: usize,
    /// Million pairs a second on one core, by processor time, so that other processes do not
    /// count.
    million_pairs_per_s_per_core: f64,
    /// Number of templates that were searched.
    gallery: usize,
}

/// By processor time: what a core does while the others search as well, times cores.
#[derive(Serialize)]
struct Scaling {
    cores: usize,
    one_core_million_pairs_per_s: f64,
    all_cores_million_pairs_per_s: f64,
    ratio: f64,
}

#[derive(Serialize)]
struct Opening {
    /// Number of templates; both eyes of a person are two.
    templates: usize,
    bytes: u64,
    /// Time to open the gallery, in seconds, with every checksum compared.
    seconds: f64,
}

#[derive(Serialize)]
struct MatchReport {
    paths: Vec<PathRate>,
    /// Rates of the prefilter on simulated people: both eyes of two captures, and of two
    /// different people.
    prefilter: PrefilterRates,
    scaling: Scaling,
    open: Opening,
}

/// Runs a command of the matcher.
pub(crate) fn run(command: MatchCommand) -> anyhow::Result<ExitCode> {
    match command {
        MatchCommand::Bench(args) => bench(&args),
    }
}

fn bench(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    let folder = Scratch::new("match", args.folder.as_deref())?;
    let people = (args.gallery / 2).max(CACHED_TEMPLATES / 2);
    let mut rng = ChaCha8Rng::seed_from_u64(0x6761_6c6c);
    let crowd = SyntheticPeople::new(&mut rng);
    let mut gallery = Gallery::open(folder.path(), Access::Write)?;
    for sequence in 1..=people as u64 {
        gallery.push(sequence, &crowd.somebody(&mut rng))?;
    }
    drop(gallery);

    let started = Instant::now();
    let gallery = Gallery::open(folder.path(), Access::Read)?;
    let open = Opening {
        templates: 2 * people,
        bytes: people as u64 * gallery.bytes_a_person() as u64,
        seconds: started.elapsed().as_secs_f64(),
    };
    let mapped = gallery.snapshot();
    let probe = crowd.somebody(&mut rng);
    let paths = measure_paths(&mapped, &probe, (&crowd, &mut rng))?;
    let scaling = measure_scaling(&mapped, &probe)?;
    let report = MatchReport {
        paths,
        prefilter: measure_prefilter(&mut rng),
        scaling,
        open,
    };
    Format::from_flag(args.json).print(&report, || describe(&report))?;
    Ok(ExitCode::SUCCESS)
}

fn measure_paths(
    mapped: &Snapshot,
    probe: &EyePair,
    (crowd, rng): (&SyntheticPeople, &mut ChaCha8Rng),
) -> anyhow::Result<Vec<PathRate>> {
    let one_core = pool(1)?;
    let mut cached = Gallery::new();
    for sequence in 1..=CACHED_TEMPLATES as u64 / 2 {
        cached.push(sequence, &crowd.somebody(rng))?;
    }
    let cached = cached.snapshot();
    let mut paths = plain_paths(&probe.left, &cached);
    let available = Instructions::ALL.into_iter().filter(|i| i.are_available());
    for (instructions, (mode, suffix)) in
        available.flat_map(|instructions| MODES.map(|mode| (instructions, mode)))
    {
        let how = (instructions, mode);
        let in_cache = rate_of(&one_core, &cached, 0, probe, how);
        let share = if in_cache < FAST {
            SLOW_SHARE / 2
        } else {
            usize::MAX
        };
        let skipped = mapped.len() - mapped.len().min(share as u64);
        let in_memory = rate_of(&one_core, mapped, skipped, probe, how);
        for (people, rate) in [
            (cached.len(), in_cache),
            (mapped.len() - skipped, in_memory),
        ] {
            paths.push(PathRate {
                name: format!("{}{suffix}", instructions.name()),
                rotations: match mode {
                    SearchMode::Exact => SEARCH_ROTATIONS,
                    SearchMode::Prefiltered => PREFILTER_ROTATIONS,
                },
                million_pairs_per_s_per_core: rate,
                gallery: 2 * people as usize,
            });
        }
    }
    Ok(paths)
}

/// The plain way on the gallery that stays in the cache, where it is fastest.
fn plain_paths(probe: &IrisTemplate, cached: &Snapshot) -> Vec<PathRate> {
    let turned = PlainCode::at_all_rotations(probe);
    let templates: Vec<PlainCode> = (1..=cached.len())
        .filter_map(|sequence| cached.eyes(sequence))
        .flat_map(|eyes| [eyes.left, eyes.right])
        .map(|template| PlainCode::new(&template, 0))
        .collect();
    let rate = |build: PlainBuild| PathRate {
        name: build.name().to_owned(),
        rotations: PLAIN_ROTATIONS,
        million_pairs_per_s_per_core: best_rate(templates.len(), || {
            std::hint::black_box(least_fraction(build, &turned, &templates));
        }),
        gallery: templates.len(),
    };
    PlainBuild::ALL.map(rate).into()
}

fn rate_of(
    pool: &ThreadPool,
    gallery: &Snapshot,
    after: u64,
    probe: &EyePair,
    (instructions, mode): (Instructions, SearchMode),
) -> f64 {
    let threshold = DecisionRule::standard().threshold_micros();
    let pairs = (gallery.len() - after) as usize * PAIRS_A_PERSON;
    best_rate(pairs, || {
        let probes = std::slice::from_ref(probe);
        let found =
            pool.install(|| gallery.search_many(after, probes, threshold, instructions, mode));
        std::hint::black_box(found);
    })
}

/// Million pairs a second of processor time, the best of [`RUNS`].
fn best_rate(pairs: usize, mut work: impl FnMut()) -> f64 {
    let mut best = 0.0_f64;
    for _ in 0..RUNS {
        let (started, before) = (Instant::now(), processor_seconds());
        let mut done = 0;
        while started.elapsed() < RUN {
            work();
            done += pairs;
        }
        best = best.max(done as f64 / (processor_seconds() - before) / 1e6);
    }
    best
}

/// Genuine pairs are two captures of a person, impostor pairs two people in a row.
fn measure_prefilter(rng: &mut ChaCha8Rng) -> PrefilterRates {
    let mut tally = PrefilterTally::default();
    let mut before: Option<EyePair> = None;
    for _ in 0..RECAPTURED {
        let [first, second] = two_captures(rng);
        let mut record = |kind, other: &EyePair| {
            let eyes = [(&first.left, &other.left), (&first.right, &other.right)];
            let score = pair_score(&first, other);
            tally.record(kind, Some(score.micros), passes_prefilter(&eyes));
        };
        record(PairKind::Genuine, &second);
        if let Some(stranger) = &before {
            record(PairKind::Impostor, stranger);
        }
        before = Some(second);
    }
    tally.rates()
}

fn measure_scaling(mapped: &Snapshot, probe: &EyePair) -> anyhow::Result<Scaling> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let rate = |threads| -> anyhow::Result<f64> {
        Ok(rate_of(
            &pool(threads)?,
            mapped,
            0,
            probe,
            (Instructions::fastest(), SearchMode::Exact),
        ))
    };
    let (alone, together) = (rate(1)?, rate(cores)?);
    Ok(Scaling {
        cores,
        one_core_million_pairs_per_s: alone,
        all_cores_million_pairs_per_s: cores as f64 * together,
        ratio: cores as f64 * together / alone,
    })
}

fn pool(threads: usize) -> anyhow::Result<ThreadPool> {
    let builder = ThreadPoolBuilder::new().num_threads(threads);
    builder.build().context("no threads to search on")
}

fn processor_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn describe(report: &MatchReport) -> String {
    let mut lines = vec!["million pairs a second and core:".to_owned()];
    for path in &report.paths {
        lines.push(format!(
            "  {:<20} {:>7.3}  at {:>3} rotations (gallery of {} templates)",
            path.name, path.million_pairs_per_s_per_core, path.rotations, path.gallery
        ));
    }
    lines.push(format!(
        "simulated people, both eyes: {}",
        report.prefilter.line()
    ));
    let scaling = &report.scaling;
    lines.push(format!(
        "{} cores: {:.2} million pairs a second, {:.2} times one core's",
        scaling.cores, scaling.all_cores_million_pairs_per_s, scaling.ratio
    ));
    lines.push(format!(
        "{} templates ({} MB) opened in {:.2} s, every checksum compared",
        report.open.templates,
        report.open.bytes / 1_000_000,
        report.open.seconds
    ));
    lines.join("\n")
}
