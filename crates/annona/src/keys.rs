use std::path::Path;

use annona_chain::{Deployment, PrivateKeySigner};
use annona_core::Address;
use anyhow::{Context, bail, ensure};
use zeroize::Zeroizing;

/// Reads a secret key: a file of 64 hexadecimal digits that only its owner can read.
pub(crate) fn read(path: &Path) -> anyhow::Result<PrivateKeySigner> {
    refuse_shared(path)?;
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .with_context(|| format!("cannot read the key file {}", path.display()))?;
    // The parser's own error is dropped, because it could quote the key.
    text.trim().parse().map_err(|_| {
        anyhow::anyhow!(
            "{} does not hold a secp256k1 key of 64 hexadecimal digits",
            path.display()
        )
    })
}

/// The key for receipts is the one that the deployment names.
pub(crate) fn ensure_named(signer: Address, deployment: &Deployment) -> anyhow::Result<()> {
    let named = deployment.receipt_signer;
    ensure!(
        signer == named,
        "receipt_file holds the key of {signer}, and the deployment file names {named} as the signer of receipts: nobody could hold the service to what it promises"
    );
    Ok(())
}

/// Writes a secret key to a new file that only its owner can read.
pub(crate) fn write_new(path: &Path, key: &PrivateKeySigner) -> anyhow::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let digits = Zeroizing::new(format!("{:x}\n", key.to_bytes()));
    let mut file = options
        .open(path)
        .with_context(|| format!("cannot create the key file {}", path.display()))?;
    file.write_all(digits.as_bytes())?;
    Ok(())
}

#[cfg(unix)]
fn refuse_shared(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path)
        .with_context(|| format!("cannot read the key file {}", path.display()))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        bail!(
            "others can read the key file {0}: run `chmod 600 {0}`",
            path.display()
        );
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_shared(_path: &Path) -> anyhow::Result<()> {
    Ok(())
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
        std::fs::write(&path, "not-a-key-but-secret").unwrap();
        assert!(!format!("{:?}", read(&path).unwrap_err()).contains("secret"));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_new(&path, &PrivateKeySigner::random()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("chmod 600"));
    }
}
