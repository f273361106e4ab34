// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice A Groth16 verifying key over BN254.
/// @dev Points of G1 are `[x, y]`. Points of G2 are `[x.c1, x.c0, y.c1, y.c0]`, the order of the
/// pairing precompile (EIP-197). `ic` has one point more than there are public inputs.
struct VerifyingKey {
    uint256[2] alpha;
    uint256[4] beta;
    uint256[4] gamma;
    uint256[4] delta;
    uint256[2][] ic;
}

/// @title A verifier that shows the key it verifies with
interface IVerifyingKey {
    /// @notice The constants that `verifyProof` uses, for constructors and auditors to check
    /// (REG-7).
    function verifyingKey() external view returns (VerifyingKey memory);
}
