// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {UnsafeTestIrisPVerifier} from "../../src/generated/UnsafeTestIrisPVerifier.sol";
import {VerifyingKey} from "../../src/interfaces/IVerifyingKey.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {VerifyingKeys} from "../../src/libraries/VerifyingKeys.sol";
import {EncodingFixture} from "../support/EncodingFixture.sol";

/// @title The verifier of full-size encodings, with a proof of the real prover (ZKML-10)
contract EncodingVerifierTest is EncodingFixture {
    uint256 private constant P = Bn254.BASE_FIELD;
    uint256 private constant R = Bn254.SCALAR_FIELD;

    UnsafeTestIrisPVerifier private verifier;
    uint256[8] private proof;
    uint256[3] private inputs;

    function setUp() public {
        verifier = new UnsafeTestIrisPVerifier();
        FrozenEncoding memory frozen = readEncoding("iris-p");
        proof = frozen.proof;
        inputs = frozen.inputs;
    }

    function test_a_frozen_proof_of_the_full_size_is_accepted() public view {
        assertTrue(verifier.verifyProof(proof, inputs));
    }

    function test_every_changed_word_is_refused_without_a_revert() public view {
        for (uint256 i = 0; i < 8; ++i) {
            uint256[8] memory changed = proof;
            changed[i] = addmod(changed[i], 1, P);
            assertFalse(verifier.verifyProof{gas: 400_000}(changed, inputs));
        }
        for (uint256 i = 0; i < 3; ++i) {
            uint256[3] memory changed = inputs;
            changed[i] = addmod(changed[i], 1, R);
            assertFalse(verifier.verifyProof(proof, changed));
        }
    }

    function testFuzz_another_statement_is_refused(uint256 which, uint256 value) public view {
        which = bound(which, 0, 2);
        value = bound(value, 0, R - 1);
        uint256[3] memory changed = inputs;
        vm.assume(changed[which] != value);
        changed[which] = value;
        assertFalse(verifier.verifyProof(proof, changed));
    }

    function test_commitments_in_each_others_place_are_refused() public view {
        assertFalse(verifier.verifyProof(proof, [inputs[1], inputs[0], inputs[2]]));
        assertFalse(verifier.verifyProof(proof, [inputs[0], inputs[2], inputs[1]]));
    }

    /// @dev The same residue, and so the same point of `EC_MUL`: only the field check refuses it.
    function test_an_input_beyond_the_scalar_field_is_refused() public view {
        for (uint256 i = 0; i < 3; ++i) {
            uint256[3] memory changed = inputs;
            changed[i] += R;
            assertFalse(verifier.verifyProof(proof, changed));
            changed[i] = R;
            assertFalse(verifier.verifyProof(proof, changed));
            changed[i] = type(uint256).max;
            assertFalse(verifier.verifyProof(proof, changed));
        }
    }

    function test_a_coordinate_beyond_the_base_field_is_refused() public view {
        for (uint256 i = 0; i < 8; ++i) {
            uint256[8] memory changed = proof;
            changed[i] += P;
            assertFalse(verifier.verifyProof(changed, inputs));
            changed[i] = P;
            assertFalse(verifier.verifyProof(changed, inputs));
            changed[i] = type(uint256).max;
            assertFalse(verifier.verifyProof(changed, inputs));
        }
    }

    /// @dev They hold under the keys of their own models.
    function test_proofs_of_other_models_are_refused() public view {
        string[2] memory others = ["iris-s18", "iris-ci"];
        for (uint256 i = 0; i < others.length; ++i) {
            FrozenEncoding memory other = readEncoding(others[i]);
            assertFalse(verifier.verifyProof(other.proof, other.inputs), others[i]);
            assertFalse(verifier.verifyProof(other.proof, inputs), others[i]);
        }
    }

    function test_points_at_infinity_and_negated_points_are_refused() public view {
        uint256[8] memory changed;
        assertFalse(verifier.verifyProof(changed, inputs));
        changed = proof;
        changed[1] = P - changed[1];
        assertFalse(verifier.verifyProof(changed, inputs));
        changed = proof;
        changed[7] = P - changed[7];
        assertFalse(verifier.verifyProof(changed, inputs));
    }

    function test_the_key_shown_is_sound_and_the_pinned_one() public view {
        VerifyingKey memory key = verifier.verifyingKey();
        VerifyingKeys.requireSound(key, 3);
        bytes memory words = abi.encodePacked(key.alpha, key.beta, key.gamma, key.delta);
        for (uint256 i = 0; i < key.ic.length; ++i) {
            words = bytes.concat(words, abi.encodePacked(key.ic[i]));
        }
        assertEq(keccak256(words), readEncoding("iris-p").keyHash);
    }
}

/// @title Gas of the verification of an encoding, as a transaction of its own
/// @dev Base cost and calldata are included. The figure is kept in
/// `snapshots/EncodingGasTest.json`, and a run that gives another fails.
contract EncodingGasTest is EncodingFixture {
    /// forge-config: default.isolate = true
    function test_a_verification_costs_at_most_300_000() public {
        UnsafeTestIrisPVerifier verifier = new UnsafeTestIrisPVerifier();
        FrozenEncoding memory frozen = readEncoding("iris-p");
        // A plain call: forge makes a transaction of that, and none of a static call.
        bytes memory data = abi.encodeCall(verifier.verifyProof, (frozen.proof, frozen.inputs));
        (, bytes memory answer) = address(verifier).call(data);
        assertTrue(abi.decode(answer, (bool)));
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        assertLe(gas, 300_000);
        vm.snapshotValue("verify", gas);
    }
}
