//! The API's document beside the routes and their answers.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use annona_api::{ProblemCode, openapi};
use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::world::World;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(openapi()).unwrap());

const ROUTES: [(&str, &str); 17] = [
    ("get", "/healthz"),
    ("get", "/metrics"),
    ("get", "/openapi.json"),
    ("get", "/readyz"),
    ("get", "/v1/claims/{nullifier}"),
    ("get", "/v1/claims/{nullifier}/events"),
    ("get", "/v1/config"),
    ("get", "/v1/enrolments/by-nonce/{nonce}"),
    ("get", "/v1/enrolments/{id}"),
    ("get", "/v1/epochs/current"),
    ("get", "/v1/model-upgrade"),
    ("get", "/v1/tree/{epoch}/{level}/{index}"),
    ("post", "/v1/claims"),
    ("post", "/v1/enrolments"),
    ("post", "/v1/enrolments/by-nonce/{nonce}/package"),
    ("post", "/v1/enrolments/by-nonce/{nonce}/package/received"),
    ("post", "/v1/model-upgrade/templates"),
];

fn operations() -> Vec<(String, String, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.clone(), path.clone(), operation))
    });
    operations.collect()
}

/// The operation that answers `path`, if the document has one.
fn operation_of(method: &Method, path: &str) -> Option<&'static Value> {
    let method = method.as_str().to_lowercase();
    operations()
        .into_iter()
        .find(|(of, template, _)| *of == method && matches_template(template, path))
        .map(|(_, _, operation)| operation)
}

fn matches_template(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template.zip(path).all(|(t, p)| {
            if t.starts_with('{') {
                !p.is_empty()
            } else {
                t == p
            }
        })
}

/// The document says that this route can give this answer.
#[track_caller]
pub(crate) fn assert_documented(
    method: &Method,
    path: &str,
    status: StatusCode,
    code: Option<&str>,
) {
    let Some(operation) = operation_of(method, path) else {
        assert!(
            matches!(code, Some("route-unknown" | "method-not-allowed")),
            "{method} {path}: {code:?}"
        );
        return;
    };
    let response = &operation["responses"][status.as_str()];
    assert!(
        response.is_object(),
        "{method} {path} does not document {status}"
    );
    if let Some(code) = code {
        let description = response["description"].as_str().unwrap();
        assert!(
            description.contains(&format!("`{code}`")),
            "{method} {path} does not document {code}"
        );
        assert!(response["content"]["application/problem+json"].is_object());
    }
}

#[test]
fn the_document_lists_every_route() {
    let listed: Vec<(String, String)> = operations().into_iter().map(|(m, p, _)| (m, p)).collect();
    let listed: BTreeSet<(&str, &str)> = listed
        .iter()
        .map(|(m, p)| (m.as_str(), p.as_str()))
        .collect();
    assert_eq!(listed, BTreeSet::from(ROUTES));
}

#[test]
fn every_route_documents_its_problems() {
    for (method, path, operation) in operations() {
        let responses = operation["responses"].as_object().unwrap();
        let is_problem = |status: &str| {
            responses[status]["content"]["application/problem+json"]["schema"]["$ref"]
                == "#/components/schemas/Problem"
        };
        for status in ["405", "500"] {
            assert!(is_problem(status), "{method} {path} {status}");
        }
        let refusals = responses.keys().filter(|status| status.as_str() >= "400");
        for status in
            refusals.filter(|status| (path.as_str(), status.as_str()) != ("/readyz", "503"))
        {
            assert!(is_problem(status), "{method} {path} {status}");
        }
    }
}

#[test]
fn only_routes_that_wait_can_take_too_long() {
    let prompt = [
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/readyz",
        "/v1/config",
    ];
    for (method, path, operation) in operations() {
        let text = operation["responses"].to_string();
        assert_eq!(
            text.contains("`request-timed-out`"),
            !prompt.contains(&path.as_str()),
            "{method} {path}"
        );
    }
}

#[test]
fn every_code_is_in_the_table_and_all_but_one_belong_to_a_route() {
    let table = DOCUMENT["info"]["description"].as_str().unwrap();
    let text: String = operations()
        .iter()
        .map(|(_, _, operation)| operation["responses"].to_string())
        .collect();
    for code in ProblemCode::ALL {
        let quoted = format!("`{}`", code.as_str());
        assert!(table.contains(&quoted), "{quoted}");
        assert!(
            text.contains(&quoted) || *code == ProblemCode::RouteUnknown,
            "{quoted}"
        );
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let text = DOCUMENT.to_string();
    let references = text
        .split("\"$ref\":\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let mut count = 0;
    for pointer in references {
        assert!(DOCUMENT.pointer(pointer).is_some(), "{pointer}");
        count += 1;
    }
    assert!(count > 0);
}

#[tokio::test]
async fn the_service_hands_out_the_document() {
    let world = World::new().await;
    assert_eq!(world.get("/openapi.json").await.json::<Value>(), *DOCUMENT);
}

#[test]
fn a_problem_has_one_of_the_codes() {
    let code = &DOCUMENT["components"]["schemas"]["Problem"]["properties"]["code"];
    let listed: Vec<&str> = code["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    let all: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(listed, all);
}
