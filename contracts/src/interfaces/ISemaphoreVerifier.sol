// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifyingKey} from "./IVerifyingKey.sol";

/// @title Verifier of Semaphore membership proofs at depth 30
interface ISemaphoreVerifier is IVerifyingKey {
    /// @notice Returns whether `proof` shows the statement `inputs`.
    /// @dev Never reverts on bad input: a coordinate outside the base field (IDENT-3), an input
    /// outside the scalar field (IDENT-2) and a point off the curve or outside the subgroup all
    /// give `false`. The last two burn most of the gas given, because that is how the precompiles
    /// fail.
    /// @param proof `[a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, c.x, c.y]`.
    /// @param inputs `[root, nullifierHash, signalHash, externalNullifier]`, the circuit's order.
    function verifyProof(uint256[8] calldata proof, uint256[4] calldata inputs)
        external
        view
        returns (bool);
}
