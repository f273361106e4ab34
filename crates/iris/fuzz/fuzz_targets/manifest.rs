//! Lines that may be a manifest of `annona iris evaluate`.
#![no_main]

#[expect(dead_code, reason = "only the parser is fuzzed, not what reads files")]
#[path = "../../../evaluation/src/images/manifest.rs"]
mod manifest;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(entries) = manifest::parse(data) {
        assert!(!entries.is_empty());
        assert!(entries.iter().all(|e| e.line > 1 && !e.subject.is_empty()));
    }
});
