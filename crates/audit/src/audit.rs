use alloy::providers::DynProvider;
use annona_chain::Deployment;

use crate::checks;
use crate::gather::gather;
use crate::{AuditError, CheckResult, Report};

/// Audits `deployment` up to the endpoint's newest block; `progress` is told of
/// each check as it ends.
///
/// # Errors
/// [`AuditError`] when the chain cannot be read. What is wrong on the chain is
/// in the report.
pub async fn audit(
    provider: &DynProvider,
    deployment: &Deployment,
    progress: impl FnMut(&CheckResult),
) -> Result<Report, AuditError> {
    let data = gather(provider, deployment).await?;
    Ok(checks::run(&data, progress))
}
