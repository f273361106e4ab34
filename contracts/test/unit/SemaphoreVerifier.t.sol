// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SemaphoreVerifier} from "../../src/generated/SemaphoreVerifier.sol";
import {VerifyingKey} from "../../src/interfaces/IVerifyingKey.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {VerifyingKeys} from "../../src/libraries/VerifyingKeys.sol";
import {ClaimFixture} from "../support/ClaimFixture.sol";

contract SemaphoreVerifierTest is ClaimFixture {
    uint256 private constant P = Bn254.BASE_FIELD;
    uint256 private constant R = Bn254.SCALAR_FIELD;

    SemaphoreVerifier private verifier;
    uint256[8] private proof;
    uint256[4] private inputs;

    function setUp() public {
        verifier = new SemaphoreVerifier();
        RealClaim memory real = readClaim("single");
        proof = real.proof;
        inputs = inputsOf(real);
    }

    function test_every_real_proof_is_accepted() public view {
        string[5] memory names = ["single", "withFee", "nextEpoch", "secondPerson", "olderRoot"];
        for (uint256 i = 0; i < names.length; ++i) {
            RealClaim memory real = readClaim(names[i]);
            assertTrue(verifier.verifyProof(real.proof, inputsOf(real)), names[i]);
        }
    }

    function testFuzz_another_statement_is_refused(uint256 which, uint256 value) public view {
        which = bound(which, 0, 3);
        value = bound(value, 0, R - 1);
        uint256[4] memory changed = inputs;
        vm.assume(changed[which] != value);
        changed[which] = value;
        assertFalse(verifier.verifyProof(proof, changed));
    }

    function test_swapped_inputs_are_refused() public view {
        for (uint256 i = 0; i < 3; ++i) {
            uint256[4] memory changed = inputs;
            (changed[i], changed[i + 1]) = (changed[i + 1], changed[i]);
            assertFalse(verifier.verifyProof(proof, changed));
        }
    }

    function test_an_alias_of_an_input_is_refused() public view {
        for (uint256 i = 0; i < 4; ++i) {
            uint256[4] memory changed = inputs;
            changed[i] += R;
            assertFalse(verifier.verifyProof(proof, changed));
            changed[i] = R;
            assertFalse(verifier.verifyProof(proof, changed));
            changed[i] = type(uint256).max;
            assertFalse(verifier.verifyProof(proof, changed));
        }
    }

    function test_a_coordinate_outside_the_base_field_is_refused() public view {
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

    function test_a_point_off_the_curve_is_refused_without_a_revert() public view {
        for (uint256 i = 0; i < 8; ++i) {
            uint256[8] memory changed = proof;
            changed[i] = addmod(changed[i], 1, P);
            assertFalse(verifier.verifyProof{gas: 400_000}(changed, inputs));
        }
    }

    /// @dev The point with x = 1 is on the twist; r times it is not the point at infinity.
    function test_a_point_outside_the_subgroup_is_refused_without_a_revert() public view {
        uint256[8] memory changed = proof;
        changed[2] = 0;
        changed[3] = 1;
        changed[4] = 0x0d1271953ed9ea0836846e70a1934187998c7f790cb4d7511b7f8da82de048a4;
        changed[5] = 0x2869111d5381f072f8e2728fdb825a51aadd70e52c9830e9ab4b871c0531f1bb;
        assertFalse(verifier.verifyProof{gas: 400_000}(changed, inputs));
    }

    function test_points_at_infinity_are_refused_without_a_revert() public view {
        uint256[8] memory none;
        assertFalse(verifier.verifyProof(none, inputs));
        uint256[8] memory changed = proof;
        (changed[0], changed[1]) = (0, 0);
        assertFalse(verifier.verifyProof(changed, inputs));
        changed = proof;
        (changed[2], changed[3], changed[4], changed[5]) = (0, 0, 0, 0);
        assertFalse(verifier.verifyProof(changed, inputs));
        changed = proof;
        (changed[6], changed[7]) = (0, 0);
        assertFalse(verifier.verifyProof(changed, inputs));
    }

    function test_a_negated_point_is_refused() public view {
        uint256[8] memory changed = proof;
        changed[1] = P - changed[1];
        assertFalse(verifier.verifyProof(changed, inputs));
        changed = proof;
        changed[7] = P - changed[7];
        assertFalse(verifier.verifyProof(changed, inputs));
    }

    function test_the_key_shown_is_sound() public view {
        VerifyingKeys.requireSound(verifier.verifyingKey(), 4);
    }

    /// @dev With the shown key alone, in plain calls of the precompiles: the constants shown are
    /// the constants used.
    function test_the_key_shown_verifies_the_real_proof() public view {
        VerifyingKey memory key = verifier.verifyingKey();
        uint256[2] memory sum = key.ic[0];
        for (uint256 i = 0; i < 4; ++i) {
            sum = ecAdd(sum, ecMul(key.ic[i + 1], inputs[i]));
        }
        bytes memory pairs = bytes.concat(
            abi.encode(proof[0], P - proof[1], proof[2], proof[3], proof[4], proof[5]),
            abi.encode(key.alpha, key.beta),
            abi.encode(sum, key.gamma),
            abi.encode(proof[6], proof[7], key.delta)
        );
        (bool valid, bytes memory result) = address(8).staticcall(pairs);
        assertTrue(valid);
        assertEq(abi.decode(result, (uint256)), 1);
    }

    function ecAdd(uint256[2] memory a, uint256[2] memory b)
        private
        view
        returns (uint256[2] memory)
    {
        (bool valid, bytes memory result) = address(6).staticcall(abi.encode(a, b));
        assertTrue(valid);
        return abi.decode(result, (uint256[2]));
    }

    function ecMul(uint256[2] memory a, uint256 scalar) private view returns (uint256[2] memory) {
        (bool valid, bytes memory result) = address(7).staticcall(abi.encode(a, scalar));
        assertTrue(valid);
        return abi.decode(result, (uint256[2]));
    }
}
