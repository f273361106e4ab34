// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IAppendVerifier} from "../../src/interfaces/IAppendVerifier.sol";
import {IRevokeVerifier} from "../../src/interfaces/IRevokeVerifier.sol";
import {StubVerifyingKey} from "./StubVerifyingKey.sol";

/// @title Stands in for the pairing: the proof of a statement is its hash, for this verifier only
/// @dev The real verifiers are covered by tests with real proofs.
contract StatementVerifier is IAppendVerifier, IRevokeVerifier, StubVerifyingKey {
    constructor(uint256 inputCount) StubVerifyingKey(inputCount) {}

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

    function _isProof(uint256[8] calldata proof, bytes memory inputs) private view returns (bool) {
        return proof[0] == proofOf(inputs)[0];
    }
}
