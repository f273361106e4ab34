use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// The workspace's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
}

/// Folder of the circuits' test keys, up to 500 MB, which are made when missing.
pub(crate) fn circuit_keys() -> PathBuf {
    root().join("target/annona-keys")
}

/// A command without the variables by which the cargo that runs this names xtask: build
/// scripts of dependencies read them, and would run again whenever they come and go.
fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command in `folder` and says which one failed.
pub(crate) fn run_in(
    folder: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
) -> anyhow::Result<()> {
    run_printing_to(Stdio::inherit(), &[], folder, program, arguments)
}

/// As [`run_in`], with further variables in the command's environment.
pub(crate) fn run_with(
    variables: &[(&str, &str)],
    folder: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
) -> anyhow::Result<()> {
    run_printing_to(Stdio::inherit(), variables, folder, program, arguments)
}

/// As [`run_in`], with the command's standard output on standard error.
pub(crate) fn run_aside_in(
    folder: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
) -> anyhow::Result<()> {
    run_printing_to(std::io::stderr().into(), &[], folder, program, arguments)
}

fn run_printing_to(
    output: Stdio,
    variables: &[(&str, &str)],
    folder: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
) -> anyhow::Result<()> {
    let shown = format!(
        "{} {}",
        program.as_ref().to_string_lossy(),
        arguments.join(" ")
    );
    let status = command(&program)
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdout(output)
        .status()
        .with_context(|| format!("cannot run `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// As [`run_in`], and prints all that the command says in one piece once it has ended.
pub(crate) fn run_printing_at_end(
    folder: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
) -> anyhow::Result<()> {
    let shown = format!(
        "{} {}",
        program.as_ref().to_string_lossy(),
        arguments.join(" ")
    );
    let output = command(&program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .with_context(|| format!("cannot run `{shown}`"))?;
    std::io::stdout().write_all(&output.stdout)?;
    std::io::stderr().write_all(&output.stderr)?;
    if !output.status.success() {
        bail!("`{shown}` failed ({})", output.status);
    }
    Ok(())
}

/// Runs a command and returns what it prints.
pub(crate) fn read_from(
    folder: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
) -> anyhow::Result<String> {
    let shown = format!(
        "{} {}",
        program.as_ref().to_string_lossy(),
        arguments.join(" ")
    );
    let output = command(&program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .with_context(|| format!("cannot run `{shown}`"))?;
    if !output.status.success() {
        bail!(
            "`{shown}` failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Lists the files that git tracks and that have one of `extensions`, relative to the workspace.
pub(crate) fn tracked_files(extensions: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let files = read_from(root(), "git", &["ls-files"]).context("git lists the files to check")?;
    let is_wanted = |file: &Path| {
        let extension = file.extension().and_then(OsStr::to_str);
        extension.is_some_and(|extension| extensions.contains(&extension))
    };
    let files = files.lines().map(PathBuf::from);
    Ok(files.filter(|file| is_wanted(file)).collect())
}

/// Runs the cargo that runs this.
pub(crate) fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    run_in(root(), cargo_path(), arguments)
}

/// The cargo that runs this.
pub(crate) fn cargo_path() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Returns the folder into which cargo builds.
pub(crate) fn target_folder() -> anyhow::Result<PathBuf> {
    let metadata = read_from(
        root(),
        cargo_path(),
        &["metadata", "--format-version", "1", "--no-deps"],
    )?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let folder = metadata["target_directory"]
        .as_str()
        .context("cargo names no target folder")?;
    Ok(PathBuf::from(folder))
}

/// Returns the folder of the programs of the dev profile.
pub(crate) fn debug_folder() -> anyhow::Result<PathBuf> {
    Ok(target_folder()?.join("debug"))
}

/// The binary `annona` of the dev profile.
pub(crate) fn annona_binary() -> anyhow::Result<PathBuf> {
    Ok(debug_folder()?.join(format!("annona{}", std::env::consts::EXE_SUFFIX)))
}

/// The binary `annona` of the release profile.
pub(crate) fn annona_release() -> anyhow::Result<PathBuf> {
    let file = format!("annona{}", std::env::consts::EXE_SUFFIX);
    Ok(target_folder()?.join("release").join(file))
}

/// Runs `program` instead of this process.
#[cfg(unix)]
pub(crate) fn replace(program: &Path, command: &str, arguments: &[String]) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt;
    let error = Command::new(program).arg(command).args(arguments).exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}

/// Runs `program` and ends with its exit code.
#[cfg(not(unix))]
pub(crate) fn replace(program: &Path, command: &str, arguments: &[String]) -> anyhow::Result<()> {
    let status = Command::new(program)
        .arg(command)
        .args(arguments)
        .status()?;
    std::process::exit(status.code().unwrap_or(1));
}
