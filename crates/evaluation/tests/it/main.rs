//! Measurements of simulated eyes, small enough for every run of the tests.

mod calibration;
mod liveness;
