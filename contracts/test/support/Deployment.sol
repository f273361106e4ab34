// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {AnnonaToken} from "../../src/AnnonaToken.sol";
import {Distributor} from "../../src/Distributor.sol";
import {MintedIncome} from "../../src/MintedIncome.sol";
import {Registry} from "../../src/Registry.sol";
import {IAppendVerifier} from "../../src/interfaces/IAppendVerifier.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {IIncomeSource} from "../../src/interfaces/IIncomeSource.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {IRevokeVerifier} from "../../src/interfaces/IRevokeVerifier.sol";
import {IVerifyingKey} from "../../src/interfaces/IVerifyingKey.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {BatchReference} from "./BatchReference.sol";
import {KnownKey} from "./KnownKey.sol";
import {StatementVerifier} from "./StatementVerifier.sol";

/// @title All contracts, wired as a deployment wires them, at the start of epoch 0
abstract contract Deployment is Test {
    uint256 internal constant R = Bn254.SCALAR_FIELD;
    uint256 internal constant EMPTY_ROOT =
        0x0918d46bf52d98b034413f4a1a1c41594e7a7a3f6ae08cb43d1a2a230e1959ef;
    uint256 internal constant GENESIS = 1_800_000_000;
    uint256 internal constant EPOCH_LENGTH = 1 days;
    uint256 internal constant CLAIM_WINDOW = 4;
    uint256 internal constant PER_PERSON = 10e18;
    uint256 internal constant PER_PERSON_CAP = 25e18;
    uint256 internal constant SUPPLY_CAP = 1_000_000e18;
    uint256 internal constant ENROLMENT_CAP = 2000;

    /// @dev The digest of every made-up batch.
    uint256 internal constant DIGEST = 4321;

    /// @dev Fixed, because real proofs are bound to it.
    address internal constant DISTRIBUTOR = 0x000000000000000000000000000000000a220a01;

    address internal immutable sequencer = makeAddr("sequencer");
    address internal immutable pauser = makeAddr("pauser");
    address internal immutable stranger = makeAddr("stranger");

    TimelockController internal timelock;
    AnnonaToken internal token;
    MintedIncome internal source;
    Registry internal registry;
    Distributor internal distributor;
    KnownKey internal key;

    /// @dev With a key under which `proofFor` can prove anything.
    function deployKnown() internal {
        key = new KnownKey();
        deploy(key);
    }

    function deploy(IVerifyingKey verifier) internal {
        vm.chainId(31337);
        vm.warp(GENESIS);
        timelock = new TimelockController(
            EPOCH_LENGTH + 1, new address[](0), new address[](0), address(0)
        );
        address minter = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        token = new AnnonaToken(SUPPLY_CAP, minter);
        source = new MintedIncome(token, DISTRIBUTOR, address(timelock), PER_PERSON);
        registry = newRegistry(timelock);
        deployDistributor(verifier, source, token);
    }

    function deployDistributor(IVerifyingKey verifier, IIncomeSource source_, IERC20 token_)
        internal
    {
        deployCodeTo(
            "Distributor.sol:Distributor",
            abi.encode(
                registry,
                verifier,
                source_,
                token_,
                CLAIM_WINDOW,
                PER_PERSON_CAP,
                address(timelock),
                pauser
            ),
            DISTRIBUTOR
        );
        distributor = Distributor(DISTRIBUTOR);
    }

    /// @dev A proof under the known key, for the root that the registry keeps of `epoch`.
    function proofFor(
        uint256 epoch,
        uint256 nullifierHash,
        address recipient,
        address feeRecipient,
        uint256 fee
    ) internal view returns (uint256[8] memory) {
        (uint256 root,) = registry.checkpointBefore(epoch);
        uint256 signal = distributor.signalHash(recipient, feeRecipient, fee);
        return key.proofOf([root, nullifierHash, signal, distributor.externalNullifier(epoch)]);
    }

    /// @dev A claim without a fee, under the known key.
    function claimFor(uint256 epoch, uint256 nullifierHash, address recipient)
        internal
        view
        returns (IDistributor.Claim memory)
    {
        return claimFor(epoch, nullifierHash, recipient, address(0), 0);
    }

    function claimFor(
        uint256 epoch,
        uint256 nullifierHash,
        address recipient,
        address feeRecipient,
        uint256 fee
    ) internal view returns (IDistributor.Claim memory) {
        return IDistributor.Claim({
            nullifierHash: nullifierHash,
            recipient: recipient,
            feeRecipient: feeRecipient,
            fee: fee,
            proof: proofFor(epoch, nullifierHash, recipient, feeRecipient, fee)
        });
    }

    function warpToEpoch(uint256 epoch) internal {
        vm.warp(GENESIS + epoch * EPOCH_LENGTH);
    }

    /// @dev A registry whose verifiers take `StatementVerifier.proofOf` for a proof.
    function newRegistry(TimelockController admin) internal returns (Registry) {
        return new Registry(
            admin,
            sequencer,
            GENESIS,
            EPOCH_LENGTH,
            ENROLMENT_CAP,
            [IAppendVerifier(standIn(6)), standIn(6), standIn(6)],
            [IRevokeVerifier(standIn(5)), standIn(5)]
        );
    }

    function standIn(uint256 inputCount) private returns (StatementVerifier) {
        return new StatementVerifier(inputCount);
    }

    /// @dev Appends `size` made-up leaves; the root is a label, as no contract hashes the tree.
    function enrol(uint256 size) internal {
        uint256 start = registry.nextIndex();
        uint256[] memory leaves = new uint256[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = start + i + 1;
        }
        append(leaves, labelRoot(start + size));
    }

    /// @dev The sequencer appends `leaves`, with what the stand-in takes for a proof.
    function append(uint256[] memory leaves, uint256 postRoot) internal {
        uint256[8] memory proof =
            proofOfAppend(registry.currentRoot(), registry.nextIndex(), leaves, postRoot);
        vm.prank(sequencer);
        registry.append(leaves, postRoot, DIGEST, proof);
    }

    /// @dev The sequencer revokes, as `append`.
    function revoke(IRegistry.Removal[] memory removals, uint256 postRoot) internal {
        uint256[8] memory proof = proofOfRevoke(registry.currentRoot(), removals, postRoot);
        vm.prank(sequencer);
        registry.revoke(removals, postRoot, DIGEST, proof);
    }

    function proofOfAppend(
        uint256 preRoot,
        uint256 startIndex,
        uint256[] memory leaves,
        uint256 postRoot
    ) internal view returns (uint256[8] memory) {
        return StatementVerifier(address(registry.appendVerifier(leaves.length)))
            .proofOf(
                abi.encode(
                    BatchReference.appendInputs(
                        address(registry), preRoot, postRoot, startIndex, DIGEST, leaves
                    )
                )
            );
    }

    function proofOfRevoke(uint256 preRoot, IRegistry.Removal[] memory removals, uint256 postRoot)
        internal
        view
        returns (uint256[8] memory)
    {
        return StatementVerifier(address(registry.revokeVerifier(removals.length)))
            .proofOf(
                abi.encode(
                    BatchReference.revokeInputs(
                        address(registry), preRoot, postRoot, DIGEST, removals
                    )
                )
            );
    }

    /// @dev The made-up root of a tree with `members` leaves.
    function labelRoot(uint256 members) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("root", members))) >> 8;
    }
}
