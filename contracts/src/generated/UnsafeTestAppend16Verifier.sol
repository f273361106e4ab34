// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from templates/Groth16Verifier.sol.j2 and the verifying key. Do not edit.
pragma solidity 0.8.30;

import {IAppendVerifier} from "../interfaces/IAppendVerifier.sol";
import {IVerifyingKey, VerifyingKey} from "../interfaces/IVerifyingKey.sol";
import {Bn254} from "../libraries/Bn254.sol";

/// @title UNSAFE for production: Groth16 verifier with a test key (see `IAppendVerifier`)
/// @notice Anybody can prove anything to this contract: the secrets behind its key are published.
/// For development chains only.
contract UnsafeTestAppend16Verifier is IAppendVerifier {
    uint256 private constant ALPHA_X =
        0x2691398a929eabb6d49d3aa633885f7e1c1073afe48c6436df574e3c26edb046;
    uint256 private constant ALPHA_Y =
        0x190cf858aee5a26a61872a0415b1bd7da8b5c2aa54c489b6cdc8846d7081cd07;
    uint256 private constant BETA_X_IM =
        0x1876a476fd7e3d1f2c061ebfce9228eb01eb0777be440ec2f34a8256fc0d282e;
    uint256 private constant BETA_X_RE =
        0x1d0cf04cdf1894cde80a0bb737a0852fbd4fe35679a5533d2f86951bdf958dfd;
    uint256 private constant BETA_Y_IM =
        0x21af331c8a6ae482d281408bf3db0bf3609a721c09c088c5f969388ce8b08b88;
    uint256 private constant BETA_Y_RE =
        0x02c263ffb49e0dd63075a7715448fb589bd3849b704082b35b7ef3925cca338d;
    uint256 private constant GAMMA_X_IM =
        0x04ec26a1b6edaf0b904896c00be1d802408a4c57ecb79006affd636b2fd59941;
    uint256 private constant GAMMA_X_RE =
        0x1b8b8eddc75bd751e8d7ed8e656c0691c5110f24c48ba1ce01d8616761c85e29;
    uint256 private constant GAMMA_Y_IM =
        0x09132910083f541b76af6da48ee930408c97db0b745cf92291163ea313290df7;
    uint256 private constant GAMMA_Y_RE =
        0x13cb18c5185c5dfae8e6b917e684fc4fd0488f7bdeb4fbe04cc92271d2833990;
    uint256 private constant DELTA_X_IM =
        0x200f8409deaeffa1f6ff7cec962da440246d6b69bb734f0439e164c99b292a14;
    uint256 private constant DELTA_X_RE =
        0x15a76fe982d22097ca89263c53a822646ef2317e555b0fa8b4451057782f6de6;
    uint256 private constant DELTA_Y_IM =
        0x0ddfd4562e8d8ad39181f947c4a58c2e53d00cec9a1930f468b602dd989b94e6;
    uint256 private constant DELTA_Y_RE =
        0x0f3d32c9b01821549c09d55814dec47f6817cb0187135732dfd3a00b73d6e385;
    uint256 private constant IC_0_X =
        0x290bf5646e7cec53e4a1be623c9528e196efa539bdfaf4326ebb4aec0084179a;
    uint256 private constant IC_0_Y =
        0x29d8987a10b64c5968399d5769098d66ca4383ae070af26d38e495a9b506f460;
    uint256 private constant IC_1_X =
        0x2ddcfa01dec37a369d0cd6c0151613a2e5c97a096b685ec739de6153af38f63e;
    uint256 private constant IC_1_Y =
        0x25ba973f4cdab3cd0bafc90276da125609ee0ba7a73907c8390ee864395e6733;
    uint256 private constant IC_2_X =
        0x02acb79729ec9410dce15cd9b66cc4b1b075bc6d568cb51e8e1c1fb24d3e37d8;
    uint256 private constant IC_2_Y =
        0x178e8db0cb0d59cc2319f6cf171bddde16e59d71f00fea3ed3e7c401c8f319a1;
    uint256 private constant IC_3_X =
        0x2ff7675e8ee3dc4b207b99eacb0a9e66b5132aa4211e69b013fad8a63b2b0b32;
    uint256 private constant IC_3_Y =
        0x2a35b8f7e5f7ad260899a70fa3e6ca6a71493d10650f24554ac53fd34a57f94a;
    uint256 private constant IC_4_X =
        0x1e7c4ef099cfb7412c54f8535519b783646c884f9804067ab44d47b5e2f3342d;
    uint256 private constant IC_4_Y =
        0x1c1a8526bca2b48a5b4ff579ca5134bf9e8f184e51ac0a0a8797be3580c70fcd;
    uint256 private constant IC_5_X =
        0x10341c2f2025ff1f16bcff73ae075f9abd335c4f3ac2afc5dd4c58dca7a5041b;
    uint256 private constant IC_5_Y =
        0x0a5184457783ca59aceade2a0ee6eb97205e3974a9b67d6807f9b3fdf4bae73d;
    uint256 private constant IC_6_X =
        0x056d7fcd84da60e3e0e679c69c36b8b4976211e8508086f16afc86b77ad6251b;
    uint256 private constant IC_6_Y =
        0x16cd07c83ac661cd1098c348a35cf75c44ebeda4bfe59515ebe91a3e50606661;

    /// @dev Precompiles of EIP-196 and EIP-197.
    uint256 private constant EC_ADD = 0x06;
    uint256 private constant EC_MUL = 0x07;
    uint256 private constant EC_PAIRING = 0x08;

    /// @inheritdoc IAppendVerifier
    /// @dev The field checks come first: `EC_MUL` takes an input beyond r, and gives the same
    /// point as for the input's residue.
    function verifyProof(uint256[8] calldata proof, uint256[6] calldata inputs)
        external
        view
        returns (bool)
    {
        for (uint256 i = 0; i < 8; ++i) {
            if (proof[i] >= Bn254.BASE_FIELD) return false;
        }
        for (uint256 i = 0; i < 6; ++i) {
            if (inputs[i] >= Bn254.SCALAR_FIELD) return false;
        }
        (bool valid, uint256 x, uint256 y) = _inputPoint(inputs);
        return valid && _pairingHolds(proof, x, y);
    }

    /// @inheritdoc IVerifyingKey
    function verifyingKey() external pure returns (VerifyingKey memory key) {
        key.alpha = [ALPHA_X, ALPHA_Y];
        key.beta = [BETA_X_IM, BETA_X_RE, BETA_Y_IM, BETA_Y_RE];
        key.gamma = [GAMMA_X_IM, GAMMA_X_RE, GAMMA_Y_IM, GAMMA_Y_RE];
        key.delta = [DELTA_X_IM, DELTA_X_RE, DELTA_Y_IM, DELTA_Y_RE];
        key.ic = new uint256[2][](7);
        key.ic[0] = [IC_0_X, IC_0_Y];
        key.ic[1] = [IC_1_X, IC_1_Y];
        key.ic[2] = [IC_2_X, IC_2_Y];
        key.ic[3] = [IC_3_X, IC_3_Y];
        key.ic[4] = [IC_4_X, IC_4_Y];
        key.ic[5] = [IC_5_X, IC_5_Y];
        key.ic[6] = [IC_6_X, IC_6_Y];
    }

    /// @dev `ic[0] + sum of inputs[k] * ic[k + 1]`.
    function _inputPoint(uint256[6] calldata inputs)
        private
        view
        returns (bool valid, uint256 x, uint256 y)
    {
        // The sum, and room behind it for the term to add: together the input of EC_ADD.
        uint256[4] memory sum;
        (sum[0], sum[1]) = (IC_0_X, IC_0_Y);
        valid = true;
        valid = _addScaled(sum, IC_1_X, IC_1_Y, inputs[0]) && valid;
        valid = _addScaled(sum, IC_2_X, IC_2_Y, inputs[1]) && valid;
        valid = _addScaled(sum, IC_3_X, IC_3_Y, inputs[2]) && valid;
        valid = _addScaled(sum, IC_4_X, IC_4_Y, inputs[3]) && valid;
        valid = _addScaled(sum, IC_5_X, IC_5_Y, inputs[4]) && valid;
        valid = _addScaled(sum, IC_6_X, IC_6_Y, inputs[5]) && valid;
        return (valid, sum[0], sum[1]);
    }

    /// @dev `sum += scalar * (x, y)`; false if a precompile fails.
    function _addScaled(uint256[4] memory sum, uint256 x, uint256 y, uint256 scalar)
        private
        view
        returns (bool valid)
    {
        assembly ("memory-safe") {
            let factors := mload(0x40)
            mstore(factors, x)
            mstore(add(factors, 0x20), y)
            mstore(add(factors, 0x40), scalar)
            valid := staticcall(gas(), EC_MUL, factors, 0x60, add(sum, 0x40), 0x40)
            if valid { valid := staticcall(gas(), EC_ADD, sum, 0x80, sum, 0x40) }
        }
    }

    /// @dev `e(-a, b) * e(alpha, beta) * e((x, y), gamma) * e(c, delta) == 1`.
    function _pairingHolds(uint256[8] calldata proof, uint256 x, uint256 y)
        private
        view
        returns (bool)
    {
        uint256[24] memory pairs = [
            proof[0],
            // The point at infinity is (0, 0), and its own negative.
            (Bn254.BASE_FIELD - proof[1]) % Bn254.BASE_FIELD,
            proof[2],
            proof[3],
            proof[4],
            proof[5],
            ALPHA_X,
            ALPHA_Y,
            BETA_X_IM,
            BETA_X_RE,
            BETA_Y_IM,
            BETA_Y_RE,
            x,
            y,
            GAMMA_X_IM,
            GAMMA_X_RE,
            GAMMA_Y_IM,
            GAMMA_Y_RE,
            proof[6],
            proof[7],
            DELTA_X_IM,
            DELTA_X_RE,
            DELTA_Y_IM,
            DELTA_Y_RE
        ];
        bool valid;
        assembly ("memory-safe") {
            // The answer goes where the first word of the input was.
            valid := staticcall(gas(), EC_PAIRING, pairs, 0x300, pairs, 0x20)
        }
        return valid && pairs[0] == 1;
    }
}
