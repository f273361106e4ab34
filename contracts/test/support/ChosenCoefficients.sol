// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ClaimProofs} from "../../src/ClaimProofs.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {IVerifyingKey} from "../../src/interfaces/IVerifyingKey.sol";
import {ProofFold} from "../../src/libraries/ProofFold.sol";

/// @title The check of a batch as it must not be: the caller chooses the coefficients
contract ChosenCoefficients is ClaimProofs {
    using ProofFold for ProofFold.Fold;

    constructor(IVerifyingKey verifier) ClaimProofs(verifier.verifyingKey()) {}

    function holds(
        uint256 root,
        uint256 externalNullifier,
        IDistributor.Claim[] calldata claims,
        uint256[] calldata signals,
        uint256[] calldata coefficients
    ) external view returns (bool) {
        ProofFold.Fold memory fold = ProofFold.begin(claims.length, 0);
        for (uint256 i = 0; i < claims.length; ++i) {
            if (!fold.add(coefficients[i], signals[i], claims[i])) return false;
        }
        (uint256 x, uint256 y) = _epochPoint(root, externalNullifier);
        return fold.addInput(x, y, fold.weight) && _provesAll(fold);
    }
}
