//! Packages that orbs sealed for citizens: kept without being read, handed to the visit's key,
//! and deleted.

use annona_core::{B256, CustodyRequest, EnrolmentDomain};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};

use crate::ports::{PackageToKeep, StoreError};
use crate::{EnrolmentService, SealedPackage};

/// Reason for which a package is not handed out, or not deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CustodyError {
    /// Nothing is kept for the nonce: there was no package, it was delivered, or it is too old.
    #[error("no package is kept for this visit")]
    Unknown,
    /// The request is not signed by the key of the visit (ENROL-22).
    #[error("the request is not signed by the key of the visit")]
    Signature,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EnrolmentService {
    /// Returns the package that an orb sealed for the visit of `nonce` to whoever has the visit's
    /// key (ENROL-22). It stays until the device confirms that it has it.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn collect_package(
        &self,
        nonce: B256,
        signature: &[u8; 64],
    ) -> Result<Vec<u8>, CustodyError> {
        let package = self
            .package(nonce, CustodyRequest::Collect, signature)
            .await?;
        Ok(package.sealed)
    }

    /// Deletes the package of a visit, which the device has opened.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn confirm_package(
        &self,
        nonce: B256,
        signature: &[u8; 64],
    ) -> Result<(), CustodyError> {
        self.package(nonce, CustodyRequest::Confirm, signature)
            .await?;
        if self.store().wipe_package(nonce).await? {
            Ok(())
        } else {
            Err(CustodyError::Unknown)
        }
    }

    async fn package(
        &self,
        nonce: B256,
        request: CustodyRequest,
        signature: &[u8; 64],
    ) -> Result<SealedPackage, CustodyError> {
        let kept = self.store().package_of_nonce(nonce).await?;
        let PackageToKeep {
            package,
            keep_until,
        } = kept.ok_or(CustodyError::Unknown)?;
        // A request that nobody signed writes nothing, but to wipe what is too old.
        if keep_until < self.now() {
            self.store().wipe_old_packages(self.now()).await?;
            return Err(CustodyError::Unknown);
        }
        if is_signed(&package.visit_key, request, self.domain(), nonce, signature) {
            Ok(package)
        } else {
            Err(CustodyError::Signature)
        }
    }
}

/// Browsers write `s` in either half, so that both are taken; a request means the same under both.
fn is_signed(
    key: &[u8; 33],
    request: CustodyRequest,
    domain: &EnrolmentDomain,
    nonce: B256,
    signature: &[u8; 64],
) -> bool {
    let key = VerifyingKey::from_sec1_bytes(key);
    let signature = Signature::from_slice(signature);
    let message = request.message(domain, nonce);
    key.is_ok_and(|key| signature.is_ok_and(|it| key.verify(&message, &it).is_ok()))
}
