//! Command `annona citizen status`: membership, the current epoch, and the payments of the epochs
//! that can be claimed.

use std::collections::HashMap;
use std::process::ExitCode;

use annona_client::wire::ClaimStatus;
use annona_client::{ApiClient, ClientError};
use annona_core::{Epoch, ExternalNullifier, NullifierHash};
use annona_engine::ports::ChainReader;
use serde::Serialize;

use super::session::{Claimable, Session};
use super::{StatusArgs, direct, paid};
use crate::output::Format;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusAnswer {
    commitment: String,
    epoch: u64,
    seconds_to_next_epoch: u64,
    is_member: bool,
    /// Epochs that can be claimed, unless payments were not to be looked for.
    claims: Vec<EpochAnswer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EpochAnswer {
    epoch: u64,
    is_paid: bool,
    /// The transaction that paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_hash: Option<String>,
    /// Status of the claim in the service that it was handed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_service: Option<ClaimStatus>,
    /// The service's reason for a rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) async fn status(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(&args.connection).await?;
    let service = if args.direct {
        None
    } else {
        Some(ApiClient::new(args.connection.service.expose())?)
    };
    let claimable = session.claimable().await?;
    let epoch = claimable.current;
    let path = match &service {
        Some(service) => {
            let checkpoint = session.chain.checkpoint_before(epoch).await?;
            session.path(service, epoch, &checkpoint).await?
        }
        None => {
            let commitment = session.wallet.identity().commitment();
            direct::path(&session.chain, session.calendar, epoch, commitment).await?
        }
    };
    let claims = if args.skip_payments {
        Vec::new()
    } else {
        claims_of(&session, service.as_ref(), &claimable).await?
    };
    let answer = StatusAnswer {
        commitment: session.wallet.identity().commitment().to_string(),
        epoch: epoch.0,
        seconds_to_next_epoch: claimable.seconds_to_next,
        is_member: path.is_some(),
        claims,
    };
    Format::from_flag(args.json).print(&answer, || describe(&answer))?;
    Ok(ExitCode::SUCCESS)
}

/// Collects the chain's answer for each epoch that can be claimed, and the service's for the
/// claims that it was handed (IDENT-10).
async fn claims_of(
    session: &Session,
    service: Option<&ApiClient>,
    claimable: &Claimable,
) -> anyhow::Result<Vec<EpochAnswer>> {
    let scope = session.scope();
    let identity = session.wallet.identity();
    let epochs = (claimable.oldest.0..=claimable.current.0).map(Epoch);
    let nullifier = |epoch| identity.nullifier_hash(ExternalNullifier::new(&scope, epoch));
    let own: HashMap<NullifierHash, Epoch> = epochs
        .clone()
        .map(|epoch| (nullifier(epoch), epoch))
        .collect();
    let paid = paid::transactions(
        &session.chain,
        &session.calendar.clock,
        claimable.oldest,
        &own,
    );
    let paid = paid.await?;
    let handed = service.map_or_else(Vec::new, |service| session.handed_to(service));
    let mut claims = Vec::new();
    for epoch in epochs {
        let transaction = paid.get(&epoch);
        let mut answer = EpochAnswer {
            epoch: epoch.0,
            is_paid: transaction.is_some(),
            transaction_hash: transaction.map(ToString::to_string),
            in_service: None,
            reason: None,
        };
        if let Some(service) = service
            && !answer.is_paid
            && handed.contains(&epoch)
        {
            match service.claim_status(nullifier(epoch)).await {
                Ok(view) => {
                    answer.in_service = Some(view.status);
                    answer.reason = view.reason;
                }
                Err(ClientError::Refused(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        claims.push(answer);
    }
    Ok(claims)
}

fn describe(answer: &StatusAnswer) -> String {
    let member = if answer.is_member {
        "You are a member and can claim this epoch."
    } else {
        "You cannot claim this epoch: enrol at an orb first; who has just enrolled can claim the next epoch."
    };
    let mut text = format!(
        "commitment {}\nepoch {}, the next one begins in {} seconds\n{member}",
        answer.commitment, answer.epoch, answer.seconds_to_next_epoch
    );
    for claim in &answer.claims {
        text.push_str(&format!("\nepoch {}: {}", claim.epoch, standing(claim)));
    }
    text
}

fn standing(claim: &EpochAnswer) -> String {
    if let Some(hash) = &claim.transaction_hash {
        return format!("paid, transaction {hash}");
    }
    match (claim.in_service, &claim.reason) {
        (Some(ClaimStatus::Rejected), Some(reason)) => {
            format!("not paid, the service rejected the claim: {reason}")
        }
        (Some(ClaimStatus::Rejected), None) => {
            "not paid, the service rejected the claim".to_owned()
        }
        (Some(_), _) => "not paid yet, the claim is with the service".to_owned(),
        (None, _) => "not paid".to_owned(),
    }
}
