use annona_core::{
    Address, AmountWei, ClaimScope, Epoch, FieldElement, LeafIndex, Payment, TREE_DEPTH, U256,
};
use annona_prover::Identity;
use annona_tree::InclusionProof;

use crate::refusal::Refusal;

/// Reads an argument part by part.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Refusal::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let bytes = self.bytes(N)?;
        bytes.try_into().map_err(|_| Refusal::Malformed)
    }

    /// Reads bytes that have their length in 4 bytes before them.
    pub(crate) fn measured(&mut self) -> Result<&'a [u8], Refusal> {
        let length = u32::from_be_bytes(self.array()?);
        self.bytes(usize::try_from(length).map_err(|_| Refusal::Malformed)?)
    }

    /// Returns all that is left.
    pub(crate) const fn rest(&mut self) -> &'a [u8] {
        let rest = self.0;
        self.0 = &[];
        rest
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) const fn end(&self) -> Result<(), Refusal> {
        if self.is_at_end() {
            Ok(())
        } else {
            Err(Refusal::Malformed)
        }
    }

    pub(crate) fn number(&mut self) -> Result<u64, Refusal> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub(crate) fn identity(&mut self) -> Result<Identity, Refusal> {
        Ok(Identity::from_secret(self.array()?))
    }

    pub(crate) fn address(&mut self) -> Result<Address, Refusal> {
        Ok(Address::from(self.array::<20>()?))
    }

    pub(crate) fn scope(&mut self) -> Result<ClaimScope, Refusal> {
        Ok(ClaimScope {
            chain_id: self.number()?,
            distributor: self.address()?,
        })
    }

    pub(crate) fn epoch(&mut self) -> Result<Epoch, Refusal> {
        Ok(Epoch(self.number()?))
    }

    pub(crate) fn payment(&mut self) -> Result<Payment, Refusal> {
        Ok(Payment {
            recipient: self.address()?,
            fee_recipient: self.address()?,
            fee: AmountWei(U256::from_be_bytes(self.array::<32>()?)),
        })
    }

    pub(crate) fn element(&mut self) -> Result<FieldElement, Refusal> {
        FieldElement::from_be_bytes(self.array()?).map_err(|_| Refusal::OutOfRange)
    }

    pub(crate) fn leaf_index(&mut self) -> Result<LeafIndex, Refusal> {
        LeafIndex::try_from(self.number()?).map_err(|_| Refusal::OutOfRange)
    }

    pub(crate) fn path(&mut self) -> Result<InclusionProof, Refusal> {
        let leaf_index = self.leaf_index()?;
        let mut siblings = [FieldElement::ZERO; TREE_DEPTH];
        for sibling in &mut siblings {
            *sibling = self.element()?;
        }
        Ok(InclusionProof {
            leaf_index,
            siblings,
        })
    }
}
