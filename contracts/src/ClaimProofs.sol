// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {VerifyingKey} from "./interfaces/IVerifyingKey.sol";
import {ProofFold} from "./libraries/ProofFold.sol";
import {VerifyingKeys} from "./libraries/VerifyingKeys.sol";

/// @title Checks the proofs of claims, alone or folded, under a key fixed at deployment
/// @dev The key is kept here rather than asked of the verifier: that saves a call with all proofs
/// in it. The immutables are the words of the key as the verifier shows them, in the same order,
/// so that an auditor can read them out of the code.
abstract contract ClaimProofs {
    using ProofFold for ProofFold.Fold;

    /// @dev Public inputs of a claim's statement.
    uint256 private constant INPUT_COUNT = 4;

    uint256 private immutable _alphaX;
    uint256 private immutable _alphaY;
    uint256 private immutable _betaXIm;
    uint256 private immutable _betaXRe;
    uint256 private immutable _betaYIm;
    uint256 private immutable _betaYRe;
    uint256 private immutable _gammaXIm;
    uint256 private immutable _gammaXRe;
    uint256 private immutable _gammaYIm;
    uint256 private immutable _gammaYRe;
    uint256 private immutable _deltaXIm;
    uint256 private immutable _deltaXRe;
    uint256 private immutable _deltaYIm;
    uint256 private immutable _deltaYRe;
    uint256 private immutable _constantX;
    uint256 private immutable _constantY;
    uint256 private immutable _rootX;
    uint256 private immutable _rootY;
    uint256 private immutable _nullifierX;
    uint256 private immutable _nullifierY;
    uint256 private immutable _signalX;
    uint256 private immutable _signalY;
    uint256 private immutable _externalX;
    uint256 private immutable _externalY;

    /// @param key A key that anyone can forge for is refused.
    constructor(VerifyingKey memory key) {
        VerifyingKeys.requireSound(key, INPUT_COUNT);
        (_alphaX, _alphaY) = (key.alpha[0], key.alpha[1]);
        (_betaXIm, _betaXRe) = (key.beta[0], key.beta[1]);
        (_betaYIm, _betaYRe) = (key.beta[2], key.beta[3]);
        (_gammaXIm, _gammaXRe) = (key.gamma[0], key.gamma[1]);
        (_gammaYIm, _gammaYRe) = (key.gamma[2], key.gamma[3]);
        (_deltaXIm, _deltaXRe) = (key.delta[0], key.delta[1]);
        (_deltaYIm, _deltaYRe) = (key.delta[2], key.delta[3]);
        (_constantX, _constantY) = (key.ic[0][0], key.ic[0][1]);
        (_rootX, _rootY) = (key.ic[1][0], key.ic[1][1]);
        (_nullifierX, _nullifierY) = (key.ic[2][0], key.ic[2][1]);
        (_signalX, _signalY) = (key.ic[3][0], key.ic[3][1]);
        (_externalX, _externalY) = (key.ic[4][0], key.ic[4][1]);
    }

    /// @dev `ic[0] + root * ic[1] + externalNullifier * ic[4]`: the common part of an epoch's
    /// statements. Both inputs MUST be below r.
    function _epochPoint(uint256 root, uint256 externalNullifier)
        internal
        view
        returns (uint256 x, uint256 y)
    {
        ProofFold.Fold memory fold;
        (fold.inputs[0], fold.inputs[1]) = (_constantX, _constantY);
        bool valid = fold.addInput(_rootX, _rootY, root);
        valid = fold.addInput(_externalX, _externalY, externalNullifier) && valid;
        // The points of the key were not looked at when it was taken.
        if (!valid) revert VerifyingKeys.VerifyingKey_PointOffCurve();
        return (fold.inputs[0], fold.inputs[1]);
    }

    /// @dev Returns whether `proof` shows a claim of the epoch with the point `(x, y)`. Both inputs
    /// MUST be below r.
    function _proves(
        uint256 x,
        uint256 y,
        uint256 nullifierHash,
        uint256 signalHash,
        uint256[8] calldata proof
    ) internal view returns (bool) {
        ProofFold.Fold memory fold = ProofFold.begin(1, 0);
        (fold.inputs[0], fold.inputs[1]) = (x, y);
        return
            fold.takeFirst(nullifierHash, signalHash, proof) && _concludes(fold, _alphaX, _alphaY);
    }

    /// @dev Returns whether all proofs of a fold hold, to which the points of their epochs were
    /// added.
    function _provesAll(ProofFold.Fold memory fold) internal view returns (bool) {
        (bool valid, uint256 x, uint256 y) = ProofFold.scale(_alphaX, _alphaY, fold.weight);
        return valid && _concludes(fold, x, y);
    }

    function _concludes(ProofFold.Fold memory fold, uint256 alphaX, uint256 alphaY)
        private
        view
        returns (bool)
    {
        bool valid = fold.addInput(_nullifierX, _nullifierY, fold.nullifiers);
        valid = fold.addInput(_signalX, _signalY, fold.signals) && valid;
        fold.putNegated(alphaX, alphaY, [_betaXIm, _betaXRe, _betaYIm, _betaYRe]);
        fold.putNegated(
            fold.inputs[0], fold.inputs[1], [_gammaXIm, _gammaXRe, _gammaYIm, _gammaYRe]
        );
        fold.putNegated(fold.c[0], fold.c[1], [_deltaXIm, _deltaXRe, _deltaYIm, _deltaYRe]);
        return valid && fold.holds();
    }
}
