// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IAppendVerifier} from "../../src/interfaces/IAppendVerifier.sol";
import {IRevokeVerifier} from "../../src/interfaces/IRevokeVerifier.sol";
import {VerifyingKey} from "../../src/interfaces/IVerifyingKey.sol";

/// @title Stands in for the pairing: the proof of a statement is its hash, for this verifier only
/// @dev The real verifiers are covered by tests with real proofs.
contract StatementVerifier is IAppendVerifier, IRevokeVerifier {
    uint256 private immutable _inputCount;

    constructor(uint256 inputCount) {
        _inputCount = inputCount;
    }

    function verifyProof(uint256[8] calldata proof, uint256[6] calldata inputs)
        external
        view
        returns (bool)
    {
        return _isProof(proof, abi.encode(inputs));
    }

    function verifyProof(uint256[8] calldata proof, uint256[5] calldata inputs)
        external
        view
        returns (bool)
    {
        return _isProof(proof, abi.encode(inputs));
    }

    function proofOf(bytes memory inputs) public view returns (uint256[8] memory proof) {
        proof[0] = uint256(keccak256(abi.encode(address(this), inputs)));
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

    function _isProof(uint256[8] calldata proof, bytes memory inputs) private view returns (bool) {
        return proof[0] == proofOf(inputs)[0];
    }
}
