use annona_proofs::KeyOrigin;

/// Chains of one developer: those of Anvil and Hardhat, and of Geth's `--dev`.
pub const DEVELOPMENT_CHAINS: [u64; 2] = [31_337, 1337];

/// Statements of the operator about test keys. It takes two of them, in two places, to use a
/// test key outside a development chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnsafeKeys {
    /// Nothing was said.
    #[default]
    Refuse,
    /// The configuration or the command line allows them; that alone changes nothing.
    AllowedOnce,
    /// The configuration and the command line allow them.
    AllowedTwice,
}

impl UnsafeKeys {
    /// Combines the statements of the configuration and of the command line.
    #[must_use]
    pub const fn said(in_configuration: bool, on_command_line: bool) -> Self {
        match (in_configuration, on_command_line) {
            (true, true) => Self::AllowedTwice,
            (false, false) => Self::Refuse,
            _ => Self::AllowedOnce,
        }
    }
}

/// A test key outside a development chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "anybody can forge memberships under a test key, and chain {chain_id} is no development chain: import the key of a ceremony, or, to rehearse with money that is worth nothing, say allow_unsafe_test_keys = true in the file and --allow-unsafe-test-keys on the command line"
)]
pub struct UnsafeKeyRefused {
    /// The chain.
    pub chain_id: u64,
}

/// Checks that a key of `origin` may be used on the chain `chain_id` (REG-8).
///
/// # Errors
/// [`UnsafeKeyRefused`].
pub fn permit(origin: KeyOrigin, chain_id: u64, said: UnsafeKeys) -> Result<(), UnsafeKeyRefused> {
    let harmless = origin == KeyOrigin::Ceremony || DEVELOPMENT_CHAINS.contains(&chain_id);
    if harmless || said == UnsafeKeys::AllowedTwice {
        Ok(())
    } else {
        Err(UnsafeKeyRefused { chain_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests REG-8.
    #[test]
    fn a_test_key_is_refused_outside_development_unless_told_twice() {
        let test = |chain, said| permit(KeyOrigin::UnsafeTest, chain, said);
        for said in [UnsafeKeys::Refuse, UnsafeKeys::AllowedOnce] {
            for chain in DEVELOPMENT_CHAINS {
                assert_eq!(test(chain, said), Ok(()));
            }
            for chain_id in [0, 1, 10, 1338, 31_338] {
                assert_eq!(test(chain_id, said), Err(UnsafeKeyRefused { chain_id }));
            }
        }
        assert_eq!(test(1, UnsafeKeys::AllowedTwice), Ok(()));
        assert_eq!(permit(KeyOrigin::Ceremony, 1, UnsafeKeys::Refuse), Ok(()));
    }
}
