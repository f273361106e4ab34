//! Rust types of the contracts, made from their ABI.
#![allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]

use alloy::sol;

sol!(
    #[sol(rpc, all_derives)]
    AnnonaToken,
    "artifacts/AnnonaToken.json"
);
sol!(
    #[sol(rpc, all_derives)]
    Distributor,
    "artifacts/Distributor.json"
);
sol!(
    #[sol(rpc, all_derives)]
    MintedIncome,
    "artifacts/MintedIncome.json"
);
sol!(
    #[sol(rpc, all_derives)]
    OrbRegistry,
    "artifacts/OrbRegistry.json"
);
sol!(
    #[sol(rpc, all_derives)]
    PooledIncome,
    "artifacts/PooledIncome.json"
);
sol!(
    #[sol(rpc, all_derives)]
    Registry,
    "artifacts/Registry.json"
);
sol!(
    #[sol(rpc, all_derives)]
    SemaphoreVerifier,
    "artifacts/SemaphoreVerifier.json"
);
sol!(
    #[sol(rpc, all_derives)]
    TimelockController,
    "artifacts/TimelockController.json"
);
sol!(
    #[sol(rpc, all_derives)]
    UnsafeTestAppend16Verifier,
    "artifacts/UnsafeTestAppend16Verifier.json"
);
sol!(
    #[sol(rpc, all_derives)]
    UnsafeTestAppend256Verifier,
    "artifacts/UnsafeTestAppend256Verifier.json"
);
sol!(
    #[sol(rpc, all_derives)]
    UnsafeTestAppend1024Verifier,
    "artifacts/UnsafeTestAppend1024Verifier.json"
);
sol!(
    #[sol(rpc, all_derives)]
    UnsafeTestRevoke8Verifier,
    "artifacts/UnsafeTestRevoke8Verifier.json"
);
sol!(
    #[sol(rpc, all_derives)]
    UnsafeTestRevoke32Verifier,
    "artifacts/UnsafeTestRevoke32Verifier.json"
);

/// The artifacts as they are, for code that compares deployed bytecode with them.
pub mod artifacts {
    pub const ANNONA_TOKEN: &str = include_str!("../artifacts/AnnonaToken.json");
    pub const DISTRIBUTOR: &str = include_str!("../artifacts/Distributor.json");
    pub const MINTED_INCOME: &str = include_str!("../artifacts/MintedIncome.json");
    pub const ORB_REGISTRY: &str = include_str!("../artifacts/OrbRegistry.json");
    pub const REGISTRY: &str = include_str!("../artifacts/Registry.json");
    pub const SEMAPHORE_VERIFIER: &str = include_str!("../artifacts/SemaphoreVerifier.json");
    pub const UNSAFE_TEST_APPEND_16_VERIFIER: &str =
        include_str!("../artifacts/UnsafeTestAppend16Verifier.json");
    pub const UNSAFE_TEST_APPEND_256_VERIFIER: &str =
        include_str!("../artifacts/UnsafeTestAppend256Verifier.json");
    pub const UNSAFE_TEST_APPEND_1024_VERIFIER: &str =
        include_str!("../artifacts/UnsafeTestAppend1024Verifier.json");
    pub const UNSAFE_TEST_REVOKE_8_VERIFIER: &str =
        include_str!("../artifacts/UnsafeTestRevoke8Verifier.json");
    pub const UNSAFE_TEST_REVOKE_32_VERIFIER: &str =
        include_str!("../artifacts/UnsafeTestRevoke32Verifier.json");
    pub const TIMELOCK_CONTROLLER: &str = include_str!("../artifacts/TimelockController.json");
}
