// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title The two field orders of BN254 (EIP-196)
library Bn254 {
    /// @notice Order `r` of the scalar field: every leaf, root, nullifier hash and public input is
    /// below it.
    uint256 internal constant SCALAR_FIELD =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @notice Order `p` of the base field: every coordinate of a curve point is below it.
    uint256 internal constant BASE_FIELD =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;
}
