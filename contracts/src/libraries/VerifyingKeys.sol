// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {VerifyingKey} from "../interfaces/IVerifyingKey.sol";

/// @title Refuses verifying keys with which anyone can make proofs
library VerifyingKeys {
    /// @notice The key has another number of `ic` points than the statement needs.
    error VerifyingKey_InputCount(uint256 actual, uint256 expected);

    /// @notice A point of the key is the point at infinity: the term it stands for is not checked.
    error VerifyingKey_IdentityPoint();

    /// @notice Gamma and delta are equal up to sign: the free point `c` of a proof can cancel the
    /// public inputs, so that any statement has a proof.
    error VerifyingKey_GammaEqualsDelta();

    /// @notice A point of the key's inputs is not on the curve.
    error VerifyingKey_PointOffCurve();

    /// @notice Reverts unless `key` is for `inputCount` inputs and free of the flaws above (REG-7).
    /// @dev This catches a set-up that was skipped or botched. It cannot show that the ceremony's
    /// secrets are gone; for that the auditor compares the key with the published one.
    function requireSound(VerifyingKey memory key, uint256 inputCount) internal pure {
        if (key.ic.length != inputCount + 1) {
            revert VerifyingKey_InputCount(key.ic.length, inputCount + 1);
        }
        _requireNotIdentity(key.alpha);
        _requireNotIdentity(key.beta);
        _requireNotIdentity(key.gamma);
        _requireNotIdentity(key.delta);
        for (uint256 i = 0; i < key.ic.length; ++i) {
            _requireNotIdentity(key.ic[i]);
        }
        // Points with the same x are equal or negatives of each other.
        if (key.gamma[0] == key.delta[0] && key.gamma[1] == key.delta[1]) {
            revert VerifyingKey_GammaEqualsDelta();
        }
    }

    function _requireNotIdentity(uint256[2] memory point) private pure {
        if (point[0] | point[1] == 0) revert VerifyingKey_IdentityPoint();
    }

    function _requireNotIdentity(uint256[4] memory point) private pure {
        if (point[0] | point[1] | point[2] | point[3] == 0) revert VerifyingKey_IdentityPoint();
    }
}
