use core::fmt;
use core::str::FromStr;

use crate::append::Append;
use crate::r1cs::R1cs;
use crate::revoke::Revoke;

/// Levels of the membership tree.
const DEPTH: usize = 30;

/// The circuits that have keys (CIRC-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CircuitId {
    /// 16 leaves.
    Append16,
    /// 256 leaves.
    Append256,
    /// 1024 leaves.
    Append1024,
    /// 8 removals.
    Revoke8,
    /// 32 removals.
    Revoke32,
}

/// A circuit of either kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyCircuit {
    /// A circuit that appends leaves.
    Append(Append),
    /// A circuit that revokes leaves.
    Revoke(Revoke),
}

/// A name that no circuit has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCircuit(
    /// The name.
    pub String,
);

impl fmt::Display for UnknownCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = CircuitId::ALL.map(CircuitId::name).join(", ");
        write!(f, "no circuit is called {:?}; there are {names}", self.0)
    }
}

impl std::error::Error for UnknownCircuit {}

impl CircuitId {
    /// All circuits that have keys.
    pub const ALL: [Self; 5] = [
        Self::Append16,
        Self::Append256,
        Self::Append1024,
        Self::Revoke8,
        Self::Revoke32,
    ];

    /// Returns its name in files and commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Append16 => "append-16",
            Self::Append256 => "append-256",
            Self::Append1024 => "append-1024",
            Self::Revoke8 => "revoke-8",
            Self::Revoke32 => "revoke-32",
        }
    }

    /// Returns the circuit itself.
    #[must_use]
    pub fn circuit(self) -> AnyCircuit {
        let depth = DEPTH;
        let append = |batch| AnyCircuit::Append(Append { depth, batch });
        let revoke = |batch| AnyCircuit::Revoke(Revoke { depth, batch });
        match self {
            Self::Append16 => append(16),
            Self::Append256 => append(256),
            Self::Append1024 => append(1024),
            Self::Revoke8 => revoke(8),
            Self::Revoke32 => revoke(32),
        }
    }

    /// Returns the number of leaves of its largest batch.
    #[must_use]
    pub fn batch(self) -> usize {
        match self.circuit() {
            AnyCircuit::Append(append) => append.batch,
            AnyCircuit::Revoke(revoke) => revoke.batch,
        }
    }

    /// Returns the append circuit that this is, if it is one.
    #[must_use]
    pub fn append(self) -> Option<Append> {
        match self.circuit() {
            AnyCircuit::Append(append) => Some(append),
            AnyCircuit::Revoke(_) => None,
        }
    }

    /// Returns the revoke circuit that this is, if it is one.
    #[must_use]
    pub fn revoke(self) -> Option<Revoke> {
        match self.circuit() {
            AnyCircuit::Revoke(revoke) => Some(revoke),
            AnyCircuit::Append(_) => None,
        }
    }

    /// Returns the rows of the circuit.
    #[must_use]
    pub fn rows(self) -> R1cs {
        match self.circuit() {
            AnyCircuit::Append(append) => R1cs::of(&append),
            AnyCircuit::Revoke(revoke) => R1cs::of(&revoke),
        }
    }
}

impl fmt::Display for CircuitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CircuitId {
    type Err = UnknownCircuit;

    fn from_str(name: &str) -> Result<Self, UnknownCircuit> {
        Self::ALL
            .into_iter()
            .find(|circuit| circuit.name() == name)
            .ok_or_else(|| UnknownCircuit(name.to_owned()))
    }
}
