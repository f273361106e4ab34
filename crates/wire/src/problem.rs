//! Body of an error of the API, by RFC 9457.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema::WordText;

/// An error of the API (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// `urn:annona:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// Summary of the problem, the same for every occurrence.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// Next step for the sender, in a sentence.
    pub detail: String,
    /// The field of the request that is wrong, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The enrolment that was refused, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WordText>)]
    pub enrolment_id: Option<String>,
    /// Seconds to wait before the same request can succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_secs: Option<u64>,
}
