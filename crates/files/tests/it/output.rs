use std::fs::{read, read_dir, write};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use annona_files::{Audience, FileError, OutputFile, Purpose, write_new, write_over};

use crate::rights::mode;

const BOTH: [Audience; 2] = [Audience::Owner, Audience::Everybody];

fn purpose() -> Purpose<'static> {
    Purpose::beginning_with("a table", b"table ")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = read_dir(folder)
        .unwrap()
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_new_file_never_takes_the_place_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for audience in BOTH {
        write(&path, "mine").unwrap();
        let refused = write_new(&path, audience, b"other").unwrap_err();
        assert!(matches!(refused, FileError::Exists { .. }));
        assert_eq!(read(&path).unwrap(), b"mine");
        std::fs::remove_file(&path).unwrap();

        let mut late = OutputFile::create(&path, audience).unwrap();
        late.put(b"other").unwrap();
        write(&path, "mine").unwrap();
        assert!(matches!(late.commit(), Err(FileError::Exists { .. })));
        assert_eq!(read(&path).unwrap(), b"mine");
        assert_eq!(names(folder.path()), ["file"], "nothing is left beside it");
    }
}

#[test]
fn a_file_is_replaced_only_by_one_for_the_same_purpose() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for audience in BOTH {
        for own in ["", "table 1"] {
            write(&path, own).unwrap();
            write_over(&path, audience, purpose(), b"table 2").unwrap();
            assert_eq!(read(&path).unwrap(), b"table 2");
        }
        for foreign in ["tabl", "secret", "Table 1", "{}"] {
            write(&path, foreign).unwrap();
            let refused = write_over(&path, audience, purpose(), b"table 2").unwrap_err();
            assert!(matches!(refused, FileError::Foreign { .. }), "{foreign}");
            assert_eq!(read(&path).unwrap(), foreign.as_bytes());
        }
        write(&path, "table 1").unwrap();
        let mut late = OutputFile::replace(&path, audience, purpose()).unwrap();
        late.put(b"table 2").unwrap();
        write(&path, "secret").unwrap();
        assert!(matches!(late.commit(), Err(FileError::Foreign { .. })));
        assert_eq!(read(&path).unwrap(), b"secret");
        assert_eq!(names(folder.path()), ["file"]);
    }
}

#[test]
fn the_old_contents_stay_until_the_new_ones_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    write(&path, "table 1").unwrap();
    let mut file = OutputFile::replace(&path, Audience::Everybody, purpose()).unwrap();
    file.reserve(1_000).unwrap();
    file.write_all(b"table ").unwrap();
    assert_eq!(read(&path).unwrap(), b"table 1");
    drop(file);
    assert_eq!(read(&path).unwrap(), b"table 1");
    assert_eq!(names(folder.path()), ["file"]);

    let mut file = OutputFile::replace(&path, Audience::Everybody, purpose()).unwrap();
    file.reserve(1_000).unwrap();
    file.put(b"table 2").unwrap();
    file.commit().unwrap();
    assert_eq!(
        read(&path).unwrap(),
        b"table 2",
        "what was reserved is cut off"
    );
}

#[test]
fn rights_are_those_of_the_audience() {
    let folder = tempfile::tempdir().unwrap();
    let private = folder.path().join("private");
    write_new(&private, Audience::Owner, b"1").unwrap();
    assert_eq!(mode(&private), 0o600);
    let public = folder.path().join("public");
    write_new(&public, Audience::Everybody, b"1").unwrap();
    let plain = folder.path().join("plain");
    write(&plain, "1").unwrap();
    assert_eq!(mode(&public), mode(&plain), "those that the umask leaves");
}

#[test]
fn links_are_followed_for_everybody_and_refused_for_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    write(&file, "table 1").unwrap();
    symlink(&file, &link).unwrap();
    write_over(&link, Audience::Everybody, purpose(), b"table 2").unwrap();
    assert!(link.is_symlink());
    assert_eq!(read(&file).unwrap(), b"table 2");
    let refused = write_over(&link, Audience::Owner, purpose(), b"table 3");
    assert!(matches!(refused, Err(FileError::Link { .. })));
    assert!(write_new(&link, Audience::Owner, b"table 3").is_err());
    assert!(write_new(&link, Audience::Everybody, b"table 3").is_err());
    std::fs::remove_file(&file).unwrap();
    for audience in BOTH {
        assert!(write_new(&link, audience, b"table 3").is_err());
    }
    assert!(!file.exists(), "nothing is made behind a dangling link");
}

#[test]
fn devices_are_written_to_and_never_replaced() {
    let null = Path::new("/dev/null");
    write_new(null, Audience::Everybody, b"1").unwrap();
    write_over(null, Audience::Everybody, purpose(), b"1").unwrap();
    assert!(write_new(null, Audience::Owner, b"1").is_err());
    assert!(write_over(null, Audience::Owner, purpose(), b"1").is_err());
    let full = write_new(Path::new("/dev/full"), Audience::Everybody, b"1").unwrap_err();
    assert!(full.to_string().contains("the disk is full"), "{full}");
}

#[test]
fn a_place_where_nothing_can_be_made_is_named_with_a_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none/file");
    let refused = OutputFile::create(&missing, Audience::Everybody)
        .err()
        .unwrap();
    assert!(refused.to_string().contains("make it first"), "{refused}");
    let slash = folder.path().join("file/");
    for path in [folder.path(), &slash, Path::new(""), Path::new("..")] {
        let refused = OutputFile::create(path, Audience::Everybody).err().unwrap();
        assert!(matches!(refused, FileError::NotAFile { .. }), "{path:?}");
    }
    let beneath_a_file = folder.path().join("plain/file");
    write(folder.path().join("plain"), "1").unwrap();
    assert!(OutputFile::create(&beneath_a_file, Audience::Owner).is_err());
}
