"""Shows with cvc5 that the inputs of each gadget determine its other variables.

Reads gadgets as JSON lines (circuits/examples/gadgets.rs). For each distinct one it asks for two
solutions that share the inputs and differ in a variable: `unsat` is the proof. Then it drops each
row in turn and wants such a pair, which it checks by its own arithmetic. A query without an
answer within the limit is a failure, and the gadget's rows are printed.

Where a bit `s` multiplies the others (a comparison with zero), `s` is shown first: the copies have
s = 1 and s = 0 (the other way round is the same by renaming), and the bits of the sum of both
magnitudes, which exist by the lemma of the full adder, are named for the solver.
"""

import json
import multiprocessing
import sys
import time

import cvc5

P = 21888242871839275222246405745257275088548364400416034343698204186575808495617
# Chosen, not measured: many times what queries took when both cores were busy, which is seconds.
LIMIT_SECS = 60


def solver_process(sender, text):
    solver = cvc5.Solver()
    for option, value in [("ff-solver", "split"), ("ff-bitsum", "true"), ("produce-models", "true")]:
        solver.setOption(option, value)
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "query")
    manager = parser.getSymbolManager()
    while not (command := parser.nextCommand()).isNull():
        if str(command) == "(check-sat)":
            break
        command.invoke(solver, manager)
    answer = solver.checkSat()
    values = {}
    if answer.isSat():
        terms = manager.getDeclaredTerms()
        values = {str(it): int(solver.getValue(it).getFiniteFieldValue()) % P for it in terms}
    sender.send(("sat" if answer.isSat() else "unsat" if answer.isUnsat() else "unknown", values))


class Clock:
    """Queries so far, and seconds of the slowest."""

    queries = 0
    slowest = 0.0


def solve(lines):
    """Asks in a process of its own, which ends at the limit: the algebra inside does not look."""
    text = "\n".join([f"(set-logic QF_FF)\n(define-sort F () (_ FiniteField {P}))", *lines, "(check-sat)"])
    started = time.monotonic()
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=solver_process, args=(sender, text))
    process.start()
    # The end of the solver's process is then the end of the pipe.
    sender.close()
    try:
        return receiver.recv() if receiver.poll(LIMIT_SECS) else (f"no answer in {LIMIT_SECS} s", {})
    except EOFError:
        return "the solver ended without an answer", {}
    finally:
        process.kill()
        process.join()
        Clock.queries += 1
        Clock.slowest = max(Clock.slowest, time.monotonic() - started)


def constant(number):
    return f"(as ff{number % P} F)"


def total(terms):
    terms = [it for it in terms if it is not None] or [constant(0)]
    return terms[0] if len(terms) == 1 else f"(ff.add {' '.join(terms)})"


def times(factor, name):
    factor %= P
    return None if factor == 0 else name if factor == 1 else f"(ff.mul {constant(factor)} {name})"


def declare(name):
    return f"(declare-fun {name} () F)"


def bit(name):
    return f"(assert (= (ff.mul {name} {name}) {name}))"


def parse(form):
    number, shared, unknown = form
    terms = lambda it: {at: int(factor) % P for factor, at in it}
    return int(number) % P, terms(shared), terms(unknown)


def boolean_of(row):
    """The left form of a row `a (1 - a) = 0`."""
    (ca, sa, ua), (cb, sb, ub), (cc, sc, uc) = row
    negated = lambda it: {at: -factor % P for at, factor in it.items()}
    is_zero = cc == 0 and not sc and not uc
    return (ca, sa, ua) if is_zero and cb == (1 - ca) % P and sb == negated(sa) and ub == negated(ua) else None


class Gadget:
    def __init__(self, document):
        self.circuit, self.instances = document["circuit"], document["instances"]
        self.count = document["unknown"]
        self.rows = [[parse(form) for form in row] for row in document["rows"]]
        shared = [at for row in self.rows for form in row for at in form[1]]
        self.shared = max(shared, default=-1) + 1

    def key(self):
        return json.dumps([self.rows, self.count], sort_keys=True)

    def text(self):
        """The rows as a person reads them; numbers above half of the field are negative."""
        signed = lambda it: it - P if it > P // 2 else it
        names = lambda it, letter: [f"{signed(factor)} {letter}{at}" for at, factor in it.items()]
        form = lambda it: " + ".join([str(signed(it[0])), *names(it[1], "s"), *names(it[2], "u")])
        return [f"({form(a)}) ({form(b)}) = {form(c)}" for a, b, c in self.rows]

    def bits(self):
        """The unknowns of which a row says no more than that they are 0 or 1."""
        forms = [a for row in self.rows if (a := boolean_of(row))]
        return {next(iter(a[2])) for a in forms if not a[0] and not a[1] and list(a[2].values()) == [1]}

    def form(self, form, copy, fixed):
        number, shared, unknown = form
        number += sum(factor * fixed[copy, at] for at, factor in unknown.items() if (copy, at) in fixed)
        terms = [times(factor, f"s{at}") for at, factor in shared.items()]
        terms += [times(f, f"u{at}{copy}") for at, f in unknown.items() if (copy, at) not in fixed]
        return total(terms + ([constant(number)] if number % P else []))

    def copy(self, copy, rows, fixed):
        lines = [declare(f"u{at}{copy}") for at in range(self.count) if (copy, at) not in fixed]
        for number, row in enumerate(rows):
            a = boolean_of(row)
            if a and a[0] == 0 and not a[1] and len(a[2]) == 1 and list(a[2].values()) == [1]:
                at = next(iter(a[2]))
                lines += [] if (copy, at) in fixed else [bit(f"u{at}{copy}")]
            elif a and a[2]:
                # The form gets a name, scaled so that the bits add up with powers of two.
                scale = pow(next(iter(a[2].values())), -1, P)
                name = f"h{number}{copy}"
                bits = total([times(f * scale, f"u{at}{copy}") for at, f in a[2].items()] + [times(-scale, name)])
                rest = (-a[0] * scale % P, {at: -f * scale % P for at, f in a[1].items()}, {})
                lines += [declare(name), bit(name), f"(assert (= {bits} {self.form(rest, copy, fixed)}))"]
            else:
                lines.append(self.product(row, copy, fixed))
        return lines

    def product(self, row, copy, fixed):
        a, b, c = row
        known = None if a[1] or any((copy, at) not in fixed for at in a[2]) else a[0]
        if known is not None:
            known = (known + sum(f * fixed[copy, at] for at, f in a[2].items())) % P
            unknown, rest = self.linear(row, known)
            bits = total([times(f, f"u{at}{copy}") for at, f in unknown.items()])
            return f"(assert (= {bits} {self.form(rest, copy, fixed)}))"
        left, right, product = (self.form(it, copy, fixed) for it in row)
        return f"(assert (= (ff.mul {left} {right}) {product}))"

    def linear(self, row, known):
        """A row whose left factor is a number, with the unknowns on the left."""
        _, b, c = row
        left, right = ({at: (c[n].get(at, 0) - known * b[n].get(at, 0)) % P for at in b[n] | c[n]} for n in (2, 1))
        scale = -1 if next(iter(left.values()), 1) == P - 1 else 1
        unknown = {at: scale * f % P for at, f in left.items() if f}
        return unknown, (scale * (known * b[0] - c[0]) % P, {at: -scale * f % P for at, f in right.items()}, {})

    def sign_query(self, sign):
        """The copies with sign 1 and 0, and the sum of their relations, in which the input cancels.
        Leaving out the relations themselves allows more solutions, not fewer."""
        relations = [row for row in self.rows if not boolean_of(row)]
        others = [at for at in range(self.count) if at != sign]
        lines = [declare(f"u{at}{copy}") for copy in "xy" for at in others]
        bits = self.bits()
        lines += [bit(f"u{at}{copy}") for copy in "xy" for at in others if at in bits]
        if len(relations) != 1:
            return "no single relation"
        first, second = (self.linear(relations[0], known) for known in (1, 0))
        shared = {at: (first[1][1].get(at, 0) + second[1][1].get(at, 0)) % P for at in first[1][1] | second[1][1]}
        if any(shared.values()):
            return "the input does not cancel"
        weights = [list(it[0].values()) for it in (first, second)]
        if any(it != [1 << at for at in range(len(others))] for it in weights):
            return "the magnitudes are no sums of bits"
        sums = [f"(ff.bitsum {' '.join(f'u{at}{copy}' for at in it[0])})" for copy, it in zip("xy", (first, second))]
        lines.append(f"(assert (= {total(sums)} {constant(first[1][0] + second[1][0])}))")
        return solve(lines + adder(others))[0]

    def query(self, rows, fixed, last):
        lines = [declare(f"s{at}") for at in range(self.shared)]
        return solve(lines + self.copy("x", rows, fixed) + self.copy("y", rows, fixed) + last)

    def sign(self):
        """The bit that multiplies other unknowns, if there is one."""
        bits = self.bits()
        for row in self.rows:
            (ca, sa, ua), (_, _, ub), _ = row
            if not boolean_of(row) and ub and not sa and ca == 0 and len(ua) == 1 and set(ua) <= bits:
                return next(iter(ua))
        return None

    def prove(self):
        """Returns what was not proved."""
        open_, sign, cases = [], self.sign(), [{}]
        if sign is not None:
            answer = self.sign_query(sign)
            open_ += [] if answer == "unsat" else [f"sign: {answer}"]
            cases = [{("x", sign): it, ("y", sign): it} for it in (0, 1)]
        for fixed in cases:
            for at in range(self.count):
                if at == sign:
                    continue
                answer = self.query(self.rows, fixed, [f"(assert (not (= u{at}x u{at}y)))"])[0]
                open_ += [] if answer == "unsat" else [f"variable {at}: {answer}"]
        return open_

    def without(self, dropped):
        """Looks for two solutions without a row, and checks them."""
        rows = [row for number, row in enumerate(self.rows) if number != dropped]
        same = " ".join(f"(= u{at}x u{at}y)" for at in range(self.count))
        answer, values = self.query(rows, {}, [f"(assert (not (and {same} true)))"])
        if answer != "sat":
            return answer, None
        pairs = [tuple(values[f"u{at}{copy}"] for copy in "xy") for at in range(self.count)]
        shared = [values[f"s{at}"] for at in range(self.shared)]
        solutions = [[pair[copy] for pair in pairs] for copy in (0, 1)]
        kept = all(holds(row, shared, it) for row in rows for it in solutions)
        broken = any(not holds(self.rows[dropped], shared, it) for it in solutions)
        return ("sat" if kept and broken and solutions[0] != solutions[1] else "wrong model"), (shared, solutions)


def holds(row, shared, unknown):
    a, b, c = (
        number + sum(f * shared[at] for at, f in own.items()) + sum(f * unknown[at] for at, f in new.items())
        for number, own, new in row
    )
    return (a * b - c) % P == 0


def adder(bits):
    lines, carry, digits = [], None, []
    for at in bits:
        lines += [declare(f"d{at}"), declare(f"e{at}"), bit(f"d{at}"), bit(f"e{at}")]
        lines.append(f"(assert (= {total([f'u{at}x', f'u{at}y', carry])} (ff.add d{at} {times(2, f'e{at}')})))")
        carry = f"e{at}"
        digits.append(f"d{at}")
    bits_sum = lambda names: f"(ff.bitsum {' '.join(names)})"
    sums = [bits_sum([f"u{at}{copy}" for at in bits]) for copy in "xy"]
    return [*lines, f"(assert (= {bits_sum([*digits, carry])} {total(sums)}))"]


def prove_adder():
    """Bits a, b, c have bits d, e with a + b + c = d + 2 e: those of the two polynomials."""
    names = [declare(it) for it in "abcde"] + [bit(it) for it in "abc"]
    e = "(ff.add (ff.mul a b) (ff.mul a c) (ff.mul b c) (ff.mul (as ff-2 F) a b c))"
    names += [f"(assert (= e {e}))", "(assert (= (ff.add a b c) (ff.add d (ff.mul (as ff2 F) e))))"]
    return [it for it in "de" if solve([*names, f"(assert (not (= (ff.mul {it} {it}) {it})))"])[0] != "unsat"]


def examine(number, gadget, places):
    """Prints the outcome for a gadget, and returns its faults."""
    name = f"gadget {number} ({', '.join(places)}): {len(gadget.rows)} rows, {gadget.count} unknowns"
    faults = gadget.prove()
    is_determined = not faults
    noticed = 0
    for row in range(len(gadget.rows)):
        answer, model = gadget.without(row)
        noticed += answer == "sat"
        if answer != "sat":
            faults.append(f"without row {row}: {answer}")
        elif row == 0 and len(gadget.rows) > 1:
            shared, (first, second) = model
            print(f"  without row 0, {shared} allows {first} and {second}")
    state = "determined" if is_determined else "NOT DETERMINED"
    print(f"{name}: {state}; {noticed} of {len(gadget.rows)} dropped rows noticed", flush=True)
    if faults:
        print("\n".join([f"  rows of gadget {number}:", *(f"    {it}" for it in gadget.text())]))
    return [f"{name}: {it}" for it in faults]


def table(circuits, gadgets, seconds):
    """Prints a line for each circuit. A gadget of several circuits is examined, and its time
    counted, in the first of them."""
    print("\ncircuit        rows     variables  given   gadgets  instances  assertions  seconds")
    for circuit in circuits:
        name, own = circuit["circuit"], [it for it in gadgets if it.circuit == circuit["circuit"]]
        assertions = sum(count for _, count, _ in circuit["assertions"])
        # The example counts rows by itself: each is in one gadget or an assertion.
        rows = sum(len(it.rows) * it.instances for it in own) + assertions
        unknown = sum(it.count * it.instances for it in own)
        if (rows, unknown + circuit["given"]) != (circuit["row_count"], circuit["variables"]):
            yield f"{name}: the gadgets have {rows} rows, {unknown} unknowns"
        instances = sum(it.instances for it in own)
        print(
            f"{name:<13}{rows:>8,}{circuit['variables']:>12,}{circuit['given']:>7,}{len(own):>10,}"
            f"{instances:>11,}{assertions:>12,}{seconds.get(name, 0):>9.0f}"
        )
    print("\nAssertions determine nothing: they restrict what is given.")
    for circuit in circuits:
        for rule, count, reason in circuit["assertions"]:
            print(f"  {circuit['circuit']}, {rule}, {count} rows: {reason}")


def main():
    faults = [f"full adder, {it}: not shown" for it in prove_adder()]
    print(f"full adder: {'NOT SHOWN' if faults else 'shown'}", flush=True)
    documents = [json.loads(line) for line in sys.stdin]
    circuits = [it for it in documents if "assertions" in it]
    gadgets = [Gadget(it) for it in documents if "assertions" not in it]
    distinct = {}
    for gadget in gadgets:
        distinct.setdefault(gadget.key(), []).append(gadget)
    print(f"{len(distinct)} distinct gadgets in {len(circuits)} circuits", flush=True)
    seconds = {}
    for number, equal in enumerate(distinct.values(), 1):
        started = time.monotonic()
        places = [f"{it.instances} in {it.circuit}" for it in equal]
        faults += examine(number, equal[0], places)
        name = equal[0].circuit
        seconds[name] = seconds.get(name, 0) + time.monotonic() - started
    faults += table(circuits, gadgets, seconds)
    print(f"\n{Clock.queries} queries, the slowest {Clock.slowest:.1f} s of {LIMIT_SECS} s")
    for fault in faults:
        print(f"FAULT {fault}")
    if faults or not gadgets:
        return 1
    print("Shown: in each circuit, what is given determines all other variables.")
    print("Not shown: that what is given is in range, which assertions hold, and that what is")
    print("determined is what the specification says. Tests of each constraint are for that.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
