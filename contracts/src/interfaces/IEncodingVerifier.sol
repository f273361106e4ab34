// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifyingKey} from "./IVerifyingKey.sol";

/// @title Verifier of proofs that an iris code came from one published model (ZKML-10)
interface IEncodingVerifier is IVerifyingKey {
    /// @notice Returns whether `proof` shows that the code behind `codeCommitment` is the model's
    /// code of the normalised iris behind `imageCommitment` (ZKML-1).
    /// @dev Never reverts on bad input, as `ISemaphoreVerifier` says. The caller compares the
    /// commitments with those that it expects, and computes `context` itself.
    /// @param proof `[a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, c.x, c.y]`.
    /// @param inputs `[imageCommitment, codeCommitment, context]`, the circuit's order.
    function verifyProof(uint256[8] calldata proof, uint256[3] calldata inputs)
        external
        view
        returns (bool);
}
