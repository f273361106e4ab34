// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from templates/Groth16Verifier.sol.j2 and the verifying key. Do not edit.
pragma solidity 0.8.30;

import {ISemaphoreVerifier} from "../interfaces/ISemaphoreVerifier.sol";
import {IVerifyingKey, VerifyingKey} from "../interfaces/IVerifyingKey.sol";
import {Bn254} from "../libraries/Bn254.sol";

/// @title Groth16 verifier with a fixed key (see `ISemaphoreVerifier`)
contract SemaphoreVerifier is ISemaphoreVerifier {
    uint256 private constant ALPHA_X =
        0x2d4d9aa7e302d9df41749d5507949d05dbea33fbb16c643b22f599a2be6df2e2;
    uint256 private constant ALPHA_Y =
        0x14bedd503c37ceb061d8ec60209fe345ce89830a19230301f076caff004d1926;
    uint256 private constant BETA_X_IM =
        0x0967032fcbf776d1afc985f88877f182d38480a653f2decaa9794cbc3bf3060c;
    uint256 private constant BETA_X_RE =
        0x0e187847ad4c798374d0d6732bf501847dd68bc0e071241e0213bc7fc13db7ab;
    uint256 private constant BETA_Y_IM =
        0x304cfbd1e08a704a99f5e847d93f8c3caafddec46b7a0d379da69a4d112346a7;
    uint256 private constant BETA_Y_RE =
        0x1739c1b1a457a8c7313123d24d2f9192f896b7c63eea05a9d57f06547ad0cec8;
    uint256 private constant GAMMA_X_IM =
        0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
    uint256 private constant GAMMA_X_RE =
        0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
    uint256 private constant GAMMA_Y_IM =
        0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b;
    uint256 private constant GAMMA_Y_RE =
        0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa;
    uint256 private constant DELTA_X_IM =
        0x168e4fddac50a40d5bcff39c7fa9207cd368444c0c01a86690a6645b52f3aa1f;
    uint256 private constant DELTA_X_RE =
        0x2139a256456825daa623957c4f2ea1a0d26f135769e450759142a7159b0a4476;
    uint256 private constant DELTA_Y_IM =
        0x28deba4ed0a3b79dbc6a7dac67c07051f421904de49dcd7ae91aaf1223bc6d63;
    uint256 private constant DELTA_Y_RE =
        0x1c3976c9a490dad50e601586279bb60f12416a8cc141710167fcdc0dc931bffd;
    uint256 private constant IC_0_X =
        0x0335f514c2acb9b255aae85514122267cd7d16e374c6231a2c34417d34491254;
    uint256 private constant IC_0_Y =
        0x07fa1580c1cc3ed4f6d660c6f60f86afedd8a12fb90b2e8ed4f7e310c88b97f7;
    uint256 private constant IC_1_X =
        0x20b781dd0db3b7980a4b3814128c86e597e1442d0fc9eb7f932a5229494d6b79;
    uint256 private constant IC_1_Y =
        0x17d1cef436eb2f665670c7b34854e62c227043a7b111a539c0295518bbab3ca9;
    uint256 private constant IC_2_X =
        0x260945445b4205f874ab7e203a18240e51c9d3c896ea300d40132b1c2f50299a;
    uint256 private constant IC_2_Y =
        0x11087a8b76b0f957e1c482c909302916795f811a06866059e403689c01c903fb;
    uint256 private constant IC_3_X =
        0x11d20fd81c0e5cf48ba1469ccb8ac99dcdc7cf746a6e70762a939d63dcc52dbf;
    uint256 private constant IC_3_Y =
        0x2d447c5f134eff527d7bcaace88b3842c42b800d8dc049e0a6e72f5efc14293d;
    uint256 private constant IC_4_X =
        0x107cd54a1606a6a873bed4c1b76af48975e66dcf6c127b4c799ad4fdd230b87c;
    uint256 private constant IC_4_Y =
        0x1a51b81f6c07725ebcc56ebb1c482b99340eaa9bcb86cc09aed6f58a28e530b6;

    /// @dev Precompiles of EIP-196 and EIP-197.
    uint256 private constant EC_ADD = 0x06;
    uint256 private constant EC_MUL = 0x07;
    uint256 private constant EC_PAIRING = 0x08;

    /// @inheritdoc ISemaphoreVerifier
    /// @dev The field checks come first: `EC_MUL` takes an input beyond r, and gives the same
    /// point as for the input's residue.
    function verifyProof(uint256[8] calldata proof, uint256[4] calldata inputs)
        external
        view
        returns (bool)
    {
        for (uint256 i = 0; i < 8; ++i) {
            if (proof[i] >= Bn254.BASE_FIELD) return false;
        }
        for (uint256 i = 0; i < 4; ++i) {
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
        key.ic = new uint256[2][](5);
        key.ic[0] = [IC_0_X, IC_0_Y];
        key.ic[1] = [IC_1_X, IC_1_Y];
        key.ic[2] = [IC_2_X, IC_2_Y];
        key.ic[3] = [IC_3_X, IC_3_Y];
        key.ic[4] = [IC_4_X, IC_4_Y];
    }

    /// @dev `ic[0] + sum of inputs[k] * ic[k + 1]`.
    function _inputPoint(uint256[4] calldata inputs)
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
