//! The wallet's computations for a browser: identity, tiles and paths, the proof of a claim,
//! the commitments to an iris that an orb sends home.
//!
//! Here: four functions without generated glue. A caller asks for room ([`annona_request`]),
//! writes the argument there, calls ([`annona_call`]), and reads the answer
//! ([`annona_answer`], [`annona_answer_length`]). [`Call`] lists what can be called and how its
//! bytes are laid out; numbers are big-endian. The argument is overwritten after each call.
//!
//! Not here: randomness (it is an argument), networks, storage. One instance has no threads:
//! several of them, each with the key, divide a proof by its shares.
//!
//! Invariant: no argument makes a panic.

mod answer;
mod call;
mod iris;
mod message;
mod receive;
mod refusal;

use std::cell::RefCell;

pub use call::Call;
use zeroize::Zeroize;

use crate::answer::Instance;

thread_local! {
    static INSTANCE: RefCell<Instance> = RefCell::default();
}

/// Makes room for an argument of `length` bytes and returns its place.
#[expect(
    unsafe_code,
    reason = "the name is unique in the module that a browser loads"
)]
#[unsafe(no_mangle)]
pub extern "C" fn annona_request(length: usize) -> *mut u8 {
    INSTANCE.with_borrow_mut(|instance| {
        instance.request.zeroize();
        instance.request.resize(length, 0);
        instance.request.as_mut_ptr()
    })
}

/// Carries out call `number`. Returns 0, or the number of the refusal.
#[expect(
    unsafe_code,
    reason = "the name is unique in the module that a browser loads"
)]
#[unsafe(no_mangle)]
pub extern "C" fn annona_call(number: u32) -> u32 {
    INSTANCE.with_borrow_mut(|instance| match instance.carry_out(number) {
        Ok(()) => 0,
        Err(refusal) => refusal.number(),
    })
}

/// Returns the place of the last call's answer.
#[expect(
    unsafe_code,
    reason = "the name is unique in the module that a browser loads"
)]
#[unsafe(no_mangle)]
pub extern "C" fn annona_answer() -> *const u8 {
    INSTANCE.with_borrow(|instance| instance.answer.as_ptr())
}

/// Returns the length of the last call's answer.
#[expect(
    unsafe_code,
    reason = "the name is unique in the module that a browser loads"
)]
#[unsafe(no_mangle)]
pub extern "C" fn annona_answer_length() -> usize {
    INSTANCE.with_borrow(|instance| instance.answer.len())
}

/// There is no source of randomness here: what needs some gets it in its argument.
#[cfg(target_family = "wasm")]
mod randomness {
    fn none(_: &mut [u8]) -> Result<(), getrandom::Error> {
        Err(getrandom::Error::UNSUPPORTED)
    }

    getrandom::register_custom_getrandom!(none);
}
