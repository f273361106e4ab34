use annona_core::FieldElement;
use annona_model::ModelName;

/// "The code behind `code_commitment` is that of `model`, computed from the iris behind
/// `image_commitment`, and both are of one eye" (ZKML-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodingStatement {
    /// Model that encoded.
    pub model: ModelName,
    /// Commitment to the normalised iris, which an orb signs.
    pub image_commitment: FieldElement,
    /// Commitment to code and mask.
    pub code_commitment: FieldElement,
    /// Hash of the context that the proof is for.
    pub context: FieldElement,
}

impl EncodingStatement {
    /// Returns the public inputs in circuit order.
    #[must_use]
    pub const fn public_inputs(&self) -> [FieldElement; 3] {
        [self.image_commitment, self.code_commitment, self.context]
    }
}
