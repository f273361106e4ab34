//! Blocks of documents that show a measurement, each between `<!-- measured: NAME -->` and
//! `<!-- end -->`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use serde_json::Value;

use super::list::{Measurement, find};

const MEASURED: &str = "<!-- measured: ";
/// Opens a block that nobody has measured yet with the command: its text was typed by hand.
const TYPED: &str = "<!-- typed: ";
const CLOSE: &str = " -->";
const END: &str = "<!-- end -->";

/// Stored measurement: the figures, and the circumstances under which they were made.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub(super) command: String,
    pub(super) commit: String,
    pub(super) date: String,
    pub(super) processor: String,
    pub(super) cores: u64,
    pub(super) figures: Value,
}

impl Record {
    pub(super) fn to_json(&self) -> Value {
        serde_json::json!({
            "command": self.command,
            "commit": self.commit,
            "date": self.date,
            "machine": { "processor": self.processor, "cores": self.cores },
            "figures": self.figures,
        })
    }

    pub(super) fn from_json(value: &Value) -> anyhow::Result<Self> {
        let text = |value: &Value, name: &str| {
            let text = value[name].as_str().map(str::to_owned);
            text.with_context(|| format!("it has no {name}"))
        };
        let machine = &value["machine"];
        Ok(Self {
            command: text(value, "command")?,
            commit: text(value, "commit")?,
            date: text(value, "date")?,
            processor: text(machine, "processor")?,
            cores: machine["cores"].as_u64().context("it has no cores")?,
            figures: value["figures"].clone(),
        })
    }

    /// Sentence below a block.
    fn caption(&self) -> String {
        format!(
            "Measured by `{}` on {}, commit `{}`, on {} cores ({}).",
            self.command, self.date, self.commit, self.cores, self.processor
        )
    }
}

/// Stored measurements by name.
pub(super) type Records = BTreeMap<String, Record>;

/// Document as the stored figures would have it.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    pub(super) text: String,
    /// Names of the measurements that the document shows, and of them those in typed blocks.
    pub(super) shown: BTreeSet<String>,
    pub(super) typed: BTreeSet<String>,
    /// Markers that mean nothing, each with its line.
    pub(super) objections: Vec<String>,
    /// Blocks that differ from the stored figures, each with its line.
    pub(super) stale: Vec<String>,
}

/// Part of a document between two markers.
struct Block<'a> {
    line: usize,
    is_typed: bool,
    name: &'a str,
    view: &'a str,
    content: &'a str,
}

/// Writes the blocks of a document anew.
pub(super) fn rewrite(text: &str, records: &Records) -> Rewritten {
    let mut made = Rewritten::default();
    let mut rest = text;
    while let Some(at) = next_marker(rest) {
        let line = 1 + text[..text.len() - rest.len() + at].matches('\n').count();
        made.text += &rest[..at];
        rest = &rest[at..];
        match block(rest, line) {
            Ok((block, whole)) => {
                made.add(&block, &rest[..whole], records);
                rest = &rest[whole..];
            }
            Err(error) => {
                made.objections.push(format!("{line}: {error}"));
                made.text += &rest[..1];
                rest = &rest[1..];
            }
        }
    }
    made.text += rest;
    made
}

impl Rewritten {
    fn add(&mut self, block: &Block<'_>, whole: &str, records: &Records) {
        match self.rendered(block, records) {
            Ok(Some(new)) => {
                if new != whole {
                    self.stale.push(format!("{}: {}", block.line, block.name));
                }
                self.text += &new;
            }
            Ok(None) => self.text += whole,
            Err(error) => {
                self.objections.push(format!("{}: {error:#}", block.line));
                self.text += whole;
            }
        }
    }

    /// Returns a block with its markers; nothing where it was typed and there are no figures yet.
    fn rendered(&mut self, block: &Block<'_>, records: &Records) -> anyhow::Result<Option<String>> {
        let measurement = find(block.name)?;
        let template = measurement.template(block.view)?;
        self.shown.insert(block.name.to_owned());
        let Some(record) = records.get(block.name) else {
            if block.is_typed {
                self.typed.insert(block.name.to_owned());
                return Ok(None);
            }
            bail!(
                "{0} has no stored figures: run `cargo xtask measure {0}`",
                block.name
            );
        };
        let shown = render(template, &record.figures)
            .with_context(|| format!("{} cannot be shown", full_name(block)))?;
        let content = if block.content.starts_with('\n') {
            format!("\n{shown}\n\n{}\n", record.caption())
        } else if shown.contains('\n') {
            bail!(
                "{} has several lines: its markers take lines of their own",
                full_name(block)
            );
        } else {
            shown
        };
        Ok(Some(format!(
            "{MEASURED}{}{CLOSE}{content}{END}",
            full_name(block)
        )))
    }
}

fn full_name(block: &Block<'_>) -> String {
    match block.view {
        "" => block.name.to_owned(),
        view => format!("{}.{view}", block.name),
    }
}

/// Returns the place of the next opening marker. One in backticks is spoken of.
fn next_marker(text: &str) -> Option<usize> {
    let places = [MEASURED, TYPED].into_iter();
    let all = places.flat_map(|opening| text.match_indices(opening));
    all.map(|(at, _)| at)
        .filter(|&at| !text[..at].ends_with('`'))
        .min()
}

/// Reads the block that `text` begins with, and its length with the markers.
fn block(text: &str, line: usize) -> anyhow::Result<(Block<'_>, usize)> {
    let is_typed = text.starts_with(TYPED);
    let opening = if is_typed { TYPED } else { MEASURED };
    let (full, after) = text[opening.len()..]
        .split_once(CLOSE)
        .context("the marker is not closed")?;
    let (name, view) = full.split_once('.').unwrap_or((full, ""));
    let end = after.find(END);
    let content = end.map(|end| &after[..end]);
    let content = content.filter(|content| next_marker(content).is_none());
    let content = content.with_context(|| format!("no `{END}` ends {full}"))?;
    let whole = opening.len() + full.len() + CLOSE.len() + content.len() + END.len();
    let block = Block {
        line,
        is_typed,
        name,
        view,
        content,
    };
    Ok((block, whole))
}

impl Measurement {
    fn template(&self, view: &str) -> anyhow::Result<&'static str> {
        let found = self.views.iter().find(|(name, _)| *name == view);
        let Some((_, template)) = found else {
            bail!("{} shows nothing that is called {view:?}", self.name);
        };
        Ok(template.trim())
    }
}

/// Fills a template with figures. A list is called `figures` there.
fn render(template: &str, figures: &Value) -> anyhow::Result<String> {
    let list = serde_json::json!({ "figures": figures });
    let figures = if figures.is_array() { &list } else { figures };
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("grouped", |number: f64| grouped(number, 0));
    environment.add_filter("fixed", grouped);
    environment.add_filter("shortest", |number: f64| number.to_string());
    environment.add_filter("percent", percent);
    environment.add_filter("interval", |ends: Vec<f64>, decimals: usize| {
        interval(&ends, decimals)
    });
    Ok(environment.render_str(template, figures)?.trim().to_owned())
}

/// Writes a number with so many decimals, and its thousands apart.
fn grouped(number: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (text.as_str(), String::new()),
    };
    let mut digits = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            digits.push(',');
        }
        digits.push(digit);
    }
    let sign = if number < 0.0 { "-" } else { "" };
    format!("{sign}{digits}{fraction}")
}

/// Writes a share in percent; none is 0.
fn percent(share: f64, decimals: usize) -> String {
    if share == 0.0 {
        return "0".to_owned();
    }
    format!("{:.decimals$} %", 100.0 * share)
}

/// Writes the two ends of an interval of shares in percent.
fn interval(ends: &[f64], decimals: usize) -> Result<String, Error> {
    let [low, high] = *ends else {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "an interval has two ends",
        ));
    };
    let high = 100.0 * high;
    if low == 0.0 && high < 0.01 {
        return Ok(format!("up to {:.1e}", high / 100.0));
    }
    Ok(format!("{:.decimals$} to {high:.decimals$} %", 100.0 * low))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn gas(share: u64) -> Records {
        let record = Record {
            command: "cargo xtask bench gas".to_owned(),
            commit: "0123456789".to_owned(),
            date: "2026-01-02".to_owned(),
            processor: "some processor".to_owned(),
            cores: 2,
            figures: json!({
                "claim": {
                    "single": { "new": 297_089, "existing": 279_977 },
                    "batch": {
                        "8": { "new": share, "existing": 111_740 },
                        "32": { "new": 108_899, "existing": 91_805 },
                        "128": { "new": 103_946, "existing": 86_848 },
                    },
                },
                "append": { "16": 17_941, "256": 1_973, "1024": 1_310 },
                "revoke": { "8": 35_891, "32": 11_067 },
            }),
        };
        [("gas".to_owned(), record)].into()
    }

    #[test]
    fn a_block_is_written_with_its_command_date_and_commit() {
        let text = "Before\n<!-- measured: gas.claims -->\nold\n<!-- end -->\nafter\n";
        let made = rewrite(text, &gas(128_840));
        assert_eq!(made.objections, [""; 0]);
        assert_eq!(made.stale, ["2: gas"]);
        assert!(
            made.text
                .starts_with("Before\n<!-- measured: gas.claims -->\n| ")
        );
        assert!(
            made.text
                .contains("| claim in a batch of 8 | 128,840 | 111,740 |")
        );
        assert!(made.text.ends_with(
            "\n\nMeasured by `cargo xtask bench gas` on 2026-01-02, commit `0123456789`, on 2 cores (some processor).\n<!-- end -->\nafter\n"
        ));
        let again = rewrite(&made.text, &gas(128_840));
        assert_eq!((again.text, again.stale), (made.text, Vec::new()));
    }

    #[test]
    fn a_figure_that_differs_is_found_by_its_line() {
        let text = "One\n\nLeaving costs <!-- measured: gas.leave_8 -->35,891<!-- end --> gas, or <!-- measured: gas.leave_32 -->11,068<!-- end -->.\n";
        let made = rewrite(text, &gas(1));
        assert_eq!(made.stale, ["3: gas"]);
        assert!(
            made.text
                .ends_with("gas, or <!-- measured: gas.leave_32 -->11,067<!-- end -->.\n")
        );
        assert!(made.shown.contains("gas"));
    }

    #[test]
    fn typed_text_is_kept_until_there_are_figures() {
        let text = "<!-- typed: gas.leave_8 -->about 36,000<!-- end -->";
        let made = rewrite(text, &Records::new());
        assert_eq!((made.text.as_str(), made.stale.len()), (text, 0));
        assert!(made.typed.contains("gas"));
        let made = rewrite(text, &gas(1));
        assert_eq!(
            made.text,
            "<!-- measured: gas.leave_8 -->35,891<!-- end -->"
        );
        assert!(made.typed.is_empty());
    }

    #[test]
    fn bad_markers_are_objected_to_and_left_as_they_are() {
        for (text, says) in [
            (
                "<!-- measured: weight -->1<!-- end -->",
                "no measurement is called weight",
            ),
            (
                "<!-- typed: weight -->1<!-- end -->",
                "no measurement is called weight",
            ),
            (
                "<!-- measured: gas.weight -->1<!-- end -->",
                "nothing that is called \"weight\"",
            ),
            (
                "<!-- measured: gas.leave_8 -->1",
                "no `<!-- end -->` ends gas.leave_8",
            ),
            ("<!-- measured: gas.leave_8", "not closed"),
            (
                "<!-- measured: gas.claims -->1<!-- end -->",
                "lines of their own",
            ),
            (
                "<!-- measured: proofs -->\n1\n<!-- end -->",
                "run `cargo xtask measure proofs`",
            ),
        ] {
            let made = rewrite(text, &gas(1));
            assert_eq!(made.objections.len(), 1, "{text}");
            assert!(made.objections[0].contains(says), "{:?}", made.objections);
            assert_eq!(made.text, text);
        }
        let text = "<!-- measured: gas.leave_8 -->1\n<!-- measured: gas.leave_8 -->1<!-- end -->";
        let made = rewrite(text, &gas(1));
        assert_eq!((made.objections.len(), made.stale.len()), (1, 1));
    }

    #[test]
    fn a_marker_in_backticks_is_spoken_of() {
        let text = "between `<!-- measured: NAME -->` and `<!-- end -->`";
        let made = rewrite(text, &Records::new());
        assert_eq!((made.text.as_str(), made.objections.len()), (text, 0));
    }

    #[test]
    fn a_figure_that_is_missing_is_an_error() {
        let mut records = gas(1);
        records.get_mut("gas").unwrap().figures = json!({ "revoke": {} });
        let made = rewrite("<!-- measured: gas.leave_8 -->1<!-- end -->", &records);
        assert!(made.objections[0].contains("gas.leave_8 cannot be shown"));
    }

    /// Figures in the form of each command's, of small runs: those of the long ones come late.
    const SAMPLES: &str = include_str!("samples.json");

    #[test]
    fn every_view_can_be_shown() {
        let samples: Value = serde_json::from_str(SAMPLES).unwrap();
        for measurement in super::super::list::MEASUREMENTS {
            for (view, template) in measurement.views {
                let place = format!("{}.{view}", measurement.name);
                let shown = render(template.trim(), &samples[measurement.name]).unwrap();
                assert!(
                    !shown.is_empty() && !shown.contains("\n\n"),
                    "{place}:\n{shown}"
                );
                let bars = |line: &str| line.matches('|').count();
                let rows: Vec<&str> = shown.lines().filter(|it| it.starts_with('|')).collect();
                let uneven = rows.iter().find(|row| bars(row) != bars(rows[0]));
                assert_eq!(uneven, None, "{place}:\n{shown}");
                assert!(rows.is_empty() || rows.len() > 2, "{place}:\n{shown}");
            }
        }
    }

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(grouped(1_341_000.0, 0), "1,341,000");
        assert_eq!(grouped(-1_234.56, 1), "-1,234.6");
        assert_eq!(grouped(999.0, 0), "999");
        assert_eq!(grouped(0.4021, 3), "0.402");
        assert_eq!(percent(0.0, 2), "0");
        assert_eq!(percent(0.000_84, 2), "0.08 %");
        assert_eq!(interval(&[0.007, 0.0471], 1).unwrap(), "0.7 to 4.7 %");
        assert_eq!(interval(&[0.0, 3.7e-8], 2).unwrap(), "up to 3.7e-8");
        assert!(interval(&[0.0], 1).is_err());
    }

    #[test]
    fn a_record_survives_its_file() {
        let record = &gas(5)["gas"];
        assert_eq!(&Record::from_json(&record.to_json()).unwrap(), record);
        let mut file = record.to_json();
        file["machine"]["cores"] = json!("two");
        assert!(Record::from_json(&file).is_err());
    }
}
