use std::path::Path;

use annona_files::{FileError, decode_text, read_text};
use proptest::prelude::*;

fn decode(bytes: &[u8]) -> Result<&str, FileError> {
    decode_text(Path::new("file"), bytes)
}

#[test]
fn a_byte_order_mark_is_skipped_and_utf_16_is_named() {
    assert_eq!(decode(b"\xef\xbb\xbftext").unwrap(), "text");
    assert_eq!(decode(b"text").unwrap(), "text");
    for utf16 in [&b"\xff\xfet\0"[..], b"\xfe\xff\0t"] {
        assert!(matches!(decode(utf16), Err(FileError::Utf16 { .. })));
    }
    assert!(matches!(decode(b"\xc3"), Err(FileError::NotText { .. })));
}

#[test]
fn what_cannot_be_read_is_named_with_a_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let missing = read_text(&folder.path().join("none"), 10).unwrap_err();
    assert!(missing.is_not_found());
    assert!(missing.to_string().ends_with("none; there is no such file"));
    let path = folder.path().join("long");
    std::fs::write(&path, "0123456789x").unwrap();
    let refused = read_text(&path, 10);
    assert!(matches!(
        refused,
        Err(FileError::TooLarge { limit: 10, .. })
    ));
    assert_eq!(read_text(&path, 11).unwrap(), "0123456789x");
    let refused = read_text(folder.path(), 10);
    assert!(matches!(refused, Err(FileError::NotAFile { .. })));
}

proptest! {
    #[test]
    fn any_text_is_read_with_and_without_a_mark(text in "\\PC*") {
        prop_assume!(!text.starts_with('\u{feff}'));
        prop_assert_eq!(decode(text.as_bytes()).unwrap(), &text);
        let marked = format!("\u{feff}{text}");
        prop_assert_eq!(decode(marked.as_bytes()).unwrap(), &text);
    }
}
