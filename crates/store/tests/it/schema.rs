use std::collections::BTreeSet;

use annona_core::EnrolmentKind;
use annona_engine::ports::{AttemptKind, PayloadKind, SlotStateKind};
use annona_engine::{
    ClaimRejection, ClaimStateKind, EnrolmentStateKind, RevocationReason, RevocationStateKind,
};

use crate::{database, fresh, raw};

const PINNED: &str = include_str!("../../schema/sqlite.sql");
const DUMP: &str = "\
SELECT sql FROM sqlite_schema
WHERE sql IS NOT NULL AND name <> '_sqlx_migrations' ORDER BY tbl_name, type DESC, name";

/// A migration changes the pinned file too, so that a review sees the whole schema.
#[tokio::test]
async fn the_schema_is_the_pinned_one() {
    let (_store, directory) = fresh().await;
    let mut connection = raw(&database(&directory)).await;
    let statements: Vec<String> = sqlx::query_scalar(DUMP)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let dump: String = statements
        .iter()
        .map(|statement| format!("{statement};\n\n"))
        .collect();
    assert_eq!(
        dump.trim_end(),
        PINNED.trim_end(),
        "the schema is now:\n{dump}"
    );
}

/// Returns the texts that a column may hold, from its check in the pinned schema.
fn texts(table: &str, column: &str) -> BTreeSet<String> {
    let (_, table) = PINNED
        .split_once(&format!("CREATE TABLE {table} ("))
        .unwrap();
    let (_, column) = table.split_once(&format!("    {column} TEXT")).unwrap();
    let (_, list) = column
        .split_once(" IN (")
        .expect("the column has a list of texts");
    let (list, _) = list.split_once(')').unwrap();
    list.split(',')
        .map(|text| text.trim().trim_matches('\'').to_owned())
        .collect()
}

fn codes<T: Copy>(all: &[T], code: fn(T) -> &'static str) -> BTreeSet<String> {
    all.iter().map(|one| code(*one).to_owned()).collect()
}

#[test]
fn columns_of_text_take_the_codes_of_their_enums_and_no_others() {
    let mut enrolment_states = codes(&EnrolmentStateKind::ALL, EnrolmentStateKind::code);
    // Told by the row of the revocation.
    enrolment_states.remove("revoked");
    let columns = [
        (
            "enrolments",
            "kind",
            codes(&EnrolmentKind::ALL, EnrolmentKind::code),
        ),
        ("enrolments", "state", enrolment_states),
        (
            "revocations",
            "reason",
            codes(&RevocationReason::ALL, RevocationReason::code),
        ),
        (
            "revocations",
            "state",
            codes(&RevocationStateKind::ALL, RevocationStateKind::code),
        ),
        (
            "claims",
            "state",
            codes(&ClaimStateKind::ALL, ClaimStateKind::code),
        ),
        (
            "claims",
            "rejection",
            codes(&ClaimRejection::ALL, ClaimRejection::code),
        ),
        (
            "slots",
            "purpose",
            codes(&PayloadKind::ALL, PayloadKind::code),
        ),
        (
            "slots",
            "state",
            codes(&SlotStateKind::ALL, SlotStateKind::code),
        ),
        (
            "attempts",
            "kind",
            codes(&AttemptKind::ALL, AttemptKind::code),
        ),
    ];
    for (table, column, expected) in columns {
        assert_eq!(texts(table, column), expected, "{table}.{column}");
    }
}
