//! Extractors of bodies and path parameters, whose faults become problems.

use core::str::FromStr;

use annona_core::{B256, FieldError};
use annona_wire::FieldProblem;
use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// A JSON body; a fault in it is a problem.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

/// The one parameter of the path, not yet parsed.
pub(crate) struct PathText(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) = Path::from_request_parts(parts, state).await?;
        Ok(Self(text))
    }
}

/// The parameters of the path, not yet parsed.
pub(crate) struct PathTexts<const N: usize>(pub(crate) [String; N]);

impl<const N: usize, S: Send + Sync> FromRequestParts<S> for PathTexts<N> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(texts) = Path::<Vec<String>>::from_request_parts(parts, state).await?;
        let texts = texts.try_into().map_err(|_| ApiError::RouteUnknown)?;
        Ok(Self(texts))
    }
}

/// A field element of the path.
pub(crate) fn scalar<T>(field: &'static str, text: &str) -> Result<T, FieldProblem>
where
    T: FromStr<Err = FieldError>,
{
    text.parse().map_err(|source| match source {
        FieldError::Malformed => malformed(field),
        source => FieldProblem::OutOfRange { field, source },
    })
}

/// A word of the path.
pub(crate) fn word(field: &'static str, text: &str) -> Result<B256, FieldProblem> {
    let digits = text.strip_prefix("0x").ok_or_else(|| malformed(field))?;
    if digits.len() != 2 * B256::len_bytes() {
        return Err(malformed(field));
    }
    digits.parse().map_err(|_| malformed(field))
}

/// A whole number of the path in its one form, so that caches see one address for it.
pub(crate) fn whole_number(field: &'static str, text: &str) -> Result<u64, FieldProblem> {
    let number = text.parse::<u64>().ok();
    number
        .filter(|number| number.to_string() == text)
        .ok_or(FieldProblem::Malformed {
            field,
            expected: "a whole number in digits, without zeros before it",
        })
}

const fn malformed(field: &'static str) -> FieldProblem {
    FieldProblem::Malformed {
        field,
        expected: "0x and 64 hexadecimal digits",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_has_one_form() {
        assert_eq!(whole_number("n", "0"), Ok(0));
        assert_eq!(whole_number("n", "18446744073709551615"), Ok(u64::MAX));
        for bad in [
            "",
            "-1",
            "+1",
            "01",
            "1.0",
            " 1",
            "0x1",
            "18446744073709551616",
        ] {
            assert!(whole_number("n", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_word_has_one_form() {
        let digits = "ab".repeat(32);
        assert_eq!(
            word("id", &format!("0x{digits}")),
            Ok(B256::repeat_byte(0xab))
        );
        for bad in [
            &digits,
            &format!("0x{digits}0"),
            "0x",
            "",
            &format!("0x0x{}", &digits[2..]),
        ] {
            assert_eq!(word("id", bad), Err(malformed("id")), "{bad}");
        }
    }
}
