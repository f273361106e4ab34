//! Programs that write the files which `cargo xtask gen` keeps, and seeds for `cargo xtask fuzz`.
//!
//! Here: one program a file in `src/bin`, each with its usage on top. xtask builds a program when
//! its turn comes, because the program may contain a file that was made before it.
//!
//! Not here: the artifacts of the contracts, which forge makes; the description of the store's
//! queries, which their macros write while `crates/store/examples/queries.rs` is compiled;
//! measurements, which are in `benches`.
//!
//! Invariants:
//! - a program's files depend on nothing but its arguments and the sources;
//! - no program needs, to be compiled, that a generated file is right: so none links
//!   `annona-bindings`, `annona-chain` or `annona-store`.
