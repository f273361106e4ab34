// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {AnnonaToken} from "../../src/AnnonaToken.sol";
import {Distributor} from "../../src/Distributor.sol";
import {Registry} from "../../src/Registry.sol";
import {IAppendVerifier} from "../../src/interfaces/IAppendVerifier.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {IIncomeSource} from "../../src/interfaces/IIncomeSource.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {IRevokeVerifier} from "../../src/interfaces/IRevokeVerifier.sol";
import {IVerifyingKey} from "../../src/interfaces/IVerifyingKey.sol";
import {StubVerifyingKey} from "../support/StubVerifyingKey.sol";

/// @title The part of Halmos's cheat codes that is used here
interface SymbolicVm {
    function createCalldata(string calldata contractName) external returns (bytes memory);
    function createUint256(string calldata name) external returns (uint256);
    function createAddress(string calldata name) external returns (address);
}

/// @title Accepts every registry batch
contract AcceptingVerifier is IAppendVerifier, IRevokeVerifier, StubVerifyingKey {
    constructor(uint256 inputCount) StubVerifyingKey(inputCount) {}

    function verifyProof(uint256[8] calldata, uint256[6] calldata) external pure returns (bool) {
        return true;
    }

    function verifyProof(uint256[8] calldata, uint256[5] calldata) external pure returns (bool) {
        return true;
    }
}

/// @title Grants any budget, of the tokens that it holds
contract AnyIncome is IIncomeSource {
    SymbolicVm private immutable _svm;
    IERC20 private immutable _token;

    constructor(SymbolicVm svm, IERC20 token_) {
        _svm = svm;
        _token = token_;
    }

    function fund(uint256, uint256) external returns (uint256 budget) {
        budget = _svm.createUint256("budget");
        require(_token.transfer(msg.sender, budget), "a plain token transfers");
    }

    function token() external view returns (address) {
        return address(_token);
    }

    /// @dev Whoever asks.
    function distributor() external view returns (address) {
        return msg.sender;
    }
}

/// @title The real registry, token, timelock and distributor, for Halmos
/// @dev Stand-ins: registry batches are all accepted, and the income source grants any amount. The
/// precompiles of claim proofs are functions without a definition: a pairing has any answer.
abstract contract SymbolicDeployment is Test {
    SymbolicVm internal constant svm =
        SymbolicVm(address(uint160(uint256(keccak256("svm cheat code")))));

    uint256 internal constant GENESIS = 1_800_000_000;
    uint256 internal constant EPOCH_LENGTH = 1 days;
    uint256 internal constant DELAY = EPOCH_LENGTH + 1;
    uint256 internal constant CLAIM_WINDOW = 4;
    uint256 internal constant MEMBERS = 2;
    address internal constant SEQUENCER = address(0x5e9);
    address internal constant PAUSER = address(0x9a5);
    address internal constant PROPOSER = address(0x990);

    TimelockController internal timelock;
    AnnonaToken internal token;
    AnyIncome internal source;
    Registry internal registry;
    Distributor internal distributor;

    /// @dev Two members at the start of epoch 1, and no epoch opened.
    function deploy() internal {
        vm.warp(GENESIS);
        address[] memory proposers = new address[](1);
        proposers[0] = PROPOSER;
        timelock = new TimelockController(DELAY, proposers, proposers, address(0));
        token = new AnnonaToken(type(uint256).max, address(this));
        source = new AnyIncome(svm, token);
        token.mint(address(source), type(uint128).max);
        AcceptingVerifier append = new AcceptingVerifier(6);
        AcceptingVerifier revoke = new AcceptingVerifier(5);
        registry = new Registry(
            timelock,
            SEQUENCER,
            GENESIS,
            EPOCH_LENGTH,
            100,
            [IAppendVerifier(append), append, append],
            [IRevokeVerifier(revoke), revoke]
        );
        distributor = new Distributor(
            registry,
            IVerifyingKey(address(new AcceptingVerifier(4))),
            source,
            token,
            CLAIM_WINDOW,
            type(uint128).max,
            timelock,
            PAUSER
        );
        uint256[] memory leaves = new uint256[](MEMBERS);
        (leaves[0], leaves[1]) = (1, 2);
        uint256[8] memory proof;
        vm.prank(SEQUENCER);
        registry.append(leaves, 77, 0, proof);
        vm.warp(GENESIS + EPOCH_LENGTH);
    }

    /// @dev Any time at which no epoch's number overflows.
    function anyTime() internal {
        uint256 time = svm.createUint256("time");
        vm.assume(time >= GENESIS && time < GENESIS + 2 ** 40);
        vm.warp(time);
    }

    function isSame(IDistributor.EpochState memory a, IDistributor.EpochState memory b)
        internal
        pure
        returns (bool)
    {
        return a.root == b.root && a.memberCount == b.memberCount && a.budget == b.budget
            && a.amount == b.amount;
    }
}
