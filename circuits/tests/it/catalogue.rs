use annona_circuits::CircuitId;

#[test]
fn sizes_stay_within_what_the_prover_was_planned_for() {
    for (circuit, most) in [
        (CircuitId::Append16, 1 << 15),
        (CircuitId::Append256, 95_000),
        (CircuitId::Append1024, 350_000),
        (CircuitId::Revoke8, 1 << 17),
        (CircuitId::Revoke32, 1 << 19),
    ] {
        let rows = circuit.rows();
        println!("{circuit}: {}", rows.constraint_count());
        assert!(
            rows.constraint_count() + rows.public_count <= most,
            "{circuit}"
        );
    }
}

#[test]
fn names_lead_back_to_their_circuits() {
    for circuit in CircuitId::ALL {
        assert_eq!(circuit.name().parse(), Ok(circuit));
    }
    assert!("append-17".parse::<CircuitId>().is_err());
}
