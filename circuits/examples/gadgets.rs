//! Gadgets of the circuits as JSON lines, for `cargo xtask determined`: the rows are those that
//! the keys are made from, up to the names of variables.
//!
//! Rows that determine nothing are named with the reason for which they are there. A row of that
//! kind without a reason fails: it can be one that should determine something.

use std::collections::BTreeMap;
use std::io::Write;

use annona_circuits::{
    Append, Circuit, Cut, Encoding, Form, Gadget, R1cs, Recapture, Revoke, Rule, Score, cut,
};
use annona_model::ModelName;

/// A circuit, a rule whose rows (for C6 of a re-capture, the last of them) determine nothing, and
/// the reason why they are there. All of them restrict what is given.
const ASSERTIONS: [(&str, Rule, &str); 8] = [
    ("iris-ci", Rule(1), "the eye is 0 or 1"),
    ("iris-ci", Rule(3), "noise bits are 0 or 1"),
    ("recapture-ci", Rule(1), "the eye is 0 or 1"),
    ("recapture-ci", Rule(2), "enrolled bits are 0 or 1"),
    ("recapture-ci", Rule(3), "fresh bits are 0 or 1"),
    (
        "recapture-ci",
        Rule(5),
        "bits of the rotation's number are 0 or 1",
    ),
    ("recapture-ci", Rule(6), "the rotation is in range"),
    (
        "revoke-8",
        Rule(7),
        "a commitment other than 0 leads to the root of the moment",
    ),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = ModelName::Ci.model();
    print("iris-ci", &Encoding { model })?;
    print("recapture-ci", &Recapture { model })?;
    print("score", &Score::SMALL)?;
    let depth = 30;
    print("append-16", &Append { depth, batch: 16 })?;
    print("revoke-8", &Revoke { depth, batch: 8 })
}

/// Writes a line for each gadget of a circuit, and one for the circuit.
fn print<C: Circuit>(name: &str, circuit: &C) -> Result<(), Box<dyn std::error::Error>> {
    let rows = R1cs::of(circuit);
    let given = circuit.given();
    let cut = cut(&rows, &given).map_err(|error| format!("{name} is not cut: {error}"))?;
    let assertions = assertions(name, &rows, &cut)?;
    let mut counts = vec![0; cut.gadgets.len()];
    for instance in &cut.instances {
        counts[instance.gadget] += 1;
    }
    let mut out = std::io::stdout().lock();
    for (gadget, count) in cut.gadgets.iter().zip(counts) {
        let (unknown, rows) = (gadget.unknown_count, rows_of(gadget));
        writeln!(
            out,
            r#"{{"circuit":"{name}","instances":{count},"unknown":{unknown},"rows":[{rows}]}}"#
        )?;
    }
    let (count, variables) = (rows.constraint_count(), rows.variable_count - 1);
    let given = given.len();
    writeln!(
        out,
        r#"{{"circuit":"{name}","row_count":{count},"variables":{variables},"given":{given},"assertions":[{assertions}]}}"#
    )?;
    Ok(())
}

/// Returns the rows that determine nothing as triples of rule, number and reason.
fn assertions(name: &str, rows: &R1cs, cut: &Cut) -> Result<String, String> {
    let mut counts: BTreeMap<Rule, usize> = BTreeMap::new();
    for row in &cut.assertions {
        *counts.entry(rows.rules[*row]).or_default() += 1;
    }
    let expected = ASSERTIONS.iter().filter(|(circuit, ..)| *circuit == name);
    let mut listed = Vec::new();
    for (_, rule, reason) in expected {
        let count = counts
            .remove(rule)
            .ok_or_else(|| format!("every row of {rule} of {name} determines something"))?;
        listed.push(format!(r#"["{rule}",{count},"{reason}"]"#));
    }
    match counts.keys().next() {
        Some(rule) => Err(format!("rows of {rule} of {name} determine nothing")),
        None => Ok(listed.join(",")),
    }
}

fn rows_of(gadget: &Gadget) -> String {
    let rows: Vec<String> = gadget
        .rows
        .iter()
        .map(|row| format!("[{}]", row.each_ref().map(form).join(",")))
        .collect();
    rows.join(",")
}

fn form(form: &Form) -> String {
    let terms = |terms: &[(ark_bn254::Fr, usize)]| -> String {
        let terms: Vec<String> = terms
            .iter()
            .map(|(factor, at)| format!(r#"["{factor}",{at}]"#))
            .collect();
        terms.join(",")
    };
    let (shared, unknown) = (terms(&form.shared), terms(&form.unknown));
    format!(r#"["{}",[{shared}],[{unknown}]]"#, form.constant)
}
