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
import {EpochStore} from "./EpochStore.sol";
import {PaymentStore} from "./PaymentStore.sol";
import {RegistryStore} from "./RegistryStore.sol";

/// @title Everybody at once: sequencer, citizens, forgers, relays, timelock and pauser
/// @dev Tells the stores what it saw happen, never what the contracts' counters say. Calls that a
/// contract refuses are part of the game; what matters is what goes through.
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

    PaymentStore public immutable payments;
    RegistryStore public immutable history;
    EpochStore public immutable epochs;

    /// @dev Number of times that each action or refusal happened.
    mapping(bytes32 action => uint256) public done;

    /// @dev Batches that went through although they were proved for another state.
    uint256 public staleAppends;
    uint256 public staleRevocations;

    uint256 private _lastClosed;

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
        payments = new PaymentStore();
        history = new RegistryStore(registry_.currentRoot());
        epochs = new EpochStore(
            distributor_, registry_.genesis(), registry_.epochLength(), distributor_.claimWindow()
        );
    }

    /// @dev Has the epochs looked at after the action, whatever became of it.
    modifier observed() {
        bool wasPaused = distributor.paused();
        _;
        epochs.observe(wasPaused && distributor.paused());
    }

    function enrol(uint256 size) external observed {
        if (history.newestSize() >= MEMBERS || history.appended() >= LEAVES) return;
        appendLeaves(bound(size, 1, 2), history.people());
        done["enrol"]++;
    }

    /// @dev The last member stays, so that there is somebody to pay.
    function revoke(uint256 which) external observed {
        if (history.newestSize() < 2) return;
        if (!revokeLeaf(which)) return;
        done["revoke"]++;
    }

    /// @dev A person with a new secret: the old commitment leaves, a new one joins.
    function recover(uint256 which) external observed {
        uint256 end = history.appended();
        if (end == 0 || end >= LEAVES) return;
        which = bound(which, 0, end - 1);
        if (!revokeLeaf(which)) return;
        appendLeaves(1, history.persons(which));
        done["recover"]++;
    }

    /// @dev A batch that was proved for an older root or another index must not go through.
    function enrolStale(uint256 which, uint256 start) external observed {
        uint256[] memory leaves = new uint256[](1);
        leaves[0] = 1;
        uint256 last = history.batches();
        which = bound(which, 0, last);
        start = bound(start, 0, MEMBERS);
        bool isTrue = which == last && start == history.appended();
        if (isTrue) return;
        uint256[8] memory proof = proofOfAppend(history.roots(which), start, leaves, 5);
        vm.prank(_sequencer);
        try registry.append(leaves, 5, 0, proof) {
            staleAppends++;
        } catch {
            done["stale"]++;
        }
    }

    /// @dev As `enrolStale`: a revocation that was proved for an older root, or for another leaf.
    function revokeStale(uint256 which, uint256 leafIndex) external observed {
        uint256 end = history.appended();
        if (end == 0) return;
        uint256 last = history.batches();
        which = bound(which, 0, last);
        IRegistry.Removal[] memory removals = new IRegistry.Removal[](1);
        removals[0] = IRegistry.Removal(bound(leafIndex, 0, end - 1), 1);
        uint256[8] memory proof = proofOfRevoke(history.roots(which), removals, 5);
        // For the newest root, the commitment is another than the proof's.
        if (which == last) removals[0].commitment = 2;
        vm.prank(_sequencer);
        try registry.revoke(removals, 5, 0, proof) {
            staleRevocations++;
        } catch {
            done["staleRevoke"]++;
        }
    }

    function waitSome(uint256 secondsLater) external observed {
        vm.warp(block.timestamp + bound(secondsLater, 1, 2 * registry.epochLength()));
        history.enterEpochs(registry.currentEpoch());
    }

    function open(uint256 epoch) external observed {
        epoch = nearEpoch(epoch);
        vm.recordLogs();
        try distributor.openEpoch(epoch) {
            keepBooks();
            done["open"]++;
            IDistributor.EpochState memory state = distributor.epochState(epoch);
            if (state.budget % state.memberCount > 0) done["remainder"]++;
        } catch {}
    }

    function claim(uint256 epoch, uint256 who, uint256 fee) external observed {
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

    function claimBatch(uint256 epoch, uint256 random, uint256 size) external observed {
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

    function catchUp(uint256 random, uint256 size) external observed {
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

    /// @dev Every other time the epoch that was closed last, again.
    function close(uint256 seed) external observed {
        uint256 epoch = seed % 2 == 0 ? _lastClosed : bound(seed, 0, registry.currentEpoch());
        uint256 before = token.balanceOf(address(source));
        try distributor.closeEpoch(epoch) {
            payments.enterClosing(epoch, token.balanceOf(address(source)) - before);
            _lastClosed = epoch;
            done["close"]++;
        } catch (bytes memory reason) {
            note(reason);
        }
    }

    function changeIncome(uint256 perPerson) external observed {
        vm.prank(_timelock);
        source.setPerPerson(bound(perPerson, 0, 30e18));
    }

    function changeCap(uint256 cap) external observed {
        vm.prank(_timelock);
        distributor.setPerPersonCap(bound(cap, 1, 30e18));
    }

    /// @dev Pauses are short: the next call most likely ends one.
    function pauseOrUnpause(uint256 seed) external observed {
        vm.startPrank(_pauser);
        if (distributor.paused()) distributor.unpause();
        else if (seed % 4 == 0) distributor.pause();
        vm.stopPrank();
    }

    /// @dev Money that nobody asked for must not confuse the books.
    function give(uint256 amount) external observed {
        amount = bound(amount, 0, token.balanceOf(recipient));
        vm.prank(recipient);
        require(token.transfer(address(distributor), amount), "a plain token transfers");
        payments.enterGift(amount);
    }

    /// @dev Once the supply is all issued, only the treasury pays, and it does not hold a whole
    /// amount for each member: budgets have a remainder.
    function endow(uint256 amount) external observed {
        amount = bound(amount, 0, token.balanceOf(recipient));
        vm.prank(recipient);
        require(token.transfer(address(source), amount), "a plain token transfers");
    }

    function appendLeaves(uint256 size, uint256 firstPerson) private {
        uint256 start = history.appended();
        uint256[] memory leaves = new uint256[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = start + i + 1;
        }
        uint256 postRoot = uint256(keccak256(abi.encode(start + size, history.batches()))) >> 8;
        uint256[8] memory proof = proofOfAppend(history.newestRoot(), start, leaves, postRoot);
        vm.prank(_sequencer);
        registry.append(leaves, postRoot, 0, proof);
        history.enterAppend(leaves, firstPerson, postRoot);
    }

    function revokeLeaf(uint256 which) private returns (bool) {
        which = bound(which, 0, history.appended() - 1);
        uint256 commitment = history.commitments(which);
        if (commitment == 0) return false;
        IRegistry.Removal[] memory removals = new IRegistry.Removal[](1);
        removals[0] = IRegistry.Removal(which, commitment);
        uint256 postRoot = uint256(keccak256(abi.encode(which, history.batches()))) >> 8;
        uint256[8] memory proof = proofOfRevoke(history.newestRoot(), removals, postRoot);
        vm.prank(_sequencer);
        registry.revoke(removals, postRoot, 0, proof);
        history.enterRevocation(which, postRoot);
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
        uint256 root = history.rootBefore(epoch);
        uint256 end = history.appended();
        if (who % 3 == 0 || end == 0) {
            one.nullifierHash = FORGED + who % FORGERS;
        } else {
            one.nullifierHash = 1 + who % end;
            if (!history.isMemberBefore(epoch, one.nullifierHash)) {
                root = history.rootWith(one.nullifierHash);
            }
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

    function received() private view returns (uint256) {
        return token.balanceOf(recipient) + token.balanceOf(relay);
    }

    function keepBooksSince(uint256 before) private {
        uint256 told = keepBooks();
        // forge-lint: disable-next-line(unsafe-typecast)
        payments.enterUntold(int256(received() - before) - int256(told)); // Both are below the cap.
    }

    /// @dev Has the recorded events entered.
    function keepBooks() private returns (uint256 told) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 skippedBefore = payments.skipped();
        payments.enterOpenings(logs, address(distributor));
        if (payments.skipped() > skippedBefore) done["skipped"]++;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(distributor)) continue;
            if (logs[i].topics[0] != IDistributor.Claimed.selector) continue;
            (uint256 paid,) = abi.decode(logs[i].data, (uint256, uint256));
            enter(uint256(logs[i].topics[1]), uint256(logs[i].topics[2]), paid);
            told += paid;
        }
    }

    function enter(uint256 epoch, uint256 nullifierHash, uint256 paid) private {
        if (nullifierHash >= FORGED) {
            payments.enterPayment(epoch, nullifierHash, paid);
        } else {
            uint256 person = history.persons(nullifierHash - 1);
            payments.enterPaymentTo(person, epoch, nullifierHash, paid);
        }
    }

    function note(bytes memory reason) private {
        bytes4 selector = selectorOf(reason);
        if (selector == IDistributor.Distributor_CensusExceeded.selector) done["census"]++;
        if (selector == IDistributor.Distributor_NullifierSpent.selector) done["spent"]++;
        if (selector == IDistributor.Distributor_InvalidProof.selector) done["false"]++;
        if (selector == IDistributor.Distributor_EpochAlreadyClosed.selector) done["closed"]++;
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

    function proofOfRevoke(uint256 preRoot, IRegistry.Removal[] memory removals, uint256 postRoot)
        private
        view
        returns (uint256[8] memory)
    {
        return proofOf(
            address(registry.revokeVerifier(removals.length)),
            abi.encode(
                BatchReference.revokeInputs(address(registry), preRoot, postRoot, 0, removals)
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
