// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ClaimProofs} from "../../src/ClaimProofs.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {IVerifyingKey} from "../../src/interfaces/IVerifyingKey.sol";
import {BatchAccumulator, BatchAccumulators} from "../../src/libraries/BatchAccumulators.sol";

/// @title The check of a batch as it must not be: the caller chooses the coefficients
contract ChosenCoefficients is ClaimProofs {
    using BatchAccumulators for BatchAccumulator;

    constructor(IVerifyingKey verifier) ClaimProofs(verifier.verifyingKey()) {}

    function holds(
        uint256 root,
        uint256 externalNullifier,
        IDistributor.Claim[] calldata claims,
        uint256[] calldata signals,
        uint256[] calldata coefficients
    ) external view returns (bool) {
        BatchAccumulator memory accumulator = BatchAccumulators.begin(claims.length, 0);
        for (uint256 i = 0; i < claims.length; ++i) {
            if (!accumulator.add(coefficients[i], signals[i], claims[i])) return false;
        }
        (uint256 x, uint256 y) = _epochPoint(root, externalNullifier);
        return accumulator.addInput(x, y, accumulator.weight) && _verifyBatch(accumulator);
    }
}
