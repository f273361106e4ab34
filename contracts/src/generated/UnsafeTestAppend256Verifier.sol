// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from templates/Groth16Verifier.sol.j2 and the verifying key. Do not edit.
pragma solidity 0.8.30;

import {IAppendVerifier} from "../interfaces/IAppendVerifier.sol";
import {IVerifyingKey, VerifyingKey} from "../interfaces/IVerifyingKey.sol";
import {Bn254} from "../libraries/Bn254.sol";

/// @title UNSAFE for production: Groth16 verifier with a test key (see `IAppendVerifier`)
/// @notice Anybody can prove anything to this contract: the secrets behind its key are published.
/// For development chains only.
contract UnsafeTestAppend256Verifier is IAppendVerifier {
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
        0x07fff5aa67947047a94aa032e5f35a8d00d3f7b812ed08a487bd9f86daefd328;
    uint256 private constant IC_0_Y =
        0x20312eb293b39139e63401143b3370c95e718e1c97985c51a861d39ce719d34b;
    uint256 private constant IC_1_X =
        0x1b5ca04c49b1f89f0a57974432c9bed86b96c03acf30c5f630b2bcba5fcf2608;
    uint256 private constant IC_1_Y =
        0x295a192a4d04dbe124a28392666e9ad9d3253a1b7afab02d41023215485af370;
    uint256 private constant IC_2_X =
        0x22d7023c6d992619ef242daebc4ec77c29a8e755e9ee8e6e9e5e68e77fcd7b49;
    uint256 private constant IC_2_Y =
        0x2660ae95a84afdc598e216fe4cd5cf38daeaf49861569ead88894ac7d7833383;
    uint256 private constant IC_3_X =
        0x28c10fad0d7e28cbc6c36761d8fd05ef72b67608a94ac14959a99d28c380deef;
    uint256 private constant IC_3_Y =
        0x12c528b8ab1e5f08fd80822eda71e40586ada470ffa64d664e321d08c9fd19ba;
    uint256 private constant IC_4_X =
        0x161367f05bfeefef497dd0c21b7bbea54a8efb86ef1abefd398e1d732d0b32ff;
    uint256 private constant IC_4_Y =
        0x0d0eb37dc1e0f7525c8bb876bb56e1daf83b629603f84dd5293cb88a8411261f;
    uint256 private constant IC_5_X =
        0x2c411f52491e225a33f2b0c60960dcbfefa779e4f719fd7ca4014822d66676ea;
    uint256 private constant IC_5_Y =
        0x20068f0906c1063082a932752c663fc2c6373ab175988e7cbdd7e903ef64d6db;
    uint256 private constant IC_6_X =
        0x124e76dfc36afd2827616e914c7ecdb642229d7a813dc5fce7a94bf4f1ec22db;
    uint256 private constant IC_6_Y =
        0x197d4839f9ad8775f30c5bbc55fe53ccd0b2aa1e3ca78d9b0ad8ff638a019858;

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
