//! Gadgets of circuits: nothing is left out, counted twice, or taken before it is determined.

use annona_circuits::{
    Append, Circuit, Cut, CutError, Encoding, Gadget, R1cs, Recapture, Revoke, Row, Rule, Score,
    cut,
};
use annona_model::ModelName;
use ark_bn254::Fr;
use ark_ff::Field;

/// A combination, as factors and variables; variable 0 is the constant 1.
fn row(terms: &[(i64, usize)]) -> Row {
    terms
        .iter()
        .map(|(factor, at)| (Fr::from(*factor), *at))
        .collect()
}

/// Rows `a * b = c` of private variables.
fn rows(variable_count: usize, rows: &[[Row; 3]]) -> R1cs {
    let side = |at: usize| rows.iter().map(|it| it[at].clone()).collect();
    R1cs {
        a: side(0),
        b: side(1),
        c: side(2),
        rules: vec![Rule(1); rows.len()],
        public_count: 1,
        variable_count,
    }
}

/// The row that a variable is 0 or 1.
fn boolean(at: usize) -> [Row; 3] {
    [row(&[(1, at)]), row(&[(1, 0), (-1, at)]), row(&[])]
}

/// The row that two bits add up to a variable.
fn sum_of_bits(low: usize, high: usize, sum: usize) -> [Row; 3] {
    [
        row(&[(1, low), (2, high)]),
        row(&[(1, 0)]),
        row(&[(1, sum)]),
    ]
}

/// The row that a variable is the square of another.
fn square(of: usize, at: usize) -> [Row; 3] {
    [row(&[(1, of)]), row(&[(1, of)]), row(&[(1, at)])]
}

fn cut_of<C: Circuit>(circuit: &C) -> (R1cs, Cut) {
    let rows = R1cs::of(circuit);
    let cut = cut(&rows, &circuit.given()).unwrap();
    (rows, cut)
}

/// The gadgets, by their instances.
fn gadgets(cut: &Cut) -> Vec<&Gadget> {
    let of = |at: usize| &cut.gadgets[at];
    cut.instances.iter().map(|it| of(it.gadget)).collect()
}

/// Asserts that the cut proves a circuit determined if each gadget is, by reading the rows again:
/// each is in one place, and takes only what is given or determined before.
fn assert_composes(name: &str, rows: &R1cs, given: &[usize], cut: &Cut) {
    let mut seen = vec![0; rows.constraint_count()];
    let mut determined = vec![0; rows.variable_count];
    for at in given.iter().chain(&[0]) {
        determined[*at] += 1;
    }
    for instance in &cut.instances {
        let gadget = &cut.gadgets[instance.gadget];
        assert_eq!(gadget.rows.len(), instance.rows.len(), "{name}");
        assert_eq!(gadget.unknown_count, instance.unknown.len(), "{name}");
        for at in &instance.unknown {
            determined[*at] += 1;
        }
        for row in &instance.rows {
            seen[*row] += 1;
            let terms = [&rows.a[*row], &rows.b[*row], &rows.c[*row]];
            let is_ready = terms.into_iter().flatten().all(|it| determined[it.1] == 1);
            assert!(is_ready, "{name}: row {row} takes what is not determined");
        }
    }
    for row in &cut.assertions {
        seen[*row] += 1;
    }
    assert!(seen.iter().all(|it| *it == 1), "{name}: each row once");
    assert!(
        determined.iter().all(|it| *it == 1),
        "{name}: each variable once"
    );
}

/// Tests CIRC-9.
#[test]
fn every_circuit_has_every_row_and_variable_once() {
    let model = ModelName::Ci.model();
    let (depth, batch) = (5, 4);
    let (rows, found) = cut_of(&Encoding { model });
    assert_composes("encoding", &rows, &Encoding { model }.given(), &found);
    let (rows, found) = cut_of(&Recapture { model });
    assert_composes("recapture", &rows, &Recapture { model }.given(), &found);
    let (rows, found) = cut_of(&Score::SMALL);
    assert_composes("score", &rows, &Score::SMALL.given(), &found);
    let append = Append { depth, batch };
    let (rows, found) = cut_of(&append);
    assert_composes("append", &rows, &append.given(), &found);
    let revoke = Revoke { depth, batch };
    let (rows, found) = cut_of(&revoke);
    assert_composes("revoke", &rows, &revoke.given(), &found);
}

/// Tests CIRC-9: of the encoding only the eye and the noise bits are restricted and determine nothing.
#[test]
fn assertions_are_those_of_what_is_given() {
    let model = ModelName::Ci.model();
    let (rows, found) = cut_of(&Encoding { model });
    let eye = found
        .assertions
        .iter()
        .filter(|it| rows.rules[**it] == Rule(1));
    assert_eq!(eye.count(), 1);
    let noise = found
        .assertions
        .iter()
        .filter(|it| rows.rules[**it] == Rule(3));
    assert_eq!(noise.count(), model.size().noise_count());
    assert_eq!(found.assertions.len(), 1 + model.size().noise_count());
}

#[test]
fn rows_that_leave_variables_open_are_refused() {
    // Variable 2 is 0 or 1, and nothing says which.
    let open = rows(3, &[square(1, 1), boolean(2)]);
    assert_eq!(cut(&open, &[1]), Err(CutError::OpenRows(1)));
    // Two bits with the sum, of which nothing is known.
    let open = rows(4, &[boolean(1), boolean(2), sum_of_bits(1, 2, 3)]);
    assert_eq!(cut(&open, &[]), Err(CutError::OpenRows(0)));
    assert!(cut(&open, &[3]).is_ok());
}

#[test]
fn a_variable_in_no_row_is_refused() {
    let unused = rows(4, &[square(1, 2)]);
    assert_eq!(cut(&unused, &[1]), Err(CutError::UnusedVariable(3)));
    assert!(cut(&unused, &[1, 3]).is_ok());
}

/// Tests CIRC-9: the encoding with a row less is not cut.
#[test]
fn a_circuit_without_a_defining_row_is_refused() {
    let model = ModelName::Ci.model();
    let (rows, whole) = cut_of(&Encoding { model });
    for instance in whole.instances.iter().step_by(97) {
        let mut less = rows.clone();
        for side in [&mut less.a, &mut less.b, &mut less.c] {
            side.remove(instance.rows[0]);
        }
        less.rules.remove(instance.rows[0]);
        let given = Encoding { model }.given();
        assert!(cut(&less, &given).is_err(), "row {}", instance.rows[0]);
    }
}

#[test]
fn bits_are_one_gadget_with_their_sum_wherever_their_rows_are() {
    let together = rows(
        7,
        &[
            boolean(3),
            boolean(4),
            sum_of_bits(3, 4, 1),
            boolean(5),
            boolean(6),
            sum_of_bits(5, 6, 2),
        ],
    );
    let apart = rows(
        7,
        &[
            boolean(3),
            boolean(5),
            boolean(4),
            boolean(6),
            sum_of_bits(5, 6, 2),
            sum_of_bits(3, 4, 1),
        ],
    );
    let [together, apart] = [together, apart].map(|rows| cut(&rows, &[1, 2]).unwrap());
    assert_eq!(together.gadgets.len(), 1);
    assert_eq!(gadgets(&together), gadgets(&apart));
    let moved: Vec<&[usize]> = apart.instances.iter().map(|it| &*it.rows).collect();
    assert_eq!(moved, [[1, 3, 4], [0, 2, 5]]);
}

#[test]
fn a_row_before_the_one_that_it_takes_from_is_refused() {
    let mut right = [square(1, 2), square(2, 3)];
    assert!(cut(&rows(4, &right), &[1]).is_ok());
    right.reverse();
    assert_eq!(cut(&rows(4, &right), &[1]), Err(CutError::OpenRows(0)));
}

#[test]
fn gadgets_that_differ_in_names_only_fall_together() {
    // The square of `v1 + 3`, and that of `2 v1 + 5 v2 - 1`.
    let square_of = |form: &[(i64, usize)], at| [row(form), row(form), row(&[(1, at)])];
    let two = rows(
        5,
        &[
            square_of(&[(3, 0), (1, 1)], 3),
            square_of(&[(-1, 0), (2, 1), (5, 2)], 4),
        ],
    );
    let found = cut(&two, &[1, 2]).unwrap();
    assert_eq!((found.gadgets.len(), found.instances.len()), (1, 2));
}

#[test]
fn gadgets_with_other_factors_are_distinct() {
    // `v1 v1`, `v1 (2 v1)` and `v1 v2` are three gadgets: in the last nothing is shared.
    let product = |a, b, at| [row(&[(1, 1)]), row(&[(a, b)]), row(&[(1, at)])];
    let three = rows(6, &[product(1, 1, 3), product(2, 1, 4), product(1, 2, 5)]);
    let found = cut(&three, &[1, 2]).unwrap();
    assert_eq!(found.gadgets.len(), 3);
    let shared = |gadget: usize| found.gadgets[gadget].rows[0][1].shared.clone();
    assert_eq!(shared(0), [(Fr::ONE, 0)]);
    assert_eq!(shared(1), [(Fr::from(2), 0)]);
    assert_eq!(shared(2), [(Fr::ONE, 1)]);
}
