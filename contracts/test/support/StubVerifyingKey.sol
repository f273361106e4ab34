// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifyingKey, VerifyingKey} from "../../src/interfaces/IVerifyingKey.sol";

/// @title A verifying key of the right length for a number of public inputs, and of no circuit
abstract contract StubVerifyingKey is IVerifyingKey {
    uint256 private immutable _inputCount;

    constructor(uint256 inputCount) {
        _inputCount = inputCount;
    }

    function verifyingKey() external view returns (VerifyingKey memory key) {
        key.alpha = [uint256(1), 2];
        key.beta = [uint256(3), 4, 5, 6];
        key.gamma = [uint256(7), 8, 9, 10];
        key.delta = [uint256(11), 12, 13, 14];
        key.ic = new uint256[2][](_inputCount + 1);
        for (uint256 i = 0; i <= _inputCount; ++i) {
            key.ic[i] = [15 + i, 30 + i];
        }
    }
}
