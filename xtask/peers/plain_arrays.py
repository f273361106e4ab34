"""Converts pickles of numpy arrays to plain ones: `python -I -S plain_arrays.py NAME=FILE...`

Prints one JSON object: { NAME: value }. An array is { "type": "u1", "shape": [..], "bytes": hex },
row by row and in little endian; an object is one with its fields.

Nothing of a pickle runs. Each class or function that it names must be on the list below, and
stands for an inert holder of its arguments and its state; numpy is not even loaded. All files are
read first, and the process is closed before the first is unpickled.
"""

import ast
import io
import json
import pickle
import sys
from math import prod
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import sandbox  # noqa: E402

MAX_FILE_BYTES = 4 << 20
MAX_DEPTH = 8

# Element types that are plain numbers, each with the size of its parts.
TYPES = {
    "b1": 1, "u1": 1, "u2": 2, "u4": 4, "u8": 8, "i1": 1, "i2": 2, "i4": 4, "i8": 8,
    "f4": 4, "f8": 8, "c8": 4, "c16": 8,
}  # fmt: skip


class Refused(Exception):
    """The data are not plain arrays."""


class Inert:
    """Holds the arguments and the state of an object, and does nothing."""

    def __init__(self, *arguments):
        self.arguments = arguments
        self.state = None

    def __setstate__(self, state):
        self.state = state


class Array(Inert):
    """numpy's `_reconstruct`: all of the array is in its state."""

    def parts(self):
        version, shape, element, by_columns, data = self.state
        return element, shape, by_columns, data


class Buffer(Inert):
    """numpy's `_frombuffer`: all of the array is in its arguments."""

    def parts(self):
        data, element, shape, order = self.arguments
        return element, shape, order == "F", bytes(data)


class Scalar(Inert):
    """numpy's `scalar`: an array of no dimensions."""

    def parts(self):
        element, data = self.arguments
        return element, (), False, data


class Element(Inert):
    """numpy's `dtype`."""

    def name(self):
        (name, *_), (_, byte_order, *rest) = self.arguments, self.state
        if name not in TYPES or byte_order not in ("<", "|") or rest[:3] != [None] * 3:
            raise Refused(f"elements of type {byte_order}{name}")
        return name


class Record(Inert):
    """A data class of open-iris: fields by name."""

    def fields(self):
        return self.state["__dict__"]


class ArrayClass(Inert):
    """numpy's `ndarray`, which pickles name and never call."""


RECORDS = (
    "EyeCenters", "EyeOrientation", "GeometryPolygons", "IRImage", "IrisFilterResponse",
    "IrisTemplate", "NoiseMask", "NormalizedIris",
)  # fmt: skip
ALLOWED = {
    ("numpy", "dtype"): Element,
    ("numpy", "ndarray"): ArrayClass,
    ("numpy.core.multiarray", "_reconstruct"): Array,
    ("numpy.core.multiarray", "scalar"): Scalar,
    ("numpy.core.numeric", "_frombuffer"): Buffer,
    **{("iris.io.dataclasses", name): Record for name in RECORDS},
}


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        stand_in = ALLOWED.get((module, name))
        if stand_in is None:
            raise Refused(f"the pickle names {module}.{name}")
        return stand_in

    def persistent_load(self, _):
        raise Refused("the pickle refers to objects outside of it")


def array(parts):
    element, shape, by_columns, data = parts
    name = element.name()
    size = TYPES[name] * (2 if name[0] == "c" else 1)
    if not isinstance(data, bytes) or not all(type(side) is int and side >= 0 for side in shape):
        raise Refused("an array without bytes or shape")
    if len(data) != size * prod(shape):
        raise Refused(f"{len(data)} bytes for an array of {shape} of {name}")
    if by_columns:
        data = by_rows(data, shape, size)
    return {"type": name, "shape": list(shape), "bytes": data.hex()}


def by_rows(data, shape, size):
    """Orders elements by rows that are ordered by columns."""
    steps = [size * prod(shape[:axis]) for axis in range(len(shape))]
    places = [0]
    for side, step in zip(shape, steps):
        places = [place + step * k for place in places for k in range(side)]
    return b"".join(data[place : place + size] for place in places)


def plain(value, depth=0):
    if depth > MAX_DEPTH:
        raise Refused("the data are nested too deeply")
    if isinstance(value, (Array, Buffer, Scalar)):
        return array(value.parts())
    if isinstance(value, Record):
        return {name: plain(field, depth + 1) for name, field in value.fields().items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise Refused(f"a value of type {type(value).__name__}")


def unpickled(data):
    try:
        return plain(Unpickler(io.BytesIO(data)).load())
    except Refused:
        raise
    except Exception as error:  # A damaged pickle can raise anything.
        raise Refused(f"not a pickle of arrays: {error!r}") from error


def cases(source):
    """Arguments of each `pytest.param` of a test: numbers, and `true` for weights."""
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.param"
    ]
    return [
        [item.value if isinstance(item, ast.Constant) else ast.unparse(item) for item in call.args]
        for call in calls
    ]


def main():
    files = dict(argument.split("=", 1) for argument in sys.argv[1:])
    data = {name: Path(file).read_bytes() for name, file in files.items()}
    tests = [name for name, file in files.items() if file.endswith(".py")]
    converted = {name: cases(data.pop(name)) for name in tests}
    sandbox.close()
    for name, pickled in data.items():
        if len(pickled) > MAX_FILE_BYTES:
            sys.exit(f"{name} is refused: {len(pickled)} bytes")
        try:
            converted[name] = unpickled(pickled)
        except Refused as refusal:
            sys.exit(f"{name} is refused: {refusal}")
    json.dump(converted, sys.stdout)


if __name__ == "__main__":
    main()
