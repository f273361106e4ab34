//! Fields and groups of BN254: those of `ark-bn254`, and on WebAssembly the same in limbs that
//! it can multiply.

#[cfg(not(target_family = "wasm"))]
pub use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine, g1, g2};

#[cfg(target_family = "wasm")]
pub use crate::limbs::{Fq, Fq2, Fr, G1Affine, G2Affine, g1, g2};
