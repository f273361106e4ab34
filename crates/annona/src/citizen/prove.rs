//! `annona citizen prove`: a proof to look at, of which nothing is sent.

use std::process::ExitCode;

use annona_client::ApiClient;

use super::ProveArgs;
use super::draft::{draft_direct, draft_with};
use super::session::Session;
use crate::output::Format;

/// Proves the claim and prints it.
pub(super) async fn run(args: &ProveArgs) -> anyhow::Result<ExitCode> {
    let demand = &args.demand;
    let mut session = Session::open(&demand.connection).await?;
    let epoch = session.epoch(demand.epoch).await?;
    let draft = if demand.direct {
        draft_direct(&session, demand, epoch).await?
    } else {
        let service = ApiClient::new(demand.connection.service.expose())?;
        draft_with(&mut session, &service, demand, epoch).await?
    };
    let proof = draft.to_semaphore_json();
    Format::from_flag(demand.json).print(&proof, || {
        format!(
            "proved epoch {} for {}: nullifier {}\nNothing was sent; `annona citizen claim` does.",
            draft.epoch, draft.payment.recipient, draft.proof.inputs.nullifier_hash
        )
    })?;
    Ok(ExitCode::SUCCESS)
}
