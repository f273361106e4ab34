//! The pipeline gives what it gave, on every machine and any number of threads.

use annona_iris::{Eye, encode_bytes};
use serde_json::Value;

use crate::vectors::{fingerprint, folder, golden, images};

#[test]
fn every_image_becomes_the_frozen_sheet_and_template() {
    let kept = std::fs::read_to_string(folder().join("golden.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(
        golden(&images()),
        kept,
        "the pipeline changed; when that was meant, run `cargo xtask gen` and commit the result"
    );
}

#[test]
fn most_of_the_vectors_are_templates_and_no_two_are_equal() {
    let golden = golden(&images());
    let templates: std::collections::BTreeSet<&str> = golden["images"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|image| image["template_keccak256"].as_str())
        .collect();
    assert!(templates.len() >= 3, "{golden:#}");
}

#[test]
fn one_thread_and_many_give_the_same() {
    let images = images();
    let encode = |bytes: &[u8]| fingerprint(&encode_bytes(bytes, Eye::Left).unwrap());
    let (name, bytes) = &images[0];
    let alone = encode(bytes);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8).map(|_| scope.spawn(|| encode(bytes))).collect();
        for worker in workers {
            assert!(worker.join().unwrap() == alone, "{name}");
        }
    });
}
