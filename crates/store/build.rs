//! Rebuilds when a file changes that macros read: a migration, a query, or a query's description.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=queries");
    println!("cargo::rerun-if-changed=.sqlx");
}
