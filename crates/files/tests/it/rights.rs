use std::fs::{Permissions, metadata, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use annona_files::{
    Audience, Exposure, FileError, create_folder, open_private, read_secret, restrict, write_new,
};

pub(crate) fn mode(path: &Path) -> u32 {
    metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_secret_that_others_can_read_is_refused_or_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    write_new(&path, Audience::Owner, b"secret").unwrap();
    assert_eq!(mode(&path), 0o600);
    for shared in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666] {
        set_mode(&path, shared);
        let refused = read_secret(&path, 100, Exposure::Refuse).unwrap_err();
        assert!(matches!(refused, FileError::Shared { .. }), "{shared:o}");
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
        let text = read_secret(&path, 100, Exposure::Repair).unwrap();
        assert_eq!((&**text, mode(&path)), ("secret", 0o600));
    }
}

#[test]
fn a_link_is_read_by_the_rights_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("secret"), folder.path().join("link"));
    write(&path, "secret").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    set_mode(&path, 0o600);
    open_private(&link, Exposure::Refuse).unwrap();
    set_mode(&path, 0o644);
    let refused = open_private(&link, Exposure::Refuse);
    assert!(matches!(refused, Err(FileError::Shared { .. })));
}

#[test]
fn a_private_folder_is_closed_from_the_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("above/within");
    create_folder(&path, Audience::Owner).unwrap();
    assert_eq!(mode(&path), 0o700);
    set_mode(&path, 0o755);
    create_folder(&path, Audience::Owner).unwrap();
    assert_eq!(mode(&path), 0o755, "an existing one is left as it is");
    restrict(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
}
