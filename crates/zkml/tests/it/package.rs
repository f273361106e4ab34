use annona_model::{Eye, ModelName};
use annona_zkml::{IrisPackage, PackageError};
use serde_json::{Value, json};

use crate::world::{iris, package, rng};

#[test]
fn a_package_is_read_as_it_was_written() {
    for model in ModelName::ALL {
        for eye in [Eye::Left, Eye::Right] {
            let package = IrisPackage::new(eye, iris(model), &mut rng(3));
            let read = IrisPackage::from_json(&package.to_json()).unwrap();
            assert_eq!(read, package);
            assert_eq!(read.image_commitment(), package.image_commitment());
            let size = model.model().size();
            let all = ModelName::ALL.into_iter();
            let readers: Vec<ModelName> = all.filter(|it| it.model().size() == size).collect();
            assert!(readers.contains(&model));
            assert_eq!(read.models().collect::<Vec<_>>(), readers);
        }
    }
}

#[test]
fn damaged_packages_are_refused() {
    let honest: Value = serde_json::from_str(&package(Eye::Left).to_json()).unwrap();
    for (member, value) in [
        ("format", json!("annona-iris-package-2")),
        ("eye", json!("third")),
        ("pixels", json!("0g")),
        ("pixels", json!("000")),
        ("noise", json!("02".repeat(120))),
        ("name", json!("no member of it")),
    ] {
        let mut changed = honest.clone();
        changed[member] = value;
        let refusal = IrisPackage::from_json(&changed.to_string()).unwrap_err();
        assert!(matches!(refusal, PackageError::NotAPackage(_)), "{member}");
    }
    let mut changed = honest.clone();
    changed["pixels"] = json!("80".repeat(480));
    let refusal = IrisPackage::from_json(&changed.to_string()).unwrap_err();
    assert!(matches!(refusal, PackageError::Iris(_)));
    let mut changed = honest.clone();
    changed["width"] = json!(44);
    let refusal = IrisPackage::from_json(&changed.to_string()).unwrap_err();
    assert!(matches!(refusal, PackageError::UnknownSize { .. }));
    let mut changed = honest;
    changed["code_salt"] = json!(format!("0x{}", "f".repeat(64)));
    let refusal = IrisPackage::from_json(&changed.to_string()).unwrap_err();
    assert!(matches!(refusal, PackageError::Salt(_)));
}

/// Tests ZKML-9.
#[test]
fn nothing_of_an_eye_is_printed() {
    let shown = format!("{:?}", package(Eye::Left));
    assert_eq!(
        shown,
        "IrisPackage { eye: Left, iris: NormalisedIris(40 by 12), image_salt: Salt(..), code_salt: Salt(..) }"
    );
}

/// Tests ZKML-2 and ZKML-3: equal irises of different people, and one iris twice, look unlike.
#[test]
fn salts_hide_what_is_committed_to() {
    let [one, other] =
        [1, 2].map(|seed| IrisPackage::new(Eye::Left, iris(ModelName::Ci), &mut rng(seed)));
    assert_ne!(one.image_commitment(), other.image_commitment());
    let code = |it: &IrisPackage| it.code_commitment(ModelName::Ci).unwrap().1;
    assert_ne!(code(&one), code(&other));
    assert_ne!(code(&one), one.image_commitment());
    assert!(one.code_commitment(ModelName::P).is_err());
}
