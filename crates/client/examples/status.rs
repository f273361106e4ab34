//! Asks a service how it is, and what became of a claim if its nullifier hash is given.
//!
//! `cargo run -p annona-client --example status -- http://127.0.0.1:8080 [NULLIFIER_HASH]`

use annona_client::{ApiClient, ClientError};
use annona_core::NullifierHash;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments
        .next()
        .ok_or("usage: status URL [NULLIFIER_HASH]")?;
    let service = ApiClient::new(&address)?;
    if !service.is_ready().await? {
        println!("not every part of the service is ready");
    }
    let epoch = service.current_epoch().await?;
    println!(
        "epoch {}: {} of {} members are paid, {} s are left",
        epoch.epoch,
        epoch.claimed,
        epoch.member_count,
        epoch.ends_at.saturating_sub(epoch.chain_time)
    );
    if let Some(nullifier_hash) = arguments.next() {
        let nullifier_hash: NullifierHash = nullifier_hash.parse()?;
        match service.claim_status(nullifier_hash).await {
            Ok(claim) => println!("the claim of epoch {} is {:?}", claim.epoch, claim.status),
            Err(ClientError::Refused(problem)) => println!("{}", problem.detail),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}
