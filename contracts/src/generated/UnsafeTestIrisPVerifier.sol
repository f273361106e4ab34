// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from templates/Groth16Verifier.sol.j2 and the verifying key. Do not edit.
pragma solidity 0.8.30;

import {IEncodingVerifier} from "../interfaces/IEncodingVerifier.sol";
import {IVerifyingKey, VerifyingKey} from "../interfaces/IVerifyingKey.sol";
import {Bn254} from "../libraries/Bn254.sol";

/// @title UNSAFE for production: Groth16 verifier with a test key (see `IEncodingVerifier`)
/// @notice Anybody can prove anything to this contract: the secrets behind its key are published.
/// For development chains only.
contract UnsafeTestIrisPVerifier is IEncodingVerifier {
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
        0x2a3e29aed8fa0c9a576aafc4a4088ffc14abd75b60dede9637e5aee7156a0e3e;
    uint256 private constant IC_0_Y =
        0x21f0057d4187d886265769a09d9bd86b5e05d4f507e5441adc8b62d734cce2ca;
    uint256 private constant IC_1_X =
        0x20caf9fa5ff5016c9ac07f19947e5e25fccfd40b47f2599c425a2e02736f0e4f;
    uint256 private constant IC_1_Y =
        0x2a62d16b6dcff737d5ae6d89f125b51aa8d29360ed4324f2b2a423c59477d325;
    uint256 private constant IC_2_X =
        0x1f1fa8da596a9aa2cb8cb41ed58c4e2083a5d523320c286edc0b6b14f89149ea;
    uint256 private constant IC_2_Y =
        0x0ef70ba9394a89d523d1ded8278f5eda77bcac356ecb8550cc35f8b178a76e94;
    uint256 private constant IC_3_X =
        0x1fe210b6f429f219b813e207e62be7cc60e0eec27cbfc08fb20c9dac8e896cb4;
    uint256 private constant IC_3_Y =
        0x1516f8faee470bf5944a19664105bb17da1501f673c18280599aa5251224e125;

    /// @dev Precompiles of EIP-196 and EIP-197.
    uint256 private constant EC_ADD = 0x06;
    uint256 private constant EC_MUL = 0x07;
    uint256 private constant EC_PAIRING = 0x08;

    /// @inheritdoc IEncodingVerifier
    /// @dev The field checks come first: `EC_MUL` takes an input beyond r, and gives the same
    /// point as for the input's residue.
    function verifyProof(uint256[8] calldata proof, uint256[3] calldata inputs)
        external
        view
        returns (bool)
    {
        for (uint256 i = 0; i < 8; ++i) {
            if (proof[i] >= Bn254.BASE_FIELD) return false;
        }
        for (uint256 i = 0; i < 3; ++i) {
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
        key.ic = new uint256[2][](4);
        key.ic[0] = [IC_0_X, IC_0_Y];
        key.ic[1] = [IC_1_X, IC_1_Y];
        key.ic[2] = [IC_2_X, IC_2_Y];
        key.ic[3] = [IC_3_X, IC_3_Y];
    }

    /// @dev `ic[0] + sum of inputs[k] * ic[k + 1]`.
    function _inputPoint(uint256[3] calldata inputs)
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
