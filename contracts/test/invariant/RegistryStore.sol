// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title The membership tree's history as the batches that went through made it
contract RegistryStore {
    /// @dev Root and member count after each batch; the first is the empty tree's.
    uint256[] public roots;
    uint256[] public sizes;

    /// @dev Commitment at each leaf index, 0 where it was revoked, and the person it is of.
    uint256[] public commitments;
    uint256[] public persons;
    uint256 public people;
    uint256 public revoked;

    /// @dev The state when each epoch began.
    uint256 public highestEpoch;
    mapping(uint256 epoch => uint256) public rootBefore;
    mapping(uint256 epoch => uint256) public membersBefore;
    mapping(uint256 epoch => mapping(uint256 commitment => bool)) public isMemberBefore;

    /// @dev The last root with a commitment that was revoked.
    mapping(uint256 commitment => uint256) private _lastRootWith;

    constructor(uint256 emptyRoot) {
        roots.push(emptyRoot);
        sizes.push(0);
        rootBefore[0] = emptyRoot;
    }

    /// @notice Enters a batch of commitments of persons with successive numbers.
    function enterAppend(uint256[] calldata leaves, uint256 firstPerson, uint256 postRoot)
        external
    {
        for (uint256 i = 0; i < leaves.length; ++i) {
            commitments.push(leaves[i]);
            persons.push(firstPerson + i);
        }
        if (firstPerson + leaves.length > people) people = firstPerson + leaves.length;
        enterRoot(postRoot, newestSize() + leaves.length);
    }

    function enterRevocation(uint256 leafIndex, uint256 postRoot) external {
        _lastRootWith[commitments[leafIndex]] = newestRoot();
        commitments[leafIndex] = 0;
        ++revoked;
        enterRoot(postRoot, newestSize() - 1);
    }

    /// @notice Enters a batch by its root and its member count alone.
    function enterRoot(uint256 root, uint256 size) public {
        roots.push(root);
        sizes.push(size);
    }

    /// @notice Fixes the checkpoints of the epochs up to `current`, which have begun.
    function enterEpochs(uint256 current) external {
        while (highestEpoch < current) {
            ++highestEpoch;
            rootBefore[highestEpoch] = newestRoot();
            membersBefore[highestEpoch] = newestSize();
            for (uint256 i = 0; i < commitments.length; ++i) {
                isMemberBefore[highestEpoch][commitments[i]] = true;
            }
        }
    }

    /// @notice The newest root that has `commitment`.
    function rootWith(uint256 commitment) external view returns (uint256) {
        uint256 last = _lastRootWith[commitment];
        return last == 0 ? newestRoot() : last;
    }

    /// @notice The number of leaves that were ever appended.
    function appended() external view returns (uint256) {
        return commitments.length;
    }

    /// @notice The number of batches that went through.
    function batches() external view returns (uint256) {
        return roots.length - 1;
    }

    function newestRoot() public view returns (uint256) {
        return roots[roots.length - 1];
    }

    function newestSize() public view returns (uint256) {
        return sizes[sizes.length - 1];
    }
}
