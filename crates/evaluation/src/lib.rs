//! Measurements of recognition: how often the iris pipeline, the matcher and the liveness
//! checks are wrong.
//!
//! Here: error rates of labelled comparisons ([`error_rates`]) with their confidence intervals
//! ([`confidence`]), the evaluation of labelled images ([`images`]), the trial of simulated
//! people by the production rule ([`trial`]), presentation attacks ([`attacks`]), the
//! calibration of the simulated eye against real ones ([`calibration`]), the rates of the
//! search's prefilter ([`prefiltering`]), templates drawn without images
//! ([`synthetic_templates`]), and pictures of all this ([`plot`], [`encoding_picture`]).
//!
//! Not here: recognition, rendering and decisions, which are `annona-iris`, `orb-sim` and
//! `annona-matcher`; command lines, terminals, signals and output files, which are the binary's.
//! Nothing that serves people links this crate.
//!
//! Invariants:
//! - a measurement is a function of its plan, its seed and its files: on however many cores it
//!   runs, it counts the same, processor times excepted;
//! - thresholds are those of `DecisionRule::standard`: an evaluation sets none;
//! - work that is stopped early says so, and counts what was done.

pub mod attacks;
pub mod calibration;
pub mod confidence;
mod drawing;
pub mod encoding_picture;
pub mod error_rates;
pub mod images;
pub mod long_work;
pub mod plot;
pub mod prefiltering;
pub mod synthetic_templates;
pub mod trial;
