// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";
import {AnnonaToken} from "../../src/AnnonaToken.sol";
import {Distributor} from "../../src/Distributor.sol";
import {MintedIncome} from "../../src/MintedIncome.sol";
import {Registry} from "../../src/Registry.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {BatchReference} from "../support/BatchReference.sol";
import {KnownKey} from "../support/KnownKey.sol";
import {StatementVerifier} from "../support/StatementVerifier.sol";

/// @title Everybody at once: sequencer, citizens, forgers, relays, timelock and pauser
/// @dev Keeps its own books from what it saw happen, never from the contracts' counters. Calls that
/// a contract refuses are part of the game; what matters is what goes through.
contract Handler is Test {
    /// @dev Few of everything, so that repeats and a full census are frequent.
    uint256 private constant MEMBERS = 7;
    uint256 private constant LEAVES = 40;
    uint256 private constant BATCH = 5;

    /// @dev The nullifier hashes of forged claims begin here. That of a true claim is the
    /// commitment, in every epoch: a member has one, and what matters here is only that.
    uint256 private constant FORGED = 1000;
    uint256 private constant FORGERS = 9;

    Registry public immutable registry;
    Distributor public immutable distributor;
    MintedIncome public immutable source;
    AnnonaToken public immutable token;
    KnownKey private immutable _key;
    address private immutable _sequencer;
    address private immutable _pauser;
    address private immutable _timelock;

    address public immutable recipient = makeAddr("recipient");
    address public immutable relay = makeAddr("relay");

    /// @dev Payments as events tell them, and how often one told of a nullifier hash or of a person
    /// that was paid before in the epoch.
    mapping(uint256 epoch => mapping(uint256 nullifier => uint256)) public timesPaid;
    mapping(uint256 epoch => mapping(uint256 person => uint256)) public timesPersonPaid;
    mapping(uint256 epoch => uint256) public claimsPaid;
    mapping(uint256 epoch => uint256) public moneyPaid;
    uint256 public nullifiersRepeated;
    uint256 public personsRepeated;
    /// @dev What recipients received, by their balances, less what events told.
    int256 public untold;
    /// @dev What each epoch set aside, returned and how often, by events and balances.
    mapping(uint256 epoch => uint256) public setAside;
    mapping(uint256 epoch => uint256) public returned;
    mapping(uint256 epoch => uint256) public closings;
    uint256 public gifts;

    /// @dev The registry's history as first seen.
    uint256[] public roots;
    uint256[] public sizes;
    /// @dev What was put at each index, 0 where it was revoked, and whose it is.
    uint256[] public commitments;
    uint256[] public persons;
    uint256 private _people;
    mapping(uint256 epoch => mapping(uint256 commitment => bool)) private _isMemberBefore;
    /// @dev The last root with a commitment that was revoked.
    mapping(uint256 commitment => uint256) private _lastRootWith;
    uint256 public revoked;
    uint256 public highestEpoch;
    mapping(uint256 epoch => uint256) public rootBefore;
    mapping(uint256 epoch => uint256) public membersBefore;

    mapping(bytes32 action => uint256) public done;

    constructor(
        Registry registry_,
        Distributor distributor_,
        MintedIncome source_,
        AnnonaToken token_,
        KnownKey key,
        address sequencer,
        address pauser,
        address timelock
    ) {
        registry = registry_;
        distributor = distributor_;
        source = source_;
        token = token_;
        _key = key;
        _sequencer = sequencer;
        _pauser = pauser;
        _timelock = timelock;
        roots.push(registry_.currentRoot());
        sizes.push(0);
        rootBefore[0] = roots[0];
    }

    function enrol(uint256 size) external {
        if (sizes[sizes.length - 1] >= MEMBERS || commitments.length >= LEAVES) return;
        appendLeaves(bound(size, 1, 2), _people);
        done["enrol"]++;
    }

    /// @dev The last member stays, so that there is somebody to pay.
    function revoke(uint256 which) external {
        if (sizes[sizes.length - 1] < 2) return;
        if (!revokeLeaf(which)) return;
        done["revoke"]++;
    }

    /// @dev A person with a new secret: the old commitment leaves, a new one joins.
    function recover(uint256 which) external {
        if (commitments.length == 0 || commitments.length >= LEAVES) return;
        which = bound(which, 0, commitments.length - 1);
        if (!revokeLeaf(which)) return;
        appendLeaves(1, persons[which]);
        done["recover"]++;
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
            for (uint256 i = 0; i < commitments.length; ++i) {
                _isMemberBefore[highestEpoch][commitments[i]] = true;
            }
        }
    }

    function open(uint256 epoch) external {
        epoch = nearEpoch(epoch);
        vm.recordLogs();
        try distributor.openEpoch(epoch) {
            keepBooks();
            done["open"]++;
        } catch {}
    }

    function claim(uint256 epoch, uint256 who, uint256 fee) external {
        epoch = nearEpoch(epoch);
        IDistributor.Claim memory one = someClaim(epoch, who, fee);
        uint256 before = received();
        vm.recordLogs();
        try distributor.claim(
            epoch, one.nullifierHash, one.recipient, one.feeRecipient, one.fee, one.proof
        ) {
            keepBooksSince(before);
            done["claim"]++;
            if (one.fee > 0) done["fee"]++;
        } catch (bytes memory reason) {
            note(reason);
        }
    }

    function claimBatch(uint256 epoch, uint256 random, uint256 size) external {
        epoch = nearEpoch(epoch);
        IDistributor.Claim[] memory claims = new IDistributor.Claim[](bound(size, 1, BATCH));
        for (uint256 i = 0; i < claims.length; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            claims[i] = someClaim(epoch, random, random >> 128);
        }
        uint256 before = received();
        vm.recordLogs();
        try distributor.claimBatch(epoch, claims) {
            keepBooksSince(before);
            done["batch"]++;
        } catch (bytes memory reason) {
            note(reason);
        }
    }

    function catchUp(uint256 random, uint256 size) external {
        IDistributor.EpochClaim[] memory claims =
            new IDistributor.EpochClaim[](bound(size, 1, BATCH));
        for (uint256 i = 0; i < claims.length; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            uint256 epoch = nearEpoch(random >> 64);
            claims[i] = IDistributor.EpochClaim(epoch, someClaim(epoch, random, random >> 128));
        }
        uint256 before = received();
        vm.recordLogs();
        try distributor.catchUp(claims) {
            keepBooksSince(before);
            done["catchUp"]++;
        } catch (bytes memory reason) {
            note(reason);
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

    function appendLeaves(uint256 size, uint256 firstPerson) private {
        uint256 start = commitments.length;
        uint256[] memory leaves = new uint256[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = start + i + 1;
            commitments.push(leaves[i]);
            persons.push(firstPerson + i);
        }
        if (firstPerson + size > _people) _people = firstPerson + size;
        uint256 postRoot = uint256(keccak256(abi.encode(start + size, roots.length))) >> 8;
        uint256[8] memory proof = proofOfAppend(roots[roots.length - 1], start, leaves, postRoot);
        vm.prank(_sequencer);
        registry.append(leaves, postRoot, 0, proof);
        roots.push(postRoot);
        sizes.push(sizes[sizes.length - 1] + size);
    }

    function revokeLeaf(uint256 which) private returns (bool) {
        which = bound(which, 0, commitments.length - 1);
        if (commitments[which] == 0) return false;
        IRegistry.Removal[] memory removals = new IRegistry.Removal[](1);
        removals[0] = IRegistry.Removal(which, commitments[which]);
        _lastRootWith[commitments[which]] = roots[roots.length - 1];
        commitments[which] = 0;
        revoked++;
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
        sizes.push(sizes[sizes.length - 1] - 1);
        return true;
    }

    /// @dev One claim in three is forged: the key's secrets are known. The others are of somebody
    /// who is or was a member, with a true proof: for the epoch's root if the commitment is in it,
    /// otherwise for the newest root that it is in.
    function someClaim(uint256 epoch, uint256 who, uint256 fee)
        private
        view
        returns (IDistributor.Claim memory one)
    {
        one.fee = fee % 4 == 0 ? bound(fee, 1, 12e18) : 0;
        one.recipient = recipient;
        one.feeRecipient = relay;
        uint256 root = rootBefore[epoch];
        if (who % 3 == 0 || commitments.length == 0) {
            one.nullifierHash = FORGED + who % FORGERS;
        } else {
            one.nullifierHash = 1 + who % commitments.length;
            if (!_isMemberBefore[epoch][one.nullifierHash]) root = rootWith(one.nullifierHash);
        }
        one.proof = _key.proofOf(
            [
                root,
                one.nullifierHash,
                distributor.signalHash(one.recipient, one.feeRecipient, one.fee),
                distributor.externalNullifier(epoch)
            ]
        );
    }

    function rootWith(uint256 commitment) private view returns (uint256) {
        uint256 last = _lastRootWith[commitment];
        return last == 0 ? roots[roots.length - 1] : last;
    }

    function received() private view returns (uint256) {
        return token.balanceOf(recipient) + token.balanceOf(relay);
    }

    function keepBooksSince(uint256 before) private {
        uint256 told = keepBooks();
        // forge-lint: disable-next-line(unsafe-typecast)
        untold += int256(received() - before) - int256(told); // Both are below the supply cap.
    }

    /// @dev Enters what the recorded events tell.
    function keepBooks() private returns (uint256 told) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(distributor)) continue;
            bytes32 kind = logs[i].topics[0];
            uint256 epoch = uint256(logs[i].topics[1]);
            if (kind == IDistributor.EpochOpened.selector) {
                (, uint256 members,, uint256 amount) =
                    abi.decode(logs[i].data, (uint256, uint256, uint256, uint256));
                setAside[epoch] += members * amount;
            }
            if (kind == IDistributor.ClaimSkipped.selector) done["skipped"]++;
            if (kind != IDistributor.Claimed.selector) continue;
            (uint256 paid,) = abi.decode(logs[i].data, (uint256, uint256));
            enter(epoch, uint256(logs[i].topics[2]), paid);
            told += paid;
        }
    }

    function enter(uint256 epoch, uint256 nullifierHash, uint256 paid) private {
        claimsPaid[epoch]++;
        moneyPaid[epoch] += paid;
        if (++timesPaid[epoch][nullifierHash] > 1) nullifiersRepeated++;
        if (!distributor.isSpent(epoch, nullifierHash)) nullifiersRepeated++;
        if (nullifierHash >= FORGED) return;
        if (++timesPersonPaid[epoch][persons[nullifierHash - 1]] > 1) personsRepeated++;
    }

    function note(bytes memory reason) private {
        bytes4 selector = selectorOf(reason);
        if (selector == IDistributor.Distributor_CensusExceeded.selector) done["census"]++;
        if (selector == IDistributor.Distributor_NullifierSpent.selector) done["spent"]++;
        if (selector == IDistributor.Distributor_InvalidProof.selector) done["false"]++;
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
