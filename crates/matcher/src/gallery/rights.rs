//! Rights of other users to a gallery's files.
#![allow(clippy::unwrap_used)]

use std::fs::{Permissions, metadata, read, read_dir, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::tests::{fill, segment, writer};
use super::*;

/// Modes of everything in a gallery's folder, and of the folder itself.
fn modes(folder: &Path) -> Vec<(String, u32)> {
    let mode = |path: &Path| metadata(path).unwrap().permissions().mode() & 0o777;
    let items = read_dir(folder).unwrap();
    let mut all: Vec<_> = items
        .map(|item| item.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                mode(&path),
            )
        })
        .collect();
    all.push((".".to_owned(), mode(folder)));
    all.sort();
    all
}

fn open_to_others(folder: &Path) {
    let set = |path: &Path, mode| {
        set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    for item in read_dir(folder).unwrap() {
        set(&item.unwrap().path(), 0o644);
    }
    set(folder, 0o755);
}

/// Rights of the other users of a machine to a gallery that was written and has lost a
/// damaged entry: none.
#[test]
fn templates_are_kept_to_the_owner_of_the_gallery() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("annona.gallery");
    let expected = [
        (".", 0o700),
        ("000000000001.segment", 0o600),
        ("000000000005.segment", 0o600),
        ("lock", 0o600),
        ("tombstones", 0o600),
    ]
    .map(|(name, mode)| (name.to_owned(), mode));
    let mut gallery = writer(&folder);
    fill(&mut gallery, 1..=6);
    gallery.delete(2).unwrap();
    drop(gallery);
    assert_eq!(modes(&folder), expected);

    for access in [Access::Read, Access::Write] {
        open_to_others(&folder);
        Gallery::open_with(&folder, access, 4).unwrap();
        assert_eq!(modes(&folder), expected, "{access:?}");
    }
    let path = segment(&folder, 5);
    let mut bytes = read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    write(&path, bytes).unwrap();
    assert_eq!(writer(&folder).len(), 5);
    assert_eq!(modes(&folder), expected, "a segment that was repaired");
}

#[test]
fn a_folder_with_other_things_is_not_taken_from_those_who_use_it() {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut writer(folder.path()), 1..=2);
    for name in ["mine.new", "mine.segment", "notes"] {
        write(folder.path().join(name), "mine").unwrap();
    }
    open_to_others(folder.path());
    let refused = Gallery::open_with(folder.path(), Access::Write, 4).unwrap_err();
    assert!(refused.to_string().contains("chmod 700"), "{refused}");
    assert!(modes(folder.path()).contains(&(".".to_owned(), 0o755)));

    let owner_only = Permissions::from_mode(0o700);
    set_permissions(folder.path(), owner_only).unwrap();
    writer(folder.path()).clear().unwrap();
    for name in ["mine.new", "mine.segment", "notes"] {
        let kept = read(folder.path().join(name)).unwrap();
        assert_eq!(kept, b"mine", "{name}");
    }
}
