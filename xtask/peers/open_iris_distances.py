"""Runs the matcher of open-iris: `python open_iris_distances.py UTILS.py ARRAYS.json`

UTILS.py is its `src/iris/nodes/matcher/utils.py`; ARRAYS.json is of `plain_arrays.py` and has the
`template` of its tests. Prints a JSON list of comparisons: { "probe", "gallery": templates,
"turns": [[turn, different, shared]..], "raw", "normalised": the least distance over all turns }.
A template is { "codes", "masks" }, each a list of planes, one a filter, as arrays in hex.
"""

import json
import random
import sys
import types
import typing  # noqa: F401, for the matcher
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import sandbox  # noqa: E402

# This project's size: columns of a template, turns to either side, and the two constants of the
# normalised score (`crates/matcher/src/score.rs`).
COLUMNS, TURNS = 200, 15
MEAN, GRADIENT = 0.45, 1 / 12_800
# Flipped bits of 1,000 and masked blocks of 64 columns of each changed copy, and its turn.
CHANGES = ((0, 0, 0), (0, 0, 15), (50, 0, -4), (150, 8, 3), (300, 20, -15), (300, 40, 9), (500, 60, 0))


class Template:
    """The part of open-iris's `IrisTemplate` that its matcher reads."""

    def __init__(self, codes, masks):
        self.iris_codes, self.mask_codes = codes, masks


def matcher(source):
    """The module's functions, with open-iris's other modules left out and the process closed:
    what the module imports is loaded by now, and its code is compiled."""
    for name in ("iris", "iris.io", "iris.io.dataclasses", "iris.io.errors"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["iris.io.dataclasses"].IrisTemplate = Template
    sys.modules["iris.io.errors"].MatcherError = ValueError
    code, functions = compile(source, "utils.py", "exec"), {}
    sandbox.close("exec")
    exec(code, functions)
    return functions


def array(value):
    plane = np.frombuffer(bytes.fromhex(value["bytes"]), dtype=bool)
    return plane.reshape(value["shape"])


def hexed(planes):
    return [{"type": "b1", "shape": list(it.shape), "bytes": it.tobytes().hex()} for it in planes]


def plain(template):
    return {"codes": hexed(template.iris_codes), "masks": hexed(template.mask_codes)}


def changed(template, flipped, masked, turn, rng):
    codes = [np.roll(plane, turn, axis=1) for plane in template.iris_codes]
    masks = [np.roll(plane, turn, axis=1) for plane in template.mask_codes]
    for code, mask in zip(codes, masks):
        flips = [rng.randrange(1000) < flipped for _ in range(code.size)]
        code ^= np.array(flips).reshape(code.shape)
        for _ in range(masked):
            row, column = rng.randrange(mask.shape[0]), rng.randrange(COLUMNS - 64)
            mask[row, column : column + 64] = False
    return Template(codes, masks)


def cut(template, first):
    part = slice(first, first + COLUMNS)
    return Template(
        [plane[:, part].copy() for plane in template.iris_codes],
        [plane[:, part].copy() for plane in template.mask_codes],
    )


def pairs(template):
    """A cut of the template beside changed copies of itself, and beside another cut."""
    rng = random.Random(1)
    probe = cut(template, 0)
    other = cut(template, template.iris_codes[0].shape[1] - COLUMNS)
    copies = [changed(probe, *change, rng) for change in CHANGES]
    return [(probe, gallery) for gallery in [*copies, other]] + [(other, copies[3])]


def compared(theirs, probe, gallery):
    turns = []
    for turn in range(-TURNS, TURNS + 1):
        counts = theirs["count_nonmatchbits"](*theirs["get_bitcounts"](probe, gallery, turn))
        turns.append([turn, *(int(count) for count in counts)])
    distance = theirs["simple_hamming_distance"]
    raw, _ = distance(probe, gallery, TURNS)
    normalised, _ = distance(probe, gallery, TURNS, True, MEAN, GRADIENT)
    return {
        "probe": plain(probe),
        "gallery": plain(gallery),
        "turns": turns,
        "raw": float(raw),
        "normalised": float(normalised),
    }


def main():
    utils, arrays = (Path(name).read_text() for name in sys.argv[1:])
    stored = json.loads(arrays)["template"]
    template = Template(
        [array(plane) for plane in stored["iris_codes"]],
        [array(plane) for plane in stored["mask_codes"]],
    )
    theirs = matcher(utils)
    results = [compared(theirs, probe, gallery) for probe, gallery in pairs(template)]
    print(json.dumps(results))


if __name__ == "__main__":
    main()
