"""Compares EIP-712 digests with PyPI `eth-account`: `python eip712.py CASES.json`.

Prints one JSON line: { "cases": n, "equal": n, "changesSeen": n, "changes": n }.
A change is one message with one number in it changed; its digest must be another one.
"""

import json
import sys
from pathlib import Path

from eth_account.messages import _hash_eip191_message, encode_typed_data

STRUCTS = json.loads(Path(__file__).with_name("structs.json").read_text())
HEX = ("bytes32", "address", "string")


def digest(case):
    fields = STRUCTS[case["primaryType"]]
    message = {
        field["name"]: case["message"][field["name"]]
        if field["type"] in HEX
        else int(case["message"][field["name"]])
        for field in fields
    }
    domain = {**case["domain"], "chainId": int(case["domain"]["chainId"])}
    signable = encode_typed_data(domain, {case["primaryType"]: fields}, message)
    return "0x" + bytes(_hash_eip191_message(signable)).hex()


def changed(case):
    number = next(f["name"] for f in STRUCTS[case["primaryType"]] if f["type"] == "uint256")
    return {**case, "message": {**case["message"], number: str(int(case["message"][number]) ^ 1)}}


def main():
    cases = json.loads(Path(sys.argv[1]).read_text())
    equal = sum(digest(case) == case["digest"] for case in cases)
    seen = sum(digest(changed(case)) != case["digest"] for case in cases)
    print(json.dumps({"cases": len(cases), "equal": equal, "changes": len(cases), "changesSeen": seen}))
    return 0 if cases and equal == seen == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main())
