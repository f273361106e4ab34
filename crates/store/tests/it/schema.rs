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
