//! Measurements that documents show: each is made by a command, stored with it, and written into
//! the documents from what is stored.

mod documents;
mod list;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use self::documents::{Record, Records, Rewritten, rewrite};
use self::list::{Figures, MEASUREMENTS, Measurement, Speed, find};
use crate::shell::{
    annona_binary, annona_release, cargo, read_from, root, run_aside_in, tracked_files,
};

/// Folder of the stored figures.
const DATA: &str = "docs/measurements/data";
const SECS_PER_DAY: u64 = 86_400;

/// Arguments of `cargo xtask measure`.
#[derive(Debug, Args)]
pub(crate) struct MeasureArgs {
    /// Measurements to make; `--list` names them.
    names: Vec<String>,
    /// List the measurements: those that are stored, and those whose figures are typed yet.
    #[arg(long, conflicts_with = "names")]
    list: bool,
    /// Run nothing; write the documents again from what is stored.
    #[arg(long, conflicts_with_all = ["names", "list"])]
    write: bool,
    /// Print the list, or what was measured, as JSON.
    #[arg(long)]
    json: bool,
}

/// Makes measurements, stores their figures, and writes the documents that show them.
///
/// # Errors
/// Names files that are not committed: a measurement is of a commit.
pub(crate) fn run(args: &MeasureArgs) -> anyhow::Result<()> {
    if args.write {
        return write_documents(&stored()?);
    }
    if args.list || args.names.is_empty() {
        return print_list(args.json);
    }
    let wanted: Vec<&Measurement> = args
        .names
        .iter()
        .map(|name| find(name))
        .collect::<Result<_, _>>()?;
    for measurement in wanted {
        let record = measure(measurement)?.to_json();
        let text = serde_json::to_string_pretty(&record)? + "\n";
        let path = root().join(file_of(measurement.name));
        fs::create_dir_all(root().join(DATA))?;
        fs::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        write_documents(&stored()?)?;
        if args.json {
            write!(std::io::stdout(), "{text}")?;
        }
    }
    Ok(())
}

/// Fails with every block that differs from the stored figures, every marker that means nothing
/// and every measurement that nobody shows.
pub(crate) fn check() -> anyhow::Result<()> {
    let records = stored()?;
    let mut documents = Vec::new();
    for file in tracked_files(&["md"])? {
        let text = fs::read_to_string(root().join(&file))?;
        documents.push((file, rewrite(&text, &records)));
    }
    let objections = objections_to(&documents, &records);
    if objections.is_empty() {
        return Ok(());
    }
    bail!("the measurements:\n  {}", objections.join("\n  "))
}

fn objections_to(documents: &[(PathBuf, Rewritten)], records: &Records) -> Vec<String> {
    let mut objections = Vec::new();
    for (file, made) in documents {
        let file = file.display();
        let bad = made.objections.iter();
        objections.extend(bad.map(|objection| format!("{file}:{objection}")));
        let stale = made.stale.iter();
        objections.extend(stale.map(|place| {
            format!("{file}:{place} is not as measured: run `cargo xtask measure --write`, or the measurement again")
        }));
    }
    let shown: BTreeSet<&str> = documents
        .iter()
        .flat_map(|(_, made)| made.shown.iter().map(String::as_str))
        .collect();
    for (name, record) in records {
        match find(name) {
            Ok(measurement) if measurement.command != record.command => {
                objections.push(format!(
                    "{} is of another command: run `cargo xtask measure {name}`",
                    file_of(name)
                ));
            }
            Ok(_) => {}
            Err(error) => objections.push(format!("{}: {error}", file_of(name))),
        }
    }
    for Measurement { name, .. } in MEASUREMENTS {
        if !shown.contains(name) {
            objections.push(format!("{name} is shown by no document"));
        }
    }
    objections
}

fn file_of(name: &str) -> String {
    format!("{DATA}/{name}.json")
}

/// Reads all stored measurements.
fn stored() -> anyhow::Result<Records> {
    let mut records = Records::new();
    for entry in fs::read_dir(root().join(DATA)).into_iter().flatten() {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let record =
            read_record(&path).with_context(|| format!("{} is damaged", path.display()))?;
        records.insert(name.into_owned(), record);
    }
    Ok(records)
}

fn read_record(path: &Path) -> anyhow::Result<Record> {
    Record::from_json(&serde_json::from_str(&fs::read_to_string(path)?)?)
}

fn write_documents(records: &Records) -> anyhow::Result<()> {
    let mut objections = Vec::new();
    for file in tracked_files(&["md"])? {
        let path = root().join(&file);
        let text = fs::read_to_string(&path)?;
        let made = rewrite(&text, records);
        if made.text != text {
            fs::write(&path, &made.text)?;
            writeln!(std::io::stderr(), "wrote {}", file.display())?;
        }
        let bad = made.objections.iter();
        objections.extend(bad.map(|objection| format!("{}:{objection}", file.display())));
    }
    ensure!(objections.is_empty(), "{}", objections.join("\n"));
    Ok(())
}

/// Runs a measurement's command.
fn measure(measurement: &Measurement) -> anyhow::Result<Record> {
    let commit = commit()?;
    let name = measurement.name;
    writeln!(
        std::io::stderr(),
        "{name}: `{}`, about {}",
        measurement.command,
        measurement.takes
    )?;
    let folder = std::env::temp_dir().join(format!("annona-measure-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{name}.json"));
    let figures = figures(measurement, &file);
    let removed = fs::remove_dir_all(&folder);
    let figures = figures?;
    removed?;
    Ok(Record {
        command: measurement.command.to_owned(),
        commit,
        date: today()?,
        processor: processor(),
        cores: std::thread::available_parallelism()?.get() as u64,
        figures,
    })
}

fn figures(measurement: &Measurement, file: &Path) -> anyhow::Result<Value> {
    let path = file.to_string_lossy();
    let mut words: Vec<&str> = measurement.command.split_whitespace().collect();
    words.push("--json");
    let text = match (measurement.figures, words.as_slice()) {
        (Figures::InFile, ["cargo", "xtask", rest @ ..]) => {
            let own = std::env::current_exe()?;
            run_aside_in(root(), own, &[rest, &[&path]].concat())?;
            fs::read_to_string(file)?
        }
        (Figures::InFile, ["annona", rest @ ..]) => {
            let program = annona(measurement.speed)?;
            run_aside_in(root(), program, &[rest, &[&path]].concat())?;
            fs::read_to_string(file)?
        }
        (Figures::Printed, ["annona", rest @ ..]) => {
            read_from(root(), annona(measurement.speed)?, rest)?
        }
        _ => bail!("`{}` is not run by this", measurement.command),
    };
    Ok(serde_json::from_str(&text)?)
}

/// Builds `annona` and returns its place: the release where speed matters, otherwise the build
/// that the demo has.
fn annona(speed: Speed) -> anyhow::Result<PathBuf> {
    let build = ["build", "--quiet", "--package", "annona"];
    match speed {
        Speed::Matters => {
            cargo(&[&build[..], &["--release"]].concat())?;
            annona_release()
        }
        Speed::IsNoMatter => {
            cargo(&build)?;
            annona_binary()
        }
    }
}

/// Returns the commit that is measured.
fn commit() -> anyhow::Result<String> {
    let changed = ["status", "--porcelain", "--", ".", ":!*.md", ":!docs"];
    let changed = read_from(root(), "git", &changed)?;
    ensure!(
        changed.is_empty(),
        "a measurement is of a commit; these files are not committed:\n{changed}"
    );
    let commit = read_from(root(), "git", &["rev-parse", "--short=10", "HEAD"])?;
    Ok(commit.trim().to_owned())
}

fn today() -> anyhow::Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(date(now.as_secs() / SECS_PER_DAY))
}

/// Writes the date so many days after 1970-01-01, as the Gregorian calendar has it.
fn date(days: u64) -> String {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let (mut year, mut left) = (1970, days);
    loop {
        let length = 365 + u64::from(is_leap(year));
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", left + 1)
}

/// Returns the processor's name where the system tells it, and its architecture elsewhere.
fn processor() -> String {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = told.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(": "));
    name.map_or(std::env::consts::ARCH, |(_, name)| name.trim())
        .to_owned()
}

fn print_list(as_json: bool) -> anyhow::Result<()> {
    let records = stored()?;
    let mut out = std::io::stdout();
    if as_json {
        let rows: Vec<Value> = MEASUREMENTS
            .iter()
            .map(|measurement| {
                let record = records.get(measurement.name);
                json!({
                    "name": measurement.name,
                    "command": measurement.command,
                    "takes": measurement.takes,
                    "needs_quiet_machine": measurement.speed == Speed::Matters,
                    "date": record.map(|record| &record.date),
                    "commit": record.map(|record| &record.commit),
                })
            })
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
        return Ok(());
    }
    for measurement in MEASUREMENTS {
        let state = match records.get(measurement.name) {
            Some(record) => format!("{} {}", record.date, record.commit),
            None => "typed".to_owned(),
        };
        let quiet = match measurement.speed {
            Speed::Matters => ", on a quiet machine",
            Speed::IsNoMatter => "",
        };
        writeln!(
            out,
            "{:<17} {state:<21} `{}`, {}{quiet}",
            measurement.name, measurement.command, measurement.takes
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::Parser;

    use super::*;

    #[test]
    fn documents_show_what_was_measured() {
        check().unwrap();
    }

    #[test]
    fn commands_of_the_list_are_run_as_they_are_written() {
        let mut names = BTreeSet::new();
        for measurement in MEASUREMENTS {
            assert!(names.insert(measurement.name), "{}", measurement.name);
            let words: Vec<&str> = measurement.command.split_whitespace().collect();
            match words.as_slice() {
                ["cargo", rest @ ..] => {
                    let all = rest.iter().chain(&["--json", "figures.json"]);
                    let parsed = crate::Cli::try_parse_from(all);
                    assert!(parsed.is_ok(), "{}", measurement.command);
                }
                other => assert_eq!(other[0], "annona"),
            }
        }
    }

    #[test]
    fn what_nobody_shows_and_what_another_command_made_is_objected_to() {
        let everything: String = MEASUREMENTS
            .iter()
            .map(|it| {
                format!(
                    "<!-- typed: {}.{} -->1<!-- end -->\n",
                    it.name, it.views[0].0
                )
            })
            .collect::<String>()
            .replace(". -->", " -->");
        let none = Records::new();
        let documents = |text: &str| vec![(PathBuf::from("a.md"), rewrite(text, &none))];
        assert_eq!(objections_to(&documents(&everything), &none), [""; 0]);
        let (_, but_first) = everything.split_once('\n').unwrap();
        let objections = objections_to(&documents(but_first), &none);
        assert_eq!(
            objections,
            [format!("{} is shown by no document", MEASUREMENTS[0].name)]
        );
        let record = Record {
            command: "another".to_owned(),
            commit: String::new(),
            date: String::new(),
            processor: String::new(),
            cores: 1,
            figures: json!({}),
        };
        let records = [("gas", &record), ("weight", &record)];
        let records = records.map(|(name, record)| (name.to_owned(), record.clone()));
        let objections = objections_to(&documents(&everything), &records.into());
        assert_eq!(objections.len(), 2, "{objections:?}");
        assert!(objections[0].contains("gas.json is of another command"));
        assert!(objections[1].contains("no measurement is called weight"));
    }

    #[test]
    fn a_block_that_differs_is_named_with_what_to_do() {
        let made = Rewritten {
            stale: vec!["7: gas".to_owned()],
            ..Rewritten::default()
        };
        let objections = objections_to(&[(PathBuf::from("a.md"), made)], &Records::new());
        assert!(objections[0].starts_with("a.md:7: gas is not as measured: run "));
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_513, "2026-03-01"),
            (20_786, "2026-11-29"),
            (20_818, "2026-12-31"),
        ] {
            assert_eq!(date(days), expected);
        }
    }
}
