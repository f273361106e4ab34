//! Schemas of the texts in bodies and paths: for each the pattern of its written form, and a
//! format where the form alone does not decide.

use std::fmt::Write;

use annona_template::{IrisTemplate, TEMPLATE_BYTES};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Object, RefOr};
use utoipa::{Number, PartialSchema, ToSchema};

/// Bytes at the head of a template that are the same in all templates of one model.
const TEMPLATE_HEAD_BYTES: usize = 12;

/// Defines types that stand for a text in the OpenAPI document.
macro_rules! texts {
    ($($(#[doc = $description:literal])* $name:ident, $format:expr, $pattern:expr;)*) => {
        $(
            $(#[doc = $description])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    let description = [$($description.trim()),*].join(" ");
                    RefOr::T(Schema::Object(text(&description, $format, &$pattern)))
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

texts! {
    /// A number below the order of the BN254 scalar field, as 32 big-endian bytes: 0x and 64
    /// hexadecimal digits.
    ScalarText, Some("bn254-scalar"), digits(32);

    /// A scalar that is not zero: 0x and 64 hexadecimal digits.
    CommitmentText, Some("bn254-scalar-nonzero"), digits(32);

    /// A number below the order of the BN254 base field, as 32 big-endian bytes: 0x and 64
    /// hexadecimal digits.
    CoordinateText, Some("bn254-coordinate"), digits(32);

    /// A hash or another word: 0x and 64 hexadecimal digits.
    WordText, None, digits(32);

    /// An address: 0x and 40 hexadecimal digits, of one case or with the checksum of EIP-55.
    AddressText, Some("eip55-address"), digits(20);

    /// A number below 2^256, decimal.
    AmountText, Some("uint256-decimal"), "^[0-9]{1,78}$";

    /// A signature: 0x and the 65 bytes r, s, v in hexadecimal; v is 0, 1, 27, 28 or, by
    /// EIP-155, at least 35.
    SignatureText, None, "^0x[0-9a-fA-F]{128}(0[01]|1[bcBC]|2[3-9a-fA-F]|[3-9a-fA-F][0-9a-fA-F])$";

    /// A public key of P-256, compressed: 0x and 66 hexadecimal digits.
    VisitKeyText, None, digits(33);

    /// An ECDSA signature of P-256, r and s: 0x and 128 hexadecimal digits.
    VisitSignatureText, None, digits(64);

    /// At least one byte and at most 36,864 in base 64 (RFC 4648, section 4), with padding.
    Base64Text, Some("base64"), "^[0-9A-Za-z+/]{2,}={0,2}$";

    /// An iris template of this service's model: 0x and two hexadecimal digits a byte.
    TemplateText, None, template_pattern();

    /// An iris template of whatever model, as bytes: 0x and hexadecimal digits.
    AnyTemplateText, None, digits(TEMPLATE_BYTES);
}

/// A whole number below 2^64.
#[derive(Debug, Clone, Copy)]
pub struct UnsignedNumber;

impl PartialSchema for UnsignedNumber {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .description(Some("A whole number below 2^64."))
            .minimum(Some(Number::UInt(0)))
            .maximum(Some(Number::UInt(usize::MAX)));
        RefOr::T(Schema::Object(number.build()))
    }
}

impl ToSchema for UnsignedNumber {}

/// Longest text of the proofs of both eyes, in characters; those of this version take about 2,700.
pub(crate) const MAX_PROOFS_CHARS: usize = 8 << 10;

/// The text of a file of both eyes' proofs of encoding.
#[derive(Debug, Clone, Copy)]
pub struct ProofPairText;

impl PartialSchema for ProofPairText {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The text of a file of both eyes' proofs of encoding."))
            .max_length(Some(MAX_PROOFS_CHARS));
        RefOr::T(Schema::Object(text.build()))
    }
}

impl ToSchema for ProofPairText {}

fn text(description: &str, format: Option<&str>, pattern: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(format.map(|name| SchemaFormat::Custom(name.to_owned())))
        .pattern(Some(pattern))
        .description(Some(description))
        .build()
}

/// The pattern of so many bytes in hexadecimal.
fn digits(bytes: usize) -> String {
    format!("^0x[0-9a-fA-F]{{{}}}$", 2 * bytes)
}

/// The pattern of a template: the head that all templates of the model have, in either case,
/// and the columns.
fn template_pattern() -> String {
    let any = IrisTemplate::from_columns([0; _], [0; _]).to_bytes();
    let mut pattern = String::from("^0x");
    for byte in &any[..TEMPLATE_HEAD_BYTES] {
        for digit in format!("{byte:02x}").chars() {
            match digit {
                '0'..='9' => pattern.push(digit),
                _ => write!(pattern, "[{digit}{}]", digit.to_ascii_uppercase())
                    .expect("a String takes any text"),
            }
        }
    }
    let rest = 2 * (TEMPLATE_BYTES - TEMPLATE_HEAD_BYTES);
    write!(pattern, "[0-9a-fA-F]{{{rest}}}$").expect("a String takes any text");
    pattern
}
