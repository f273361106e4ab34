use alloy::providers::DynProvider;
use annona_bindings::Deployment;
use annona_core::UnixSeconds;

use crate::data::ChainData;
use crate::gather::{gather, is_canonical, read_head};
use crate::{AuditError, AuditProgress, AuditReport, checks};

/// Times that an audit is begun when the chain is reorganised under it (AUDIT-37).
const ATTEMPTS: usize = 2;

/// Audits `deployment` up to the endpoint's newest block, which is held against
/// the time `now`.
///
/// ```no_run
/// # use std::path::Path;
/// # use annona_audit::audit;
/// # use annona_bindings::Deployment;
/// # use annona_core::UnixSeconds;
/// # async fn check(now: UnixSeconds) -> Result<(), Box<dyn std::error::Error>> {
/// let deployment = Deployment::load(Path::new("deployment.json"))?;
/// let endpoint = annona_rpc::connect("https://rpc.example")?;
/// let report = audit(&endpoint, &deployment, now, |_progress| ()).await?;
/// println!("{:?}", report.verdict());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`AuditError`] when the chain cannot be read. Faults on the chain, and the parts of it that the
/// endpoint does not show, are in the report.
pub async fn audit(
    provider: &DynProvider,
    deployment: &Deployment,
    now: UnixSeconds,
    mut progress: impl FnMut(AuditProgress<'_>),
) -> Result<AuditReport, AuditError> {
    let mut attempt = 1;
    let data = loop {
        match read(provider, deployment, now, &mut progress).await {
            Err(AuditError::Reorganised { number }) if attempt < ATTEMPTS => {
                attempt += 1;
                progress(AuditProgress::BegunAgain { number });
            }
            read => break read?,
        }
    };
    Ok(checks::run(&data, |check| {
        progress(AuditProgress::Checked(check));
    }))
}

/// Reads all data; a failure on a chain whose head was replaced meanwhile is reported as a reorg.
async fn read(
    provider: &DynProvider,
    deployment: &Deployment,
    now: UnixSeconds,
    progress: &mut impl FnMut(AuditProgress<'_>),
) -> Result<ChainData, AuditError> {
    let head = read_head(provider, deployment).await?;
    let replaced = AuditError::Reorganised {
        number: head.number,
    };
    let data = gather(provider, deployment, head, now, progress).await;
    match (data, is_canonical(provider, &head).await) {
        (Ok(data), Ok(true)) => Ok(data),
        (_, Ok(false)) => Err(replaced),
        (Err(error), _) | (Ok(_), Err(error)) => Err(error),
    }
}
