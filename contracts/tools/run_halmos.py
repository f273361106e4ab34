"""Runs Halmos with a pairing of any number of pairs.

Halmos takes the precompiles of BN254 as functions without a definition. Version 0.3.3 declares
that of the pairing (EIP-197) for one pair only, and fails on the four of a Groth16 proof; here it
is declared once for each size of its input.
"""

import sys

import halmos.sevm
from halmos.__main__ import main
from halmos.utils import BitVecSorts

declare = halmos.sevm.Function


def declare_by_size(name, *sorts):
    if name != "f_ecpairing":
        return declare(name, *sorts)

    def pairing(pairs):
        size = pairs.size()
        return declare(f"{name}_{size}", BitVecSorts[size], sorts[-1])(pairs)

    return pairing


halmos.sevm.Function = declare_by_size
sys.exit(main())
