// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifyingKey} from "./IVerifyingKey.sol";

/// @title Verifier of append batches of one size
interface IAppendVerifier is IVerifyingKey {
    /// @notice Returns whether `proof` shows the statement `inputs`.
    /// @dev Never reverts on bad input, as `ISemaphoreVerifier` says.
    /// @param proof `[a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, c.x, c.y]`.
    /// @param inputs `[preRoot, postRoot, startIndex, digest, x, y]`, the circuit's order.
    function verifyProof(uint256[8] calldata proof, uint256[6] calldata inputs)
        external
        view
        returns (bool);
}
