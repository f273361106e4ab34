//! The pipeline from outside: frozen vectors, hostile images, fuzz inputs.
#![allow(clippy::unwrap_used)]

#[path = "../../fuzz/bodies.rs"]
mod bodies;
mod cause;
mod files;
mod golden;
mod hostile;
mod orientation;
mod replay;
mod vectors;
mod whole;

/// Counts what is allocated, so that a test can bound it.
#[global_allocator]
static ALLOCATED: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;
