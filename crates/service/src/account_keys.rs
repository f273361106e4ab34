//! Files of secret keys of accounts: reading, writing, and the check of the key for receipts.

use std::path::Path;

use annona_bindings::Deployment;
use annona_chain::PrivateKeySigner;
use annona_core::Address;
use annona_files::{Audience, Exposure, FileError, read_secret, write_new as write_new_file};
use anyhow::{Context, ensure};
use zeroize::Zeroizing;

/// Bytes that a key file can have at most.
const MAX_FILE_BYTES: u64 = 1_024;

/// Reads a secret key: a file of 64 hexadecimal digits that only its owner can read.
pub fn read(path: &Path) -> anyhow::Result<PrivateKeySigner> {
    let text = read_secret(path, MAX_FILE_BYTES, Exposure::Refuse)
        .context("the key file cannot be used")?;
    // The parser's own error is dropped, because it could quote the key.
    text.trim().parse().map_err(|_| {
        anyhow::anyhow!(
            "{} does not hold a secp256k1 key of 64 hexadecimal digits",
            path.display()
        )
    })
}

/// The key for receipts is the one that the deployment names (RCPT-1).
pub fn ensure_named(signer: Address, deployment: &Deployment) -> anyhow::Result<()> {
    let named = deployment.receipt_signer;
    ensure!(
        signer == named,
        "receipt_file holds the key of {signer}, and the deployment file names {named} as the signer of receipts: nobody could hold the service to what it promises"
    );
    Ok(())
}

/// Writes a secret key to a new file that only its owner can read.
pub fn write_new(path: &Path, key: &PrivateKeySigner) -> Result<(), FileError> {
    let digits = Zeroizing::new(format!("{:x}\n", key.to_bytes()));
    write_new_file(path, Audience::Owner, digits.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_goes_there_and_back_and_is_never_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = PrivateKeySigner::random();
        write_new(&path, &key).unwrap();
        assert_eq!(read(&path).unwrap().address(), key.address());
        assert!(
            write_new(&path, &key).is_err(),
            "a key is never overwritten"
        );
        let text = std::fs::read_to_string(&path).unwrap();
        for saved in [format!("\u{feff}{text}"), text.replace('\n', "\r\n ")] {
            std::fs::write(&path, saved).unwrap();
            assert_eq!(read(&path).unwrap().address(), key.address());
        }
        std::fs::write(&path, "not-a-key-but-secret").unwrap();
        assert!(!format!("{:?}", read(&path).unwrap_err()).contains("secret"));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_new(&path, &PrivateKeySigner::random()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = format!("{:#}", read(&path).unwrap_err());
        assert!(refused.contains("chmod 600"), "{refused}");
    }
}
