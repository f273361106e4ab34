"""Hooks of Schemathesis for this API: texts of the formats, and one more check."""

from base64 import b64encode

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import Failure
from schemathesis.generation.meta import TestPhase

SCALAR_MODULUS = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001
BASE_MODULUS = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47

# Codes of requests that are refused for their form (`docs/manual/api.md`): for what a pattern,
# a type or a required field says, and for what a `format` says.
FORM_CODES = {"body-not-json", "body-invalid", "body-unreadable", "path-invalid"}
FORMAT_CODES = {
    "malformed-field",
    "not-canonical",
    "zero-commitment",
    "proof-coordinate-out-of-range",
}


def word(number):
    return f"0x{number:064x}"


schemathesis.openapi.format("bn254-scalar", st.integers(0, SCALAR_MODULUS - 1).map(word))
schemathesis.openapi.format("bn254-scalar-nonzero", st.integers(1, SCALAR_MODULUS - 1).map(word))
schemathesis.openapi.format("bn254-coordinate", st.integers(0, BASE_MODULUS - 1).map(word))
schemathesis.openapi.format("uint256-decimal", st.integers(0, 2**256 - 1).map(str))
schemathesis.openapi.format(
    "base64", st.binary(min_size=1, max_size=200).map(lambda it: b64encode(it).decode())
)
schemathesis.openapi.format(
    "eip55-address", st.binary(min_size=20, max_size=20).map(lambda it: f"0x{it.hex()}")
)


class RefusedForItsForm(Failure):
    """The schema allows the request, and the parser does not."""

    __slots__ = ("operation", "title", "message", "case_id", "severity")

    def __init__(self, *, operation, message):
        super().__init__(operation=operation, title="Refused for its form", message=message)


@schemathesis.check
def parser_takes_what_the_schema_allows(ctx, response, case):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    # The coverage phase makes texts out of patterns and does not look at formats.
    knows_formats = case.meta.phase.name != TestPhase.COVERAGE
    codes = FORM_CODES | FORMAT_CODES if knows_formats else FORM_CODES
    if response.status_code in range(400, 500):
        code = response.json().get("type", "").rpartition(":")[2]
        if code in codes:
            raise RefusedForItsForm(operation=case.operation.label, message=response.text)
