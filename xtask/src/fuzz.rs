use anyhow::bail;
use clap::Args;
use std::io::Write;

use crate::generate;
use crate::shell::{read_from, root, run_in};

/// Targets of `crates/iris/fuzz`.
const TARGETS: [&str; 7] = [
    "png", "jpeg", "bmp", "pgm", "pixels", "template", "manifest",
];

/// Arguments of `cargo xtask fuzz`.
#[derive(Debug, Args)]
pub(crate) struct FuzzArgs {
    /// Seconds for each target.
    #[arg(long, default_value_t = 120)]
    seconds: u32,
}

/// Runs every fuzz target for a while; stops at the first that finds something.
pub(crate) fn run(args: &FuzzArgs) -> anyhow::Result<()> {
    if read_from(root(), "cargo", &["+nightly", "fuzz", "--version"]).is_err() {
        bail!(
            "cargo-fuzz is missing: run `rustup toolchain install nightly` and `cargo install cargo-fuzz --locked`, then this again"
        );
    }
    let folder = root().join("crates/iris/fuzz");
    let seeds = folder.join("seeds");
    let seeds = seeds.to_string_lossy();
    generate::program("fuzz_seeds", &[&seeds])?;
    let limit = format!("-max_total_time={}", args.seconds);
    for target in TARGETS {
        writeln!(std::io::stdout(), "\n== {target}")?;
        let corpus = folder.join("corpus").join(target);
        std::fs::create_dir_all(&corpus)?;
        let corpus = corpus.to_string_lossy();
        let seeds = format!("{seeds}/{target}");
        // The plain name lets rustup choose: the cargo that runs this is stable.
        run_in(
            &folder,
            "cargo",
            &[
                "+nightly",
                "fuzz",
                "run",
                target,
                &corpus,
                &seeds,
                "--",
                &limit,
                "-timeout=20",
                "-rss_limit_mb=2048",
                "-max_len=131072",
            ],
        )?;
    }
    Ok(())
}
