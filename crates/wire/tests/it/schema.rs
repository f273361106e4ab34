//! The parser takes exactly the texts that `docs/openapi.json` allows.

use std::sync::LazyLock;

use annona_core::{Address, BASE_MODULUS, MAX_SEALED_BYTES, SCALAR_MODULUS, U256};
use annona_template::IrisTemplate;
use annona_wire::{
    AddressText, AmountText, AnyTemplateText, Base64Text, ClaimRequest, ClaimView, CommitmentText,
    ConfigView, CoordinateText, EnrolmentRequest, EnrolmentView, EpochView, EyeCommitmentsRequest,
    ModelUpgradeView, Problem, ProofPairText, ReceiptView, RefusalView, ScalarText,
    SealedPackageRequest, SealedPackageView, SignatureText, TemplateText, TemplateUpgradeRequest,
    TemplateUpgradeView, UnsignedNumber, UpgradedCodesRequest, VisitKeyText, VisitSignatureRequest,
    VisitSignatureText, WordText,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use regex::Regex;
use serde_json::{Value, json};
use utoipa::ToSchema;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
});

/// A body that is parsed, one that parses, and the number of its texts.
struct Body {
    name: &'static str,
    valid: Value,
    parses: fn(Value) -> bool,
    texts: usize,
}

/// A text of a body.
struct Field {
    pointer: String,
    pattern: Regex,
    written: String,
    format: Option<String>,
}

macro_rules! parses {
    ($body:ty) => {
        |value| serde_json::from_value::<$body>(value).is_ok_and(|body| body.parse().is_ok())
    };
}

fn bodies() -> [Body; 7] {
    let (one, address) = (format!("0x{:064x}", 1), format!("0x{:040x}", 1));
    let signature = format!("0x{:0128x}1b", 1);
    let template: String = IrisTemplate::from_columns([3; _], [7; _])
        .to_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let terms = json!({
        "nullifierHash": one, "epoch": 1, "recipient": address, "feeRecipient": address,
        "fee": "0", "root": one, "signature": signature,
    });
    let with = |more: Value| {
        let mut whole = terms.clone();
        let fields = whole.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        whole
    };
    [
        Body {
            name: "ClaimRequest",
            valid: json!({
                "epoch": 1, "nullifierHash": one, "recipient": address, "feeRecipient": address,
                "fee": "0", "proof": [one, one, one, one, one, one, one, one],
            }),
            parses: parses!(ClaimRequest),
            texts: 5,
        },
        Body {
            name: "EnrolmentRequest",
            valid: json!({
                "commitment": one, "irisDigest": one, "imageDigest": one, "modelId": one,
                "kind": "new", "capturedAt": 1, "nonce": one, "signature": signature,
                "leftTemplate": format!("0x{template}"), "rightTemplate": format!("0x{template}"),
            }),
            parses: parses!(EnrolmentRequest),
            texts: 8,
        },
        Body {
            name: "EyeCommitmentsRequest",
            valid: json!({ "imageCommitment": one, "codeCommitment": one, "codeSalt": one }),
            parses: parses!(EyeCommitmentsRequest),
            texts: 3,
        },
        Body {
            name: "SealedPackageRequest",
            valid: json!({ "visitKey": format!("0x{:066x}", 1), "sealed": "AAEC" }),
            parses: parses!(SealedPackageRequest),
            texts: 2,
        },
        Body {
            name: "VisitSignatureRequest",
            valid: json!({ "signature": format!("0x{:0128x}", 1) }),
            parses: parses!(VisitSignatureRequest),
            texts: 1,
        },
        Body {
            name: "ReceiptView",
            valid: with(json!({ "takenAt": 1, "deadline": 2 })),
            parses: parses!(ReceiptView),
            texts: 6,
        },
        Body {
            name: "RefusalView",
            valid: with(json!({ "reason": "census-reached", "blockNumber": 1, "blockTime": 2 })),
            parses: parses!(RefusalView),
            texts: 6,
        },
    ]
}

/// Follows a reference of the document.
fn resolved(schema: &'static Value) -> &'static Value {
    let Some(reference) = schema["$ref"].as_str() else {
        return schema;
    };
    DOCUMENT.pointer(&reference[1..]).unwrap()
}

/// The texts of a body, as the document describes them. A list is described by its items, of
/// which the last is looked at.
fn fields(body: &Body) -> Vec<Field> {
    let schema = &DOCUMENT["components"]["schemas"][body.name];
    let mut found = Vec::new();
    for (name, property) in schema["properties"].as_object().unwrap() {
        let mut property = resolved(property);
        let mut pointer = format!("/{name}");
        if property["type"] == "array" {
            pointer += &format!("/{}", property["minItems"].as_u64().unwrap() - 1);
            property = resolved(&property["items"]);
        }
        if property["type"] != "string" || property["enum"].is_array() {
            continue;
        }
        // A reason is the service's own text, in no form.
        let Some(written) = property["pattern"].as_str() else {
            assert_eq!((body.name, name.as_str()), ("RefusalView", "reason"));
            continue;
        };
        found.push(Field {
            pointer,
            pattern: Regex::new(written).unwrap(),
            written: written.to_owned(),
            format: property["format"].as_str().map(str::to_owned),
        });
    }
    assert_eq!(found.len(), body.texts, "{}", body.name);
    found
}

impl Field {
    fn allows(&self, text: &str) -> bool {
        self.pattern.is_match(text) && self.format.as_deref().is_none_or(|it| is_of(it, text))
    }

    /// Texts that the pattern allows.
    fn arb_text(&self) -> BoxedStrategy<String> {
        let written = self.written.trim_start_matches('^').trim_end_matches('$');
        string_regex(written).unwrap().boxed()
    }
}

/// Decides what a format adds to its pattern.
fn is_of(format: &str, text: &str) -> bool {
    let number = || U256::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    match format {
        "bn254-scalar" => number() < SCALAR_MODULUS,
        "bn254-scalar-nonzero" => number() < SCALAR_MODULUS && !number().is_zero(),
        "bn254-coordinate" => number() < BASE_MODULUS,
        "base64" => STANDARD
            .decode(text)
            .is_ok_and(|bytes| (1..=MAX_SEALED_BYTES).contains(&bytes.len())),
        "uint256-decimal" => U256::from_str_radix(text, 10).is_ok(),
        "eip55-address" => {
            let (digits, address) = (&text[2..], text.to_lowercase().parse::<Address>().unwrap());
            digits == digits.to_lowercase()
                || digits == digits.to_uppercase()
                || text == address.to_checksum(None)
        }
        unknown => panic!("unknown format {unknown}"),
    }
}

/// A text beside `text`: of another length, another case, or with another character.
fn neighbour(text: &str, change: u8, place: &Index, character: char) -> String {
    let mut changed: Vec<char> = text.chars().collect();
    let place = place.index(changed.len());
    match change {
        0 => drop(changed.remove(place)),
        1 => changed.insert(place, character),
        2 => changed[place] = character,
        3 => changed.push(character),
        4 => return text.to_lowercase(),
        5 => return text.to_uppercase().replacen('X', "x", 1),
        6 => return text.to_uppercase(),
        _ => return format!("{text}\n"),
    }
    changed.into_iter().collect()
}

fn with_text(body: &Body, field: &Field, text: &str) -> Value {
    let mut value = body.valid.clone();
    *value.pointer_mut(&field.pointer).unwrap() = text.into();
    value
}

/// A runner for one field: it counts its cases over all its runs. Templates are long.
fn runner(field: &Field) -> TestRunner {
    let config = Config {
        cases: if field.pointer.ends_with("Template") {
            8
        } else {
            128
        },
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn the_parser_takes_what_the_document_allows_and_refuses_its_neighbours() {
    for body in bodies() {
        assert!((body.parses)(body.valid.clone()), "{}", body.name);
        for field in fields(&body) {
            let character = prop_oneof![
                prop::char::range('0', 'g'),
                prop::char::range(' ', '~'),
                any::<char>()
            ];
            let cases = (field.arb_text(), 0_u8..8, any::<Index>(), character);
            let agree = |text: &str| {
                let is_taken = (body.parses)(with_text(&body, &field, text));
                prop_assert_eq!(
                    is_taken,
                    field.allows(text),
                    "{}{}: {:?}",
                    body.name,
                    field.pointer,
                    text
                );
                Ok(())
            };
            let outcome = runner(&field).run(&cases, |(text, change, place, character)| {
                agree(&text)?;
                agree(&neighbour(&text, change, &place, character))
            });
            outcome.unwrap();
        }
    }
}

#[test]
fn the_edges_of_each_range_are_where_the_document_puts_them() {
    let word = |number: U256| format!("0x{number:064x}");
    let address = Address::repeat_byte(0xab).to_checksum(None);
    for body in bodies() {
        for field in fields(&body) {
            let taken = |text: &str| (body.parses)(with_text(&body, &field, text));
            let edges: &[(String, bool)] = &match field.format.as_deref() {
                Some("bn254-scalar") => [
                    (word(SCALAR_MODULUS - U256::ONE), true),
                    (word(SCALAR_MODULUS), false),
                ],
                Some("bn254-scalar-nonzero") => {
                    [(word(U256::ONE), true), (word(U256::ZERO), false)]
                }
                Some("bn254-coordinate") => [
                    (word(BASE_MODULUS - U256::ONE), true),
                    (word(BASE_MODULUS), false),
                ],
                Some("base64") => [
                    (STANDARD.encode([0; MAX_SEALED_BYTES]), true),
                    (STANDARD.encode([0; MAX_SEALED_BYTES + 1]), false),
                ],
                Some("uint256-decimal") => [(U256::MAX.to_string(), true), ("9".repeat(78), false)],
                Some("eip55-address") => [
                    (address.clone(), true),
                    (address.replacen('a', "A", 1), false),
                ],
                _ => continue,
            };
            for (text, expected) in edges {
                assert_eq!(field.allows(text), *expected, "{} {text}", field.pointer);
                assert_eq!(
                    taken(text),
                    *expected,
                    "{}{} {text}",
                    body.name,
                    field.pointer
                );
            }
        }
    }
}

#[test]
fn the_document_is_that_of_the_types() {
    fn of<T: ToSchema>() -> (String, Value) {
        let schema = serde_json::to_value(T::schema()).unwrap();
        (T::name().into_owned(), schema)
    }
    let types = [
        of::<ScalarText>(),
        of::<CommitmentText>(),
        of::<CoordinateText>(),
        of::<WordText>(),
        of::<AddressText>(),
        of::<AmountText>(),
        of::<SignatureText>(),
        of::<TemplateText>(),
        of::<AnyTemplateText>(),
        of::<UpgradedCodesRequest>(),
        of::<TemplateUpgradeRequest>(),
        of::<TemplateUpgradeView>(),
        of::<ModelUpgradeView>(),
        of::<VisitKeyText>(),
        of::<VisitSignatureText>(),
        of::<Base64Text>(),
        of::<ProofPairText>(),
        of::<UnsignedNumber>(),
        of::<ClaimRequest>(),
        of::<ClaimView>(),
        of::<ConfigView>(),
        of::<EnrolmentRequest>(),
        of::<EnrolmentView>(),
        of::<EpochView>(),
        of::<Problem>(),
        of::<ReceiptView>(),
        of::<RefusalView>(),
        of::<SealedPackageRequest>(),
        of::<SealedPackageView>(),
        of::<VisitSignatureRequest>(),
    ];
    for (name, schema) in types {
        let mut written = DOCUMENT["components"]["schemas"][&name].clone();
        if name == "Problem" {
            // The service lists its codes, which this crate does not know.
            let code = written["properties"]["code"].as_object_mut().unwrap();
            let codes = code.remove("enum").unwrap();
            assert!(codes.as_array().unwrap().contains(&"tile-unknown".into()));
        }
        assert_eq!(written, schema, "{name}");
    }
}
