// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifyingKey, VerifyingKey} from "../../src/interfaces/IVerifyingKey.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";

/// @title A key whose secrets are known, so that every statement has a proof, true or not
/// @dev Each point is the generator times the number of the same name. The proofs are real ones:
/// they pass and fail in the precompiles as those of the ceremony's key do.
contract KnownKey is IVerifyingKey {
    uint256 private constant R = Bn254.SCALAR_FIELD;

    uint256 private constant ALPHA = 3;
    uint256 private constant BETA = 5;
    uint256 private constant GAMMA = 7;
    uint256 private constant DELTA = 11;
    /// @dev The points of the inputs are 101, 102, ... times the generator.
    uint256 private constant FIRST_IC = 101;
    uint256 private constant ONE_OVER_DELTA =
        0x1198d6b56929518388d75f2b17d1f1963d2a25ebcf2c28ef01697092e2e8ba2f;

    /// @notice A proof of `inputs`, `[root, nullifierHash, signalHash, externalNullifier]`.
    function proofOf(uint256[4] memory inputs) external view returns (uint256[8] memory) {
        return falseProofOf(inputs, 0);
    }

    /// @notice A proof whose point `c` is off by `error` times the generator; false unless `error`
    /// is 0.
    function falseProofOf(uint256[4] memory inputs, uint256 error)
        public
        view
        returns (uint256[8] memory proof)
    {
        // a * b == alpha * beta + input * gamma + c * delta, with b = 1.
        uint256 a = uint256(keccak256(abi.encode(inputs))) % R;
        uint256 known = addmod(ALPHA * BETA, mulmod(inputLog(inputs), GAMMA, R), R);
        uint256 c = mulmod(addmod(a, R - known, R), ONE_OVER_DELTA, R);
        (proof[0], proof[1]) = times(a);
        proof[2] = 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
        proof[3] = 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
        proof[4] = 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b;
        proof[5] = 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa;
        (proof[6], proof[7]) = times(addmod(c, error, R));
    }

    function verifyingKey() external view returns (VerifyingKey memory key) {
        (key.alpha[0], key.alpha[1]) = times(ALPHA);
        key.beta = [
            0x0a09ccf561b55fd99d1c1208dee1162457b57ac5af3759d50671e510e428b2a1,
            0x2e539c423b302d13f4e5773c603948eaf5db5df8ae8a9a9113708390a06410d8,
            0x19b763513924a736e4eebd0d78c91c1bc1d657fee4214057d21414011cfcc763,
            0x2f8d9f9ab83727c77a2fec063cb7b6e5eb23044ccf535ad49d46d394fb6f6bf6
        ];
        key.gamma = [
            0x2903ba015a9abde26a5d081e84551e63be0fd4516e46ee6d593edeba46362455,
            0x224bdc5d4327fcf8ed702e01de1c2f1657a253ba75e32a89c390142aaa28b308,
            0x03c8b7cda6b2dedb7aeeaf5fda464ad17036bea1c4e6f7adbaed1ebe0335e0d8,
            0x1d92fff52a265017eeccb372e37d7a7bd431800eca28dfd82e21e8054114233f
        ];
        key.delta = [
            0x228b515a17f28b89920873207477f8c7fc05582debaf3184febf1cfdedc5ce88,
            0x12bb1156a9f6b360fcb2614e15d8a3ff07f2c699dc69ca830b20d2df91fe9cd3,
            0x2b15dc62a5c9e36597914ddbbfde48806a8eabe45c8d3cccf9578ad08e058f92,
            0x2a4fd764f52470e2fcfff325fb9692f55d6b8b077eefeaa04e07152b4d1fa94
        ];
        key.ic = new uint256[2][](5);
        for (uint256 i = 0; i < 5; ++i) {
            (key.ic[i][0], key.ic[i][1]) = times(FIRST_IC + i);
        }
    }

    function inputLog(uint256[4] memory inputs) private pure returns (uint256 log) {
        log = FIRST_IC;
        for (uint256 i = 0; i < 4; ++i) {
            log = addmod(log, mulmod(inputs[i], FIRST_IC + 1 + i, R), R);
        }
    }

    /// @dev `scalar` times the generator (1, 2).
    function times(uint256 scalar) private view returns (uint256, uint256) {
        (bool valid, bytes memory point) = address(7).staticcall(abi.encode(1, 2, scalar));
        require(valid, "the generator is on the curve");
        return abi.decode(point, (uint256, uint256));
    }
}
