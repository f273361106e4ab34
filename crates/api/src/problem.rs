//! Refusals as `application/problem+json` (RFC 9457), and their entries in the OpenAPI document.

use std::collections::BTreeMap;

use annona_engine::EnrolmentId;
use annona_wire::Problem;
use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::{
    ContentBuilder, Ref, RefOr, Response as ApiResponse, ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};

use crate::ProblemCode;

/// Media type of RFC 9457.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// A refusal before it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ProblemCode,
    /// Next step for the sender, in a sentence.
    pub(crate) detail: String,
    pub(crate) field: Option<&'static str>,
    pub(crate) enrolment: Option<EnrolmentId>,
    pub(crate) retry_after_secs: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            enrolment: None,
            retry_after_secs: None,
        }
    }

    pub(crate) fn of_field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    pub(crate) fn of_enrolment(mut self, enrolment: EnrolmentId) -> Self {
        self.enrolment = Some(enrolment);
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_secs = Some(seconds);
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Problem {
            kind: self.code.urn(),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            code: self.code.as_str().to_owned(),
            detail: self.detail,
            field: self.field.map(str::to_owned),
            enrolment_id: self.enrolment.map(|id| id.0.to_string()),
            retry_after_secs: self.retry_after_secs,
        };
        let mut response = (self.code.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        // A cache would otherwise keep some refusals for a time of its own choice.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self.code);
        response
    }
}

/// Problems that any route can answer, whatever it does.
pub(crate) const EVERYWHERE: &[ProblemCode] =
    &[ProblemCode::MethodNotAllowed, ProblemCode::Internal];

/// Further problems that any route below `/v1` can answer.
pub(crate) const LIMITED: &[ProblemCode] = &[
    ProblemCode::Overloaded,
    ProblemCode::RateLimited,
    ProblemCode::BodyTooLarge,
    ProblemCode::BodyTooSlow,
    ProblemCode::BodyUnreadable,
];

/// Defines a type that lists the problems of a route in the OpenAPI document.
macro_rules! problem_responses {
    (operators $name:ident) => {
        problem_responses!(@ $name, &[crate::problem::EVERYWHERE]);
    };
    ($name:ident: $($code:ident),* $(,)?) => {
        problem_responses!(@ $name, &[
            &[$(crate::ProblemCode::$code,)*],
            crate::problem::LIMITED,
            crate::problem::EVERYWHERE,
        ]);
    };
    (@ $name:ident, $codes:expr) => {
        struct $name;

        impl IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::Response>,
            > {
                crate::problem::documented($codes)
            }
        }
    };
}
pub(crate) use problem_responses;

/// The problem responses of a route for the OpenAPI document: one a status, naming its codes.
pub(crate) fn documented(codes: &[&[ProblemCode]]) -> BTreeMap<String, RefOr<ApiResponse>> {
    let mut by_status: BTreeMap<String, String> = BTreeMap::new();
    for code in codes.iter().copied().flatten() {
        let description = by_status
            .entry(code.status().as_u16().to_string())
            .or_default();
        if !description.is_empty() {
            description.push('\n');
        }
        description.push_str(&format!("`{}`: {}", code.as_str(), code.title()));
    }
    by_status
        .into_iter()
        .map(|(status, description)| (status, RefOr::T(problem_response(description))))
        .collect()
}

fn problem_response(description: String) -> ApiResponse {
    let schema = Ref::from_schema_name(Problem::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(description)
        .content(PROBLEM_JSON, content)
        .build()
}

/// The schema that [`documented`] refers to, with every code that there is.
///
/// # Panics
/// If a problem is no object with a text `code`.
pub(crate) fn problem_schema() -> (String, RefOr<Schema>) {
    let mut schema = Problem::schema();
    let RefOr::T(Schema::Object(problem)) = &mut schema else {
        panic!("a problem is an object");
    };
    let Some(RefOr::T(Schema::Object(code))) = problem.properties.get_mut("code") else {
        panic!("a problem has a code");
    };
    let codes = ProblemCode::ALL.iter().map(|code| code.as_str().into());
    code.enum_values = Some(codes.collect());
    (Problem::name().into_owned(), schema)
}
