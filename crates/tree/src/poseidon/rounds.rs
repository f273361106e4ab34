use super::constants::{Constants, Form, Mixing};

/// Arithmetic with numbers that are not wholly reduced.
pub(super) trait Arithmetic: Copy {
    /// Form in which constants are written.
    type Constant;
    /// A number, or as many as are computed with at a time.
    type Number: Copy;

    /// Evaluates a form at the inputs.
    fn evaluate<const N: usize>(
        self,
        form: &Form<Self::Constant, N>,
        inputs: [Self::Number; N],
    ) -> Self::Number;

    /// Evaluates a form at the inputs, and adds `addend`.
    fn evaluate_and_add<const N: usize>(
        self,
        form: &Form<Self::Constant, N>,
        inputs: [Self::Number; N],
        addend: Self::Number,
    ) -> Self::Number;

    /// Raises `x` to the fifth power: the S-box.
    fn fifth_power(self, x: Self::Number) -> Self::Number;

    /// Returns zero in this arithmetic.
    fn zero(self) -> Self::Number;
}

// No closures below: what an arithmetic with vector instructions is inlined into must be
// inlined itself, up to the function that is compiled for them.

/// The hash of two plain numbers, below twice the modulus.
#[inline(always)]
pub(super) fn hash<A: Arithmetic>(
    a: A,
    constants: &Constants<A::Constant>,
    left: A::Number,
    right: A::Number,
) -> A::Number {
    let [first, second] = &constants.inputs;
    let u1 = a.fifth_power(a.evaluate(first, [left]));
    let u2 = a.fifth_power(a.evaluate(second, [right]));
    // Lane 0 comes in as a constant.
    let mut lanes = mix(a, &constants.first, [u2], u1);
    for mixing in &constants.first_half {
        lanes = full_round(a, mixing, lanes);
    }
    lanes = partial_rounds(a, constants, lanes);
    for mixing in &constants.second_half {
        lanes = full_round(a, mixing, lanes);
    }
    a.evaluate(&constants.output, fifth_powers(a, lanes))
}

#[inline(always)]
fn full_round<A: Arithmetic>(
    a: A,
    mixing: &Mixing<A::Constant, 2>,
    lanes: [A::Number; 3],
) -> [A::Number; 3] {
    let [u0, u1, u2] = fifth_powers(a, lanes);
    mix(a, mixing, [u1, u2], u0)
}

#[inline(always)]
fn fifth_powers<A: Arithmetic>(a: A, [x0, x1, x2]: [A::Number; 3]) -> [A::Number; 3] {
    [a.fifth_power(x0), a.fifth_power(x1), a.fifth_power(x2)]
}

#[inline(always)]
fn mix<A: Arithmetic, const N: usize>(
    a: A,
    [form0, form1, form2]: &Mixing<A::Constant, N>,
    inputs: [A::Number; N],
    addend: A::Number,
) -> [A::Number; 3] {
    [
        a.evaluate_and_add(form0, inputs, addend),
        a.evaluate_and_add(form1, inputs, addend),
        a.evaluate_and_add(form2, inputs, addend),
    ]
}

#[inline(always)]
fn partial_rounds<A: Arithmetic>(
    a: A,
    constants: &Constants<A::Constant>,
    [x0, s1, s2]: [A::Number; 3],
) -> [A::Number; 3] {
    let mut u_earlier = a.fifth_power(x0);
    let mut x_before = a.evaluate_and_add(&constants.enter_first, [s1, s2], u_earlier);
    let mut u_before = a.fifth_power(x_before);
    let mut x = a.evaluate_and_add(&constants.enter_second, [s1, s2, u_earlier], u_before);
    for form in &constants.partial {
        let u = a.fifth_power(x);
        let next = a.evaluate_and_add(form, [x, x_before, u_before, u_earlier], u);
        (x, x_before, u_before, u_earlier) = (next, x, u, u_before);
    }
    let known = [x, x_before, u_before, u_earlier];
    let [form1, form2] = &constants.leave;
    [
        x,
        a.evaluate_and_add(form1, known, a.zero()),
        a.evaluate_and_add(form2, known, a.zero()),
    ]
}
