//! Amount of the token in its smallest unit, displayed in whole tokens.

use core::fmt;

use alloy_primitives::U256;

/// A sum of the token in its smallest unit (10^-18 of a token).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct AmountWei(pub U256);

impl AmountWei {
    /// Nothing.
    pub const ZERO: Self = Self(U256::ZERO);

    /// Converts whole tokens, which have 18 decimals.
    ///
    /// ```
    /// # use annona_core::AmountWei;
    /// assert_eq!(AmountWei::from_tokens(10).to_string(), "10");
    /// ```
    #[must_use]
    pub fn from_tokens(tokens: u64) -> Self {
        Self(U256::from(tokens) * U256::from(10).pow(U256::from(18)))
    }
}

impl fmt::Display for AmountWei {
    /// Whole tokens with the fraction cut at its last non-zero digit: `12.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = U256::from(10).pow(U256::from(18));
        let (whole, fraction) = (self.0 / unit, self.0 % unit);
        if fraction.is_zero() {
            return write!(f, "{whole}");
        }
        let digits = format!("{fraction:0>18}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_tokens() {
        let unit = U256::from(10).pow(U256::from(18));
        assert_eq!(AmountWei(unit).to_string(), "1");
        assert_eq!(
            AmountWei(unit * U256::from(5) / U256::from(2)).to_string(),
            "2.5"
        );
        assert_eq!(AmountWei(U256::from(1)).to_string(), "0.000000000000000001");
        assert_eq!(AmountWei::ZERO.to_string(), "0");
    }
}
