// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";
import {AnnonaToken} from "../../src/AnnonaToken.sol";
import {Distributor} from "../../src/Distributor.sol";
import {MintedIncome} from "../../src/MintedIncome.sol";
import {Registry} from "../../src/Registry.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {BatchReference} from "../support/BatchReference.sol";
import {StatementVerifier} from "../support/StatementVerifier.sol";

/// @title Everybody at once: sequencer, citizens, forgers, relays, timelock and pauser
/// @dev Keeps its own books from what it saw happen, never from the contracts' counters. Calls that
/// a contract refuses are part of the game; what matters is what goes through.
contract Handler is Test {
    /// @dev Few nullifiers and few epochs, so that repeats and a full census are frequent.
    uint256 private constant NULLIFIERS = 12;
    uint256 private constant MEMBERS = 7;

    Registry public immutable registry;
    Distributor public immutable distributor;
    MintedIncome public immutable source;
    AnnonaToken public immutable token;
    address private immutable _sequencer;
    address private immutable _pauser;
    address private immutable _timelock;

    address public immutable recipient = makeAddr("recipient");
    address public immutable relay = makeAddr("relay");

    /// @dev The claims that went through.
    mapping(uint256 epoch => mapping(uint256 nullifier => uint256)) public timesPaid;
    mapping(uint256 epoch => uint256) public claimsPaid;
    mapping(uint256 epoch => uint256) public moneyPaid;
    /// @dev What came into the distributor at the opening less what went back at once.
    mapping(uint256 epoch => uint256) public setAside;
    mapping(uint256 epoch => uint256) public returned;
    mapping(uint256 epoch => uint256) public closings;
    uint256 public gifts;

    /// @dev The registry's history as first seen.
    uint256[] public roots;
    uint256[] public sizes;
    /// @dev What was put at each index; 0 where it was revoked.
    uint256[] public commitments;
    uint256 public highestEpoch;
    mapping(uint256 epoch => uint256) public rootBefore;
    mapping(uint256 epoch => uint256) public membersBefore;

    mapping(bytes32 action => uint256) public done;

    constructor(
        Registry registry_,
        Distributor distributor_,
        MintedIncome source_,
        AnnonaToken token_,
        address sequencer,
        address pauser,
        address timelock
    ) {
        registry = registry_;
        distributor = distributor_;
        source = source_;
        token = token_;
        _sequencer = sequencer;
        _pauser = pauser;
        _timelock = timelock;
        roots.push(registry_.currentRoot());
        sizes.push(0);
        rootBefore[0] = roots[0];
    }

    function enrol(uint256 size) external {
        uint256 start = commitments.length;
        if (start >= MEMBERS) return;
        size = bound(size, 1, 2);
        uint256[] memory leaves = new uint256[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = start + i + 1;
            commitments.push(leaves[i]);
        }
        uint256 postRoot = uint256(keccak256(abi.encode(start + size, roots.length))) >> 8;
        uint256[8] memory proof = proofOfAppend(roots[roots.length - 1], start, leaves, postRoot);
        vm.prank(_sequencer);
        registry.append(leaves, postRoot, 0, proof);
        roots.push(postRoot);
        sizes.push(sizes[sizes.length - 1] + size);
        done["enrol"]++;
    }

    /// @dev The last member stays, so that there is somebody to pay.
    function revoke(uint256 which) external {
        uint256 members = sizes[sizes.length - 1];
        if (members < 2) return;
        which = bound(which, 0, commitments.length - 1);
        if (commitments[which] == 0) return;
        IRegistry.Removal[] memory removals = new IRegistry.Removal[](1);
        removals[0] = IRegistry.Removal(which, commitments[which]);
        commitments[which] = 0;
        uint256 postRoot = uint256(keccak256(abi.encode(which, roots.length))) >> 8;
        uint256[8] memory proof = proofOf(
            address(registry.revokeVerifier(1)),
            abi.encode(
                BatchReference.revokeInputs(
                    address(registry), roots[roots.length - 1], postRoot, 0, removals
                )
            )
        );
        vm.prank(_sequencer);
        registry.revoke(removals, postRoot, 0, proof);
        roots.push(postRoot);
        sizes.push(members - 1);
        done["revoke"]++;
    }

    /// @dev A batch that was proved for an older root or another index must not go through.
    function enrolStale(uint256 which, uint256 start) external {
        uint256[] memory leaves = new uint256[](1);
        leaves[0] = 1;
        which = bound(which, 0, roots.length - 1);
        start = bound(start, 0, MEMBERS);
        bool isTrue = which + 1 == roots.length && start == commitments.length;
        if (isTrue) return;
        uint256[8] memory proof = proofOfAppend(roots[which], start, leaves, 5);
        vm.prank(_sequencer);
        try registry.append(leaves, 5, 0, proof) {
            roots.push(5);
            sizes.push(sizes[sizes.length - 1] + 1);
        } catch {
            done["stale"]++;
        }
    }

    function waitSome(uint256 secondsLater) external {
        vm.warp(block.timestamp + bound(secondsLater, 1, registry.epochLength()));
        uint256 current = registry.currentEpoch();
        while (highestEpoch < current) {
            ++highestEpoch;
            rootBefore[highestEpoch] = roots[roots.length - 1];
            membersBefore[highestEpoch] = sizes[sizes.length - 1];
        }
    }

    function open(uint256 epoch) external {
        epoch = nearEpoch(epoch);
        uint256 before = token.balanceOf(address(distributor));
        try distributor.openEpoch(epoch) {
            setAside[epoch] += token.balanceOf(address(distributor)) - before;
            done["open"]++;
        } catch {}
    }

    /// @dev The verifier of the invariants accepts everything, so every claim is as good as a
    /// forged one.
    function claim(uint256 epoch, uint256 nullifier, uint256 fee) external {
        epoch = nearEpoch(epoch);
        nullifier = bound(nullifier, 1, NULLIFIERS);
        fee = fee % 4 == 0 ? bound(fee, 1, 12e18) : 0;
        bool wasOpened = distributor.epochState(epoch).opened;
        uint256 before = token.balanceOf(address(distributor));
        uint256 received = token.balanceOf(recipient) + token.balanceOf(relay);
        uint256[8] memory proof;
        try distributor.claim(epoch, nullifier, recipient, relay, fee, proof) {
            uint256 paid = token.balanceOf(recipient) + token.balanceOf(relay) - received;
            if (!wasOpened) {
                setAside[epoch] += token.balanceOf(address(distributor)) + paid - before;
            }
            timesPaid[epoch][nullifier]++;
            claimsPaid[epoch]++;
            moneyPaid[epoch] += paid;
            done["claim"]++;
            if (fee > 0) done["fee"]++;
        } catch (bytes memory reason) {
            if (selectorOf(reason) == IDistributor.Distributor_CensusExceeded.selector) {
                done["census"]++;
            }
            if (selectorOf(reason) == IDistributor.Distributor_NullifierSpent.selector) {
                done["spent"]++;
            }
        }
    }

    function close(uint256 epoch) external {
        epoch = bound(epoch, 0, registry.currentEpoch());
        uint256 before = token.balanceOf(address(source));
        try distributor.closeEpoch(epoch) {
            returned[epoch] += token.balanceOf(address(source)) - before;
            closings[epoch]++;
            done["close"]++;
        } catch {}
    }

    function changeIncome(uint256 perPerson) external {
        vm.prank(_timelock);
        source.setPerPerson(bound(perPerson, 0, 30e18));
    }

    function changeCap(uint256 cap) external {
        vm.prank(_timelock);
        distributor.setPerPersonCap(bound(cap, 1, 30e18));
    }

    /// @dev Pauses are short: the next call most likely ends one.
    function pauseOrUnpause(uint256 seed) external {
        vm.startPrank(_pauser);
        if (distributor.paused()) distributor.unpause();
        else if (seed % 4 == 0) distributor.pause();
        vm.stopPrank();
    }

    /// @dev Money that nobody asked for must not confuse the books.
    function give(uint256 amount) external {
        amount = bound(amount, 0, token.balanceOf(recipient));
        vm.prank(recipient);
        require(token.transfer(address(distributor), amount), "a plain token transfers");
        gifts += amount;
    }

    function appended() external view returns (uint256) {
        return commitments.length;
    }

    function proofOfAppend(
        uint256 preRoot,
        uint256 start,
        uint256[] memory leaves,
        uint256 postRoot
    ) private view returns (uint256[8] memory) {
        return proofOf(
            address(registry.appendVerifier(leaves.length)),
            abi.encode(
                BatchReference.appendInputs(address(registry), preRoot, postRoot, start, 0, leaves)
            )
        );
    }

    function proofOf(address verifier, bytes memory inputs)
        private
        view
        returns (uint256[8] memory)
    {
        return StatementVerifier(verifier).proofOf(inputs);
    }

    function selectorOf(bytes memory reason) private pure returns (bytes4) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return bytes4(reason); // The arguments behind the selector are meant to be cut off.
    }

    /// @dev Mostly the newest epochs, sometimes one in the future.
    function nearEpoch(uint256 seed) private view returns (uint256) {
        uint256 newest = registry.currentEpoch() + 1;
        return newest - bound(seed, 0, newest < 6 ? newest : 6);
    }
}
