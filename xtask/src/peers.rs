//! Software and data of others, run against this project's data.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::generate;
use crate::python::Package;
use crate::setup;
use crate::shell::{debug_folder, read_from, root};
use crate::steps::StepOutcome;

mod open_iris;

/// Public repository with World ID's contracts.
const WORLD_ID: &str = "https://github.com/worldcoin/world-id-contracts";
/// Public repository with World's iris recognition.
const OPEN_IRIS: &str = "https://github.com/worldcoin/open-iris";

/// Arguments of `cargo xtask peers`.
#[derive(Debug, Args)]
pub(crate) struct PeersArgs {
    /// Repository with World ID's contracts: an address, or a folder with a clone.
    #[arg(long, value_name = "REPOSITORY", default_value = WORLD_ID)]
    world_id_contracts: String,
    /// Repository with World's iris recognition: an address, or a folder with a clone.
    #[arg(long, value_name = "REPOSITORY", default_value = OPEN_IRIS)]
    open_iris: String,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

impl Default for PeersArgs {
    fn default() -> Self {
        Self {
            world_id_contracts: WORLD_ID.to_owned(),
            open_iris: OPEN_IRIS.to_owned(),
            json: false,
        }
    }
}

const ETH_ACCOUNT: Package = Package {
    name: "eth-account",
    version: "0.14.0",
};

/// Folder with the npm packages that are compared, and the scripts that run them.
const SCRIPTS: &str = "xtask/peers";

/// Folder with the script that runs Semaphore's npm package, as the tests do.
const SEMAPHORE: &str = "crates/client/tests/js";

/// Outcome of one comparison.
enum Outcome {
    /// All that was compared agrees, with the counts.
    Holds(String),
    /// Something does not agree.
    Differs(String),
    /// The peer cannot be had here.
    Skipped(String),
}

/// Row of the table.
struct Row {
    peer: String,
    subject: &'static str,
    outcome: Outcome,
}

impl Outcome {
    const fn word(&self) -> &'static str {
        match self {
            Self::Holds(_) => "holds",
            Self::Differs(_) => "DIFFERS",
            Self::Skipped(_) => "SKIPPED",
        }
    }

    fn detail(&self) -> &str {
        let (Self::Holds(detail) | Self::Differs(detail) | Self::Skipped(detail)) = self;
        detail
    }

    /// A run that ended well, or the reason why it did not.
    fn of(run: anyhow::Result<String>) -> Self {
        match run {
            Ok(printed) => Self::Holds(counts(&printed)),
            Err(error) => Self::Differs(format!("{error:#}")),
        }
    }
}

/// Runs all peers that can be had, and prints a table.
///
/// # Errors
/// Names a peer that does not agree, or the part of this project that failed.
pub(crate) fn run(args: &PeersArgs) -> anyhow::Result<StepOutcome> {
    setup::run()?;
    generate::build(&["--bin", "annona-peers"])?;
    let scratch = root().join("target/peers");
    let folder = scratch.join("data");
    fs::create_dir_all(&folder)?;
    let cases = written(&folder, "typed-data.json", &["typed-data"])?;
    let place = folder.to_string_lossy();
    let claims = written(&folder, "claims.json", &["claims", &place])?;

    let mut rows = typed_data(&cases);
    rows.push(semaphore(&folder)?);
    let contracts = Repository {
        folder: scratch.join("world-id-contracts"),
        source: &args.world_id_contracts,
        flag: "--world-id-contracts",
        parts: &[],
    };
    rows.extend(world_id(&contracts, &claims));
    let iris = Repository {
        folder: scratch.join("open-iris"),
        source: &args.open_iris,
        flag: "--open-iris",
        parts: &open_iris::FOLDERS,
    };
    rows.extend(open_iris::rows(&scratch, &iris));
    print(&rows, args.json)?;
    if rows
        .iter()
        .any(|row| matches!(row.outcome, Outcome::Differs(_)))
    {
        bail!("not everything agrees with this project's peers");
    }
    Ok(extent(&rows))
}

/// Tells which comparisons were not made.
fn extent(rows: &[Row]) -> StepOutcome {
    let is_skipped = |row: &&Row| matches!(row.outcome, Outcome::Skipped(_));
    let skipped: Vec<&str> = rows
        .iter()
        .filter(is_skipped)
        .map(|row| &*row.peer)
        .collect();
    if skipped.is_empty() {
        StepOutcome::Ran
    } else if skipped.len() == rows.len() {
        StepOutcome::NotRun
    } else {
        StepOutcome::RanWithout(skipped.join(", "))
    }
}

/// The four encoders of EIP-712, on the structs that orbs and services sign.
fn typed_data(cases: &Path) -> Vec<Row> {
    let subject = "EIP-712 digests of enrolments, receipts and refusals";
    let cases = cases.to_string_lossy();
    let installed = setup::install_packages_of(SCRIPTS);
    let npm = [
        ("ethers", "npm ethers 6.17.0"),
        ("viem", "npm viem 2.57.20"),
        ("eth-sig-util", "npm @metamask/eth-sig-util 9.0.0"),
    ];
    let mut rows: Vec<Row> = npm
        .into_iter()
        .map(|(name, peer)| Row {
            peer: peer.to_owned(),
            subject,
            outcome: match &installed {
                Ok(()) => Outcome::of(node(SCRIPTS, &["eip712.mjs", name, &cases])),
                Err(reason) => Outcome::Skipped(format!("{reason:#}")),
            },
        })
        .collect();
    let Package { name, version } = ETH_ACCOUNT;
    rows.push(Row {
        peer: format!("PyPI {name} {version}"),
        subject,
        outcome: match ETH_ACCOUNT.program("python") {
            Ok(python) => Outcome::of(read_from(
                &root().join(SCRIPTS),
                python,
                &["-B", "eip712.py", &cases],
            )),
            Err(reason) => Outcome::Skipped(format!("{reason:#}")),
        },
    });
    rows
}

/// Semaphore's own package, on claims with real proofs.
fn semaphore(folder: &Path) -> anyhow::Result<Row> {
    let mut files: Vec<String> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("claim-")
        })
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    files.sort_unstable();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    Ok(Row {
        peer: "npm @semaphore-protocol/proof 3.15.2".to_owned(),
        subject: "claims, and claims with one number changed",
        outcome: Outcome::of(node(SEMAPHORE, &[&["verify.mjs"], &files[..]].concat())),
    })
}

/// The test data of World ID's contracts: against this project, and as the key for snarkjs.
fn world_id(clone: &Repository, claims: &Path) -> Vec<Row> {
    let clone = clone.made();
    let compared = clone.as_deref().map(|clone| {
        let clone = clone.to_string_lossy();
        Outcome::of(program(&["world-id", &clone]))
    });
    let verified = clone.as_deref().map(|clone| {
        let key = clone.join("src/test/data/semaphore_30.json");
        let [key, claims] = [&*key, claims].map(|path| path.to_string_lossy());
        let installed = setup::install_packages_of(SCRIPTS);
        Outcome::of(installed.and_then(|()| node(SCRIPTS, &["snarkjs.mjs", &key, &claims])))
    });
    let or_skipped = |outcome: Result<Outcome, &anyhow::Error>| {
        outcome.unwrap_or_else(|reason| Outcome::Skipped(format!("{reason:#}")))
    };
    vec![
        Row {
            peer: "worldcoin/world-id-contracts".to_owned(),
            subject: "verifying key, a proof of depth 16, roots after appending and emptying",
            outcome: or_skipped(compared),
        },
        Row {
            peer: "npm snarkjs 0.7.6, with World's key".to_owned(),
            subject: "claims, and claims with one number changed",
            outcome: or_skipped(verified),
        },
    ]
}

/// A repository that is cloned once.
struct Repository<'a> {
    folder: PathBuf,
    /// An address, or a folder with a clone.
    source: &'a str,
    /// Option that names another.
    flag: &'static str,
    /// Folders that are taken; all when none is named.
    parts: &'a [&'a str],
}

impl Repository<'_> {
    /// Clones the repository where it is not; the folder is made whole or not at all.
    fn made(&self) -> anyhow::Result<PathBuf> {
        let folder = &self.folder;
        if !folder.exists() {
            let half = folder.with_extension("half");
            if half.exists() {
                fs::remove_dir_all(&half)?;
            }
            self.fetch(&half).with_context(|| {
                let Self { source, flag, .. } = self;
                format!("{source} cannot be cloned; name a clone with {flag}")
            })?;
            fs::rename(half, folder)?;
        }
        Ok(folder.clone())
    }

    fn fetch(&self, folder: &Path) -> anyhow::Result<()> {
        let place = folder.to_string_lossy();
        // A connection that stands still for a minute is given up, here and in later fetches.
        let limits = ["http.lowSpeedLimit=1000", "http.lowSpeedTime=60"];
        let mut arguments = vec!["clone", "--quiet", "--depth", "1"];
        arguments.extend(limits.iter().flat_map(|limit| ["--config", limit]));
        if !self.parts.is_empty() {
            arguments.extend(["--filter=blob:none", "--sparse"]);
        }
        arguments.extend([self.source, &place]);
        read_from(root(), "git", &arguments)?;
        if !self.parts.is_empty() {
            let set = ["sparse-checkout", "set"];
            read_from(folder, "git", &[&set[..], self.parts].concat())?;
        }
        Ok(())
    }
}

/// Runs this project's part and returns what it prints.
fn program(arguments: &[&str]) -> anyhow::Result<String> {
    let name = format!("annona-peers{}", std::env::consts::EXE_SUFFIX);
    read_from(root(), debug_folder()?.join(name), arguments)
}

/// Runs this project's part and keeps what it prints in a file of `folder`.
fn written(folder: &Path, name: &str, arguments: &[&str]) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, program(arguments)?)?;
    Ok(path)
}

fn node(folder: &str, arguments: &[&str]) -> anyhow::Result<String> {
    read_from(&root().join(folder), "node", arguments)
}

/// Reads counts such as `{"cases":3,"equal":3}` into `cases 3, equal 3`.
fn counts(printed: &str) -> String {
    let Ok(Value::Object(counts)) = serde_json::from_str(printed) else {
        return printed.trim().to_owned();
    };
    let counts: Vec<String> = counts
        .iter()
        .map(|(name, count)| match count {
            Value::String(text) => format!("{name} {text}"),
            count => format!("{name} {count}"),
        })
        .collect();
    counts.join(", ")
}

fn print(rows: &[Row], as_json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    if as_json {
        let rows = rows.iter().map(|row| {
            json!({
                "peer": row.peer,
                "subject": row.subject,
                "outcome": row.outcome.word(),
                "detail": row.outcome.detail(),
            })
        });
        writeln!(out, "{:#}", Value::Array(rows.collect()))?;
        return Ok(());
    }
    writeln!(
        out,
        "| peer | on | outcome | counts |\n| --- | --- | --- | --- |"
    )?;
    for Row {
        peer,
        subject,
        outcome,
    } in rows
    {
        let detail = outcome.detail().replace('\n', " ");
        writeln!(
            out,
            "| {peer} | {subject} | {} | {detail} |",
            outcome.word()
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_and_other_texts_are_shown_as_they_are() {
        assert_eq!(counts("{\"cases\":3,\"equal\":2}\n"), "cases 3, equal 2");
        assert_eq!(counts("{\"apart\":\"0.5\"}"), "apart 0.5");
        assert_eq!(counts("no JSON\n"), "no JSON");
    }

    #[test]
    fn comparisons_that_were_not_made_are_told() {
        let row = |peer: &str, outcome| Row {
            peer: peer.to_owned(),
            subject: "claims",
            outcome,
        };
        let holds = row("ethers", Outcome::Holds("3".to_owned()));
        let skipped = row("viem", Outcome::Skipped("no network".to_owned()));
        let without = StepOutcome::RanWithout("viem".to_owned());
        let rows = [holds, skipped];
        assert_eq!(extent(&rows), without);
        assert_eq!(extent(&rows[..1]), StepOutcome::Ran);
        assert_eq!(extent(&rows[1..]), StepOutcome::NotRun);
    }

    #[test]
    fn a_run_that_fails_differs_and_says_why() {
        let outcome = Outcome::of(Err(anyhow::anyhow!("three of four")));
        assert_eq!(
            (outcome.word(), outcome.detail()),
            ("DIFFERS", "three of four")
        );
    }
}
