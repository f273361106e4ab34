// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IDistributor} from "../../src/interfaces/IDistributor.sol";

/// @title The last seen state of each epoch, and the forbidden transitions that were seen
/// @dev Epoch and window are computed here, from the block's time and the deployment's constants.
contract EpochStore {
    /// @notice The rows of the table in `README.md`, T1 to T12.
    enum Forbidden {
        OpenedToUnopened,
        ClosedToOpen,
        UnopenedToClosed,
        OpenedOutsideWindow,
        ClosedWithinWindow,
        RootChanged,
        CensusChanged,
        BudgetOrAmountChanged,
        ClaimedDecreased,
        ClaimedOutsideWindow,
        ClaimedAfterClosing,
        MovedWhilePaused
    }

    /// @dev Epochs before the current one that are compared. The actions open and claim no older
    /// one; of those, closing is watched by I5.
    uint256 private constant LOOK_BACK = 7;

    IDistributor private immutable _distributor;
    uint256 private immutable _genesis;
    uint256 private immutable _epochLength;
    uint256 private immutable _claimWindow;

    mapping(uint256 epoch => IDistributor.EpochState) private _seen;

    /// @notice Number of forbidden transitions that were seen.
    mapping(Forbidden transition => uint256) public timesSeen;

    constructor(
        IDistributor distributor,
        uint256 genesis,
        uint256 epochLength,
        uint256 claimWindow
    ) {
        _distributor = distributor;
        _genesis = genesis;
        _epochLength = epochLength;
        _claimWindow = claimWindow;
    }

    /// @notice Compares the epochs up to the next one with what was seen of them before.
    /// @param wasPaused True if payments were paused before and after the action.
    function observe(bool wasPaused) external {
        uint256 current = (block.timestamp - _genesis) / _epochLength;
        uint256 first = current > LOOK_BACK ? current - LOOK_BACK : 0;
        for (uint256 epoch = first; epoch <= current + 1; ++epoch) {
            IDistributor.EpochState memory before = _seen[epoch];
            IDistributor.EpochState memory present = _distributor.epochState(epoch);
            bool isInWindow = epoch <= current && current - epoch < _claimWindow;
            checkPhase(before, present, isInWindow);
            checkFields(before, present);
            checkClaims(before, present, isInWindow, wasPaused);
            _seen[epoch] = present;
        }
    }

    function checkPhase(
        IDistributor.EpochState memory before,
        IDistributor.EpochState memory present,
        bool isInWindow
    ) private {
        note(before.opened && !present.opened, Forbidden.OpenedToUnopened);
        note(before.closed && !present.closed, Forbidden.ClosedToOpen);
        note(!before.opened && present.closed, Forbidden.UnopenedToClosed);
        note(!before.opened && present.opened && !isInWindow, Forbidden.OpenedOutsideWindow);
        note(!before.closed && present.closed && isInWindow, Forbidden.ClosedWithinWindow);
    }

    function checkFields(
        IDistributor.EpochState memory before,
        IDistributor.EpochState memory present
    ) private {
        if (!before.opened) return;
        note(before.root != present.root, Forbidden.RootChanged);
        note(before.memberCount != present.memberCount, Forbidden.CensusChanged);
        note(
            before.budget != present.budget || before.amount != present.amount,
            Forbidden.BudgetOrAmountChanged
        );
    }

    function checkClaims(
        IDistributor.EpochState memory before,
        IDistributor.EpochState memory present,
        bool isInWindow,
        bool wasPaused
    ) private {
        bool isMore = present.claimed > before.claimed;
        note(present.claimed < before.claimed, Forbidden.ClaimedDecreased);
        note(isMore && !isInWindow, Forbidden.ClaimedOutsideWindow);
        note(isMore && before.closed, Forbidden.ClaimedAfterClosing);
        bool isOpening = present.opened && !before.opened;
        note(wasPaused && (isMore || isOpening), Forbidden.MovedWhilePaused);
    }

    function note(bool isSeen, Forbidden transition) private {
        if (isSeen) ++timesSeen[transition];
    }
}
