use std::fs;

use annona_circuits::CircuitId;
use annona_keys::{KeyError, KeyFolder, pinned};
use annona_proofs::KeyOrigin;

const CIRCUIT: CircuitId = CircuitId::Append16;

#[test]
fn a_test_key_is_made_once_pinned_named_and_checked() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = KeyFolder::new(scratch.path().join("keys"));
    assert!(folder.list().unwrap().is_empty());
    let made = folder.test_key(CIRCUIT).unwrap();
    assert_eq!(made.hash(), pinned(CIRCUIT).test_key_hash);

    let listed = folder.list().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].circuit, listed[0].origin),
        (CIRCUIT, KeyOrigin::UnsafeTest)
    );
    assert_eq!(listed[0].hash, made.hash());
    let path = listed[0].path.clone();
    assert!(path.to_string_lossy().contains("UNSAFE-TEST"));
    let bytes = fs::read(&path).unwrap();
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap();
    assert!(String::from_utf8_lossy(header).contains("UNSAFE-TEST"));

    let load = || folder.load(CIRCUIT, KeyOrigin::UnsafeTest);
    assert_eq!(load().unwrap().hash(), made.hash());

    // One bit anywhere in the points.
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&path, damaged).unwrap();
    assert!(matches!(load(), Err(KeyError::Damaged { .. })));
    fs::write(&path, &bytes[..100]).unwrap();
    assert!(matches!(load(), Err(KeyError::NotAKey { .. })));

    // Something else in the key's place is no key that may be replaced.
    fs::write(&path, "secret").unwrap();
    assert!(matches!(folder.test_key(CIRCUIT), Err(KeyError::Output(_))));
    assert!(matches!(
        folder.store(CIRCUIT, &made),
        Err(KeyError::Output(_))
    ));
    assert_eq!(fs::read(&path).unwrap(), b"secret");

    // A test key does not become another one by a new name.
    fs::write(&path, &bytes).unwrap();
    let renamed = folder.file(CIRCUIT, KeyOrigin::Ceremony);
    fs::copy(&path, renamed).unwrap();
    let refused = folder.load(CIRCUIT, KeyOrigin::Ceremony);
    assert!(matches!(refused, Err(KeyError::NotAKey { .. })));
    let renamed = folder.file(CircuitId::Append256, KeyOrigin::UnsafeTest);
    fs::copy(&path, renamed).unwrap();
    let refused = folder.load(CircuitId::Append256, KeyOrigin::UnsafeTest);
    assert!(matches!(refused, Err(KeyError::NotAKey { .. })));
}
