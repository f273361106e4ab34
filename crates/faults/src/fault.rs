/// A fault that befalls one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The request never arrives.
    LoseRequest,
    /// The request is carried out, and the answer is lost.
    LoseAnswer,
    /// The request is carried out twice.
    Repeat,
    /// The request takes a while.
    Delay,
    /// The node answers with an error.
    Fail,
    /// The answer is the one that the same request got the last time.
    Old,
    /// A transaction is acknowledged and lost.
    Swallow,
    /// A transaction is taken, and the answer is that it was known.
    AlreadyKnown,
    /// A transaction is lost, and the answer is that its nonce is used.
    NonceTooLow,
    /// A transaction is taken, and driven out of the pool.
    Evict,
    /// The answer is a nonce that is too low.
    LowNonce,
    /// The answer is a nonce that is too high.
    HighNonce,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 12] = [
        Self::LoseRequest,
        Self::LoseAnswer,
        Self::Repeat,
        Self::Delay,
        Self::Fail,
        Self::Old,
        Self::Swallow,
        Self::AlreadyKnown,
        Self::NonceTooLow,
        Self::Evict,
        Self::LowNonce,
        Self::HighNonce,
    ];

    /// Returns the faults that can befall a request for `method`.
    pub(crate) fn of(method: &str) -> &'static [Self] {
        match method {
            "eth_sendRawTransaction" => &[
                Self::LoseRequest,
                Self::LoseAnswer,
                Self::Repeat,
                Self::Delay,
                Self::Fail,
                Self::Swallow,
                Self::AlreadyKnown,
                Self::NonceTooLow,
                Self::Evict,
            ],
            "eth_getTransactionCount" => &[
                Self::LoseRequest,
                Self::LowNonce,
                Self::HighNonce,
                Self::Old,
            ],
            _ => &[
                Self::LoseRequest,
                Self::LoseAnswer,
                Self::Delay,
                Self::Fail,
                Self::Old,
            ],
        }
    }
}
