//! Proofs that the inputs of a circuit determine its other variables, by cvc5.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::generate;
use crate::python::Package;
use crate::shell::{debug_folder, read_from, root};
use crate::steps::StepOutcome;

/// The solver with its finite fields, which are in the build with GPL libraries only. It is run
/// and never shipped.
const CVC5: Package = Package {
    name: "cvc5-gpl",
    version: "1.4.2",
};

/// Proves it for every gadget, and that each row of a gadget is needed for that. Where Python or
/// PyPI is not there, says so and proves nothing.
pub(crate) fn run() -> anyhow::Result<StepOutcome> {
    let python = match CVC5.program("python") {
        Ok(python) => python,
        Err(reason) => return StepOutcome::not_run("the gadgets of the circuits", &reason),
    };
    generate::build(&["--example", "gadgets"])?;
    let program = debug_folder()?.join("examples");
    let program = program.join(format!("gadgets{}", std::env::consts::EXE_SUFFIX));
    let gadgets = read_from(root(), program, &[])?;
    let mut solver = Command::new(python)
        .arg("circuits/tools/determined.py")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .current_dir(root())
        .spawn()?;
    let mut input = solver.stdin.take().context("the input is piped")?;
    input.write_all(gadgets.as_bytes())?;
    drop(input);
    ensure!(
        solver.wait()?.success(),
        "cvc5 did not show that every gadget is determined"
    );
    Ok(StepOutcome::Ran)
}
