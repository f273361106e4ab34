/// Call of the module, with the bytes of argument and answer. A *scope* is the chain id (8 bytes)
/// and the distributor's address (20).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Secret (32). Answer: commitment (32).
    Commitment,
    /// Secret (32), scope, epoch (8). Answer: nullifier hash (32).
    NullifierHash,
    /// Secret (32), scope, epoch (8). Answer: address of the account that receives the epoch's
    /// payment by default (20).
    ReceiveAddress,
    /// Length of the prover's file (4), that file, the witness program's file. Answer: none.
    LoadProver,
    /// Secret (32), scope, epoch (8), recipient (20), fee recipient (20), fee (32), leaf index
    /// (8), 30 siblings from the leaf up (32 each), `R_e` (32), randomness (32), number of
    /// shares (1). Answer: none; the shares are kept until the next call of this.
    BeginClaim,
    /// Number of the share, from 0 (1). Answer: the share, which holds the secret.
    Share,
    /// A share. Answer: its sums.
    Sums,
    /// Sums of each share, each with its length before it (4). Answer: nullifier hash (32), and
    /// the eight coordinates of the proof (32 each).
    FinishClaim,
    /// Leaves of the tree (8), members (8), number of the range, the newest being 0 (8). Answer:
    /// first tile of the range and the one behind its last (8 each); nothing where there is no
    /// such range (IDENT-9).
    TileRange,
    /// Leaves of the tree (8), members (8), tile (8). Answer: the range that holds it, or nothing.
    TileRangeAround,
    /// Leaf index (8), the four tiles of its path from the leaf up, each with its length before
    /// it (4). Answer: leaf (32), 30 siblings (32 each), root (32).
    Path,
    /// Secret (32), scope, epoch (8). Answer: private key of the account that receives the epoch's
    /// payment by default (32).
    ReceiveKey,
    /// Secret (32), scope. Answer: private key of the account that pays the gas of the person's
    /// own transactions (32).
    GasKey,
    /// Model id (32), eye (1: 0 left, 1 right), image salt (32), code salt (32), pixels (a byte
    /// each), noise bits (eight in a byte, the first lowest). Answer: image commitment (32), code
    /// commitment (32), columns (2), rows (2), bits of a pixel (1), columns of a noise bit (1);
    /// refused where the iris is none of the model (ZKML-16).
    IrisCommitments,
}

impl Call {
    const ALL: [Self; 14] = [
        Self::Commitment,
        Self::NullifierHash,
        Self::ReceiveAddress,
        Self::LoadProver,
        Self::BeginClaim,
        Self::Share,
        Self::Sums,
        Self::FinishClaim,
        Self::TileRange,
        Self::TileRangeAround,
        Self::Path,
        Self::ReceiveKey,
        Self::GasKey,
        Self::IrisCommitments,
    ];

    /// Returns the call of a number, which is its place in the list above.
    pub(crate) fn of(number: u32) -> Option<Self> {
        let place = usize::try_from(number).ok()?;
        Self::ALL.get(place).copied()
    }
}
