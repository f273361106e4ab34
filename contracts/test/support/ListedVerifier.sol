// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ISemaphoreVerifier} from "../../src/interfaces/ISemaphoreVerifier.sol";
import {VerifyingKey} from "../../src/interfaces/IVerifyingKey.sol";

/// @title Stands in for the pairing: a statement has a proof if the test listed it
/// @dev The real verifier is covered by tests with real proofs.
contract ListedVerifier is ISemaphoreVerifier {
    mapping(bytes32 statement => bool) private _listed;

    function list(uint256[8] calldata proof, uint256[4] calldata inputs) external {
        _listed[keccak256(abi.encode(proof, inputs))] = true;
    }

    function verifyProof(uint256[8] calldata proof, uint256[4] calldata inputs)
        external
        view
        returns (bool)
    {
        return _listed[keccak256(abi.encode(proof, inputs))];
    }

    function verifyingKey() external pure returns (VerifyingKey memory key) {
        key.alpha = [uint256(1), 2];
        key.beta = [uint256(3), 4, 5, 6];
        key.gamma = [uint256(7), 8, 9, 10];
        key.delta = [uint256(11), 12, 13, 14];
        key.ic = new uint256[2][](5);
        for (uint256 i = 0; i < 5; ++i) {
            key.ic[i] = [15 + i, 20 + i];
        }
    }
}
