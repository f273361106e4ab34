// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";
import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";
import {AnnonaToken} from "../../src/AnnonaToken.sol";
import {IAnnonaToken} from "../../src/interfaces/IAnnonaToken.sol";

contract AnnonaTokenTest is Test {
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );

    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    address private immutable minter = makeAddr("minter");
    AnnonaToken private token;

    function setUp() public {
        token = new AnnonaToken(1000, minter);
    }

    function test_it_is_annona_with_18_decimals() public view {
        assertEq(token.name(), "Annona");
        assertEq(token.symbol(), "ANN");
        assertEq(token.decimals(), 18);
        assertEq(token.cap(), 1000);
        assertEq(token.minter(), minter);
        assertEq(token.totalSupply(), 0);
    }

    function test_the_minter_issues_up_to_the_cap_and_no_more() public {
        vm.startPrank(minter);
        token.mint(address(this), 1000);
        assertEq(token.balanceOf(address(this)), 1000);
        vm.expectRevert(abi.encodeWithSelector(ERC20Capped.ERC20ExceededCap.selector, 1001, 1000));
        token.mint(address(this), 1);
    }

    /// @dev Tests REG-11.
    function test_nobody_else_issues() public {
        vm.expectRevert(
            abi.encodeWithSelector(IAnnonaToken.AnnonaToken_NotMinter.selector, address(this))
        );
        token.mint(address(this), 1);
    }

    function test_a_token_without_a_minter_is_refused() public {
        vm.expectRevert(IAnnonaToken.AnnonaToken_ZeroMinter.selector);
        new AnnonaToken(1000, address(0));
    }

    function test_a_permit_allows_what_was_signed() public {
        (address owner, uint256 key) = makeAddrAndKey("owner");
        bytes32 message =
            keccak256(abi.encode(PERMIT_TYPEHASH, owner, address(this), 5, 0, block.timestamp));
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPEHASH, keccak256("Annona"), keccak256("1"), block.chainid, address(token)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", domain, message));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        token.permit(owner, address(this), 5, block.timestamp, v, r, s);
        assertEq(token.allowance(owner, address(this)), 5);
    }

    /// @dev `transferFrom` is the library's own.
    function testFuzz_a_transfer_does_what_the_library_does(
        address from,
        address to,
        uint256 held,
        uint256 value
    ) public {
        vm.assume(from != address(0) && from != minter);
        held = bound(held, 0, 1000);
        value = bound(value, 0, 1100);
        vm.prank(minter);
        token.mint(from, held);
        vm.prank(from);
        token.approve(address(this), type(uint256).max);

        uint256 before = vm.snapshotState();
        vm.recordLogs();
        (bool sent, bytes memory answer) =
            address(token).call(abi.encodeCall(token.transferFrom, (from, to, value)));
        Outcome memory expected = outcome(sent, answer, from, to);
        assertTrue(vm.revertToState(before));
        vm.recordLogs();
        vm.prank(from);
        (sent, answer) = address(token).call(abi.encodeCall(token.transfer, (to, value)));
        Outcome memory actual = outcome(sent, answer, from, to);
        assertEq(abi.encode(actual), abi.encode(expected));
    }

    function test_a_transfer_to_oneself_changes_nothing() public {
        vm.prank(minter);
        token.mint(address(this), 10);
        assertTrue(token.transfer(address(this), 7));
        assertEq(token.balanceOf(address(this)), 10);
        assertEq(token.totalSupply(), 10);
    }

    struct Outcome {
        bool sent;
        bytes answer;
        uint256 balanceFrom;
        uint256 balanceTo;
        Vm.Log[] logs;
    }

    function outcome(bool sent, bytes memory answer, address from, address to)
        private
        returns (Outcome memory)
    {
        return Outcome(
            sent, answer, token.balanceOf(from), token.balanceOf(to), vm.getRecordedLogs()
        );
    }
}
