//! Mutation testing of the contracts: each invariant, each forbidden transition of an epoch and
//! each symbolic check must fail on a contract that breaks it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, ensure};

use crate::generate::forge;
use crate::shell::{read_from, root};
use crate::steps::say_skipped;
use crate::symbolic;

/// Name by which `cargo xtask mutants` calls the contracts.
pub(crate) const NAME: &str = "contracts";

/// The test that has to fail, and words of its objection.
#[derive(Debug, Clone, Copy)]
enum Catch {
    /// An invariant of `test/invariant`, by its number.
    Invariant(u8, &'static str),
    /// A `check_` function of `test/symbolic`.
    Symbolic(&'static str),
}

/// A change of one place of the contracts.
#[derive(Debug)]
struct Mutant {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    catch: Catch,
}

const SPENT: &str =
    "if (_spent[epoch][nullifierHash]) revert Distributor_NullifierSpent(epoch, nullifierHash);";
const CENSUS: &str = "if (claimed > members) revert Distributor_CensusExceeded(epoch, members);";
const CLOSED: &str = "if (record.closed) revert Distributor_EpochAlreadyClosed(epoch);";
const WINDOW: &str =
    "if (_isInWindow(epoch, current)) revert Distributor_EpochStillClaimable(epoch, current);";
const OPENED: &str = "if (!_isOpened(epoch)) _openEpoch(epoch);\n        return _epochs[epoch];";

/// The changes, in the order of the invariants, the transitions and the symbolic checks.
const MUTANTS: &[Mutant] = &[
    Mutant {
        file: "Distributor.sol",
        from: SPENT,
        to: "",
        catch: Catch::Invariant(1, "I1: a nullifier hash was paid twice"),
    },
    Mutant {
        file: "libraries/ClaimRuns.sol",
        from: "if sload(place) { break }",
        to: "",
        catch: Catch::Invariant(1, "I1: a nullifier hash was paid twice"),
    },
    Mutant {
        file: "Distributor.sol",
        from: "return _skip(accumulator.seed, epoch, one, SkipReason.NullifierSpent);",
        to: "{}",
        catch: Catch::Invariant(1, "I1: a nullifier hash was paid twice"),
    },
    Mutant {
        file: "Distributor.sol",
        from: "token.safeTransfer(recipient, amount - fee);",
        to: "token.safeTransfer(recipient, amount - fee - 1);",
        catch: Catch::Invariant(2, "I2: balances moved"),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: "budget: budget,",
        to: "budget: budget - 1,",
        catch: Catch::Invariant(2, "I2: more was set aside than granted"),
    },
    Mutant {
        file: "Distributor.sol",
        from: CENSUS,
        to: "",
        catch: Catch::Invariant(3, "I3: more claims than members"),
    },
    Mutant {
        file: "Registry.sol",
        from: "_enterEpoch(newest, inputs[0]);\n        _count",
        to: "_enterEpoch(newest, postRoot);\n        _count",
        catch: Catch::Invariant(4, "I4: a checkpoint's root changed"),
    },
    Mutant {
        file: "Registry.sol",
        from: "newest.memberCount -= SafeCast.toUint32(removals.length);",
        to: "",
        catch: Catch::Invariant(4, "I4: another member count"),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: "if (surplus > 0) _return(surplus);",
        to: "surplus;",
        catch: Catch::Invariant(5, "I5: the distributor holds another sum"),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: CLOSED,
        to: "",
        catch: Catch::Invariant(5, "I5: an epoch was closed twice"),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: "emit EpochClosed(epoch, unclaimed);",
        to: "emit EpochClosed(epoch, unclaimed);\n        record.memberCount = 0;",
        catch: Catch::Invariant(6, "T1 "),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: "if (record.closed) revert Distributor_EpochAlreadyClosed(epoch);\n\n        record.closed = true;",
        to: "record.closed = !record.closed;",
        catch: Catch::Invariant(6, "T2 "),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: "if (!_isOpened(epoch)) revert Distributor_EpochNotOpened(epoch);",
        to: "",
        catch: Catch::Invariant(6, "T3 "),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: "_requireClaimable(epoch);\n        if (_isOpened(epoch)) revert",
        to: "if (_isOpened(epoch)) revert",
        catch: Catch::Invariant(6, "T4 "),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: WINDOW,
        to: "current;",
        catch: Catch::Invariant(6, "T5 "),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: OPENED,
        to: "if (!_isOpened(epoch)) _openEpoch(epoch);\n        _epochs[epoch].root = registry.currentRoot();\n        return _epochs[epoch];",
        catch: Catch::Invariant(6, "T6 "),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: OPENED,
        to: "if (!_isOpened(epoch)) _openEpoch(epoch);\n        ++_epochs[epoch].memberCount;\n        return _epochs[epoch];",
        catch: Catch::Invariant(6, "T7 "),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: OPENED,
        to: "if (!_isOpened(epoch)) _openEpoch(epoch);\n        _epochs[epoch].amount = uint128(Math.min(perPersonCap, _epochs[epoch].amount));\n        return _epochs[epoch];",
        catch: Catch::Invariant(6, "T8 "),
    },
    Mutant {
        file: "Distributor.sol",
        from: "accumulator.skipped |= _bit(i);\n        }\n        if (accumulator.count() == 0) return;",
        to: "{\n                accumulator.skipped |= _bit(i);\n                if (_epochs[claims[i].epoch].claimed > 0) _uncount(_epochs[claims[i].epoch], 1);\n            }\n        }\n        if (accumulator.count() == 0) return;",
        catch: Catch::Invariant(6, "T9 "),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: "        _requireClaimable(epoch);\n        if (!_isOpened(epoch)) _openEpoch(epoch);",
        to: "        if (!_isOpened(epoch)) {\n            _requireClaimable(epoch);\n            _openEpoch(epoch);\n        }",
        catch: Catch::Invariant(6, "T10 "),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: "        _requireClaimable(epoch);\n        if (!_isOpened(epoch)) _openEpoch(epoch);",
        to: "        if (!_epochs[epoch].closed) _requireClaimable(epoch);\n        if (!_isOpened(epoch)) _openEpoch(epoch);",
        catch: Catch::Invariant(6, "T11 "),
    },
    Mutant {
        file: "Distributor.sol",
        from: ") external whenNotPaused nonReentrant {\n        EpochRecord storage record",
        to: ") external nonReentrant {\n        EpochRecord storage record",
        catch: Catch::Invariant(6, "T12 "),
    },
    Mutant {
        file: "Distributor.sol",
        from: SPENT,
        to: "",
        catch: Catch::Symbolic("check_a_nullifier_hash_is_spent_once"),
    },
    Mutant {
        file: "Distributor.sol",
        from: CENSUS,
        to: "",
        catch: Catch::Symbolic("check_claims_never_exceed_the_census"),
    },
    Mutant {
        file: "Distributor.sol",
        from: "token.safeTransfer(recipient, amount - fee);",
        to: "token.safeTransfer(recipient, amount - fee - 1);",
        catch: Catch::Symbolic("check_a_claim_takes_the_amount_of_its_epoch"),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: OPENED,
        to: "if (!_isOpened(epoch)) _openEpoch(epoch);\n        ++_epochs[epoch].memberCount;\n        return _epochs[epoch];",
        catch: Catch::Symbolic("check_an_opened_epoch_is_immutable"),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: CLOSED,
        to: "",
        catch: Catch::Symbolic("check_a_closed_epoch_pays_nobody"),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: "function openEpoch(uint256 epoch) external whenNotPaused",
        to: "function openEpoch(uint256 epoch) external",
        catch: Catch::Symbolic("check_a_pause_stops_payments"),
    },
    Mutant {
        file: "Registry.sol",
        from: ") external onlyRole(SEQUENCER_ROLE) {\n        IRevokeVerifier",
        to: ") external {\n        IRevokeVerifier",
        catch: Catch::Symbolic("check_only_the_sequencer_moves_the_root"),
    },
    Mutant {
        file: "EpochBudgets.sol",
        from: "function setPerPersonCap(uint256 newCap) external onlyRole(DEFAULT_ADMIN_ROLE)",
        to: "function setPerPersonCap(uint256 newCap) external",
        catch: Catch::Symbolic("check_a_power_waits_its_delay"),
    },
];

/// Number of the changes.
pub(crate) const COUNT: usize = MUTANTS.len();

/// Makes each change in a copy of the contracts and runs the test that has to fail. Returns the
/// number of changes that were tried, and the ones that survived. Where Halmos cannot be had,
/// says so and tries the others.
///
/// # Errors
/// A change whose place is not there once, a contract that does not compile, or a test that fails
/// without a change.
pub(crate) fn run() -> anyhow::Result<(u64, Vec<String>)> {
    let folder = root().join("target/mutants/contracts");
    let python = match symbolic::HALMOS.program("python") {
        Ok(_) => true,
        Err(reason) => {
            say_skipped("changes of the contracts that Halmos would find", &reason)?;
            false
        }
    };
    copy_contracts(&folder)?;
    let baseline = invariant(&folder, None)?;
    ensure!(
        baseline.status.success(),
        "the invariants fail without a change:\n{}",
        text_of(&baseline)
    );
    let mut tried = 0;
    let mut missed = Vec::new();
    for mutant in MUTANTS {
        if matches!(mutant.catch, Catch::Symbolic(_)) && !python {
            continue;
        }
        tried += 1;
        let caught = try_out(&folder, mutant).with_context(|| mutant.name())?;
        eprintln!(
            "{}: {}",
            if caught { "caught" } else { "SURVIVED" },
            mutant.name()
        );
        if !caught {
            missed.push(mutant.name());
        }
    }
    Ok((tried, missed))
}

impl Mutant {
    /// Returns file and first line of the change, and the test that has to notice it.
    fn name(&self) -> String {
        let from = self.from.trim().lines().next().unwrap_or_default();
        let catch = match self.catch {
            Catch::Invariant(_, words) => words.trim_end(),
            Catch::Symbolic(check) => check,
        };
        format!("contracts/src/{}: `{from}` for {catch}", self.file)
    }

    /// Returns the changed contents of the file.
    fn apply(&self, contents: &str) -> anyhow::Result<String> {
        ensure!(
            contents.matches(self.from).count() == 1,
            "the place of the change is not there once: adapt {}",
            file!()
        );
        Ok(contents.replacen(self.from, self.to, 1))
    }
}

/// Runs one change's test, and restores the file whatever the outcome.
fn try_out(folder: &Path, mutant: &Mutant) -> anyhow::Result<bool> {
    let file = folder.join("src").join(mutant.file);
    let contents = fs::read_to_string(&file)?;
    fs::write(&file, mutant.apply(&contents)?)?;
    let caught = is_caught(folder, mutant.catch);
    fs::write(&file, contents)?;
    caught
}

fn is_caught(folder: &Path, catch: Catch) -> anyhow::Result<bool> {
    let (output, words) = match catch {
        Catch::Invariant(number, words) => (invariant(folder, Some(number))?, words),
        Catch::Symbolic(check) => (symbolic::command(folder, Some(check))?.output()?, check),
    };
    let text = text_of(&output);
    ensure!(
        !text.contains("Compiler run failed") && !text.contains("Build failed"),
        "does not compile:\n{text}"
    );
    let fails = match catch {
        Catch::Invariant(..) => text.contains(words),
        Catch::Symbolic(_) => text.contains("Counterexample"),
    };
    Ok(!output.status.success() && fails)
}

/// Runs one invariant, or all of them. Nothing is optimised, which compiles in less time.
fn invariant(folder: &Path, number: Option<u8>) -> anyhow::Result<Output> {
    let test = number.map_or_else(
        || "invariant_".to_owned(),
        |number| format!("invariant_{number}_"),
    );
    Command::new(forge())
        .args(["test", "--match-contract", "AnnonaInvariantTest"])
        .args(["--match-test", &test])
        .env("FOUNDRY_PROFILE", "mutants")
        .current_dir(folder)
        .output()
        .context("forge cannot be run")
}

fn text_of(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Copies what git tracks of the contracts; the packages are linked.
fn copy_contracts(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    for file in read_from(root(), "git", &["ls-files", "contracts"])?.lines() {
        let place = folder.join(file.trim_start_matches("contracts/"));
        fs::create_dir_all(place.parent().context("a file has a folder")?)?;
        fs::copy(root().join(file), place)?;
    }
    let packages = root().join("contracts/node_modules");
    #[cfg(unix)]
    std::os::unix::fs::symlink(packages, folder.join("node_modules"))?;
    #[cfg(windows)]
    std::os::windows::fs::symlink_dir(packages, folder.join("node_modules"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_change_has_its_place_in_the_contracts() {
        for mutant in MUTANTS {
            let file = root().join("contracts/src").join(mutant.file);
            let contents = fs::read_to_string(file).unwrap();
            let name = mutant.name();
            let changed = mutant.apply(&contents);
            let changed = changed.unwrap_or_else(|reason| panic!("{name}: {reason}"));
            assert_ne!(changed, contents, "{name}");
        }
    }

    #[test]
    fn each_invariant_transition_and_check_has_a_change() {
        let covered = |wanted: &str| {
            MUTANTS.iter().any(|mutant| match mutant.catch {
                Catch::Invariant(_, words) => words.starts_with(wanted),
                Catch::Symbolic(check) => check == wanted,
            })
        };
        for number in 1..=5 {
            assert!(covered(&format!("I{number}:")), "I{number}");
        }
        for number in 1..=12 {
            assert!(covered(&format!("T{number} ")), "T{number}");
        }
        for file in ["Distributor", "Powers"] {
            let path = format!("contracts/test/symbolic/{file}.symbolic.t.sol");
            let tests = fs::read_to_string(root().join(path)).unwrap();
            let checks = tests.split("function ").filter_map(|rest| {
                let name = rest.split('(').next()?;
                name.starts_with("check_").then_some(name)
            });
            for check in checks {
                assert!(covered(check), "{check}");
            }
        }
    }
}
