//! Requests that are not well formed.

use annona_api::ProblemCode;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::world::{Answer, World, eyes, honest_claim, member};

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_are_problems() {
    let world = World::new().await;
    for path in [
        "/",
        "/v1",
        "/v2/claims",
        "/v1/claims/",
        "/v1/tree/1/0",
        "//",
    ] {
        world.get(path).await.assert_problem(404, "route-unknown");
    }
    let delete = Request::delete("/v1/claims").body(Body::empty()).unwrap();
    world
        .send(delete)
        .await
        .assert_problem(405, "method-not-allowed");
    world
        .get("/v1/enrolments")
        .await
        .assert_problem(405, "method-not-allowed");
    let strange = Request::builder().method("BREW").uri("/healthz");
    let strange = strange.body(Body::empty()).unwrap();
    world
        .send(strange)
        .await
        .assert_problem(405, "method-not-allowed");
}

#[tokio::test]
async fn a_body_that_is_not_json_is_a_problem() {
    let world = World::new().await;
    for path in ["/v1/claims", "/v1/enrolments"] {
        for body in ["", "{", "nonsense", "{]", "\u{0}"] {
            world
                .post_bytes(path, body)
                .await
                .assert_problem(400, "body-not-json");
        }
        let untyped = Request::post(path).body(Body::from("{}")).unwrap();
        world
            .send(untyped)
            .await
            .assert_problem(415, "content-type-not-json");
        let form = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let form = form.body(Body::from("epoch=1")).unwrap();
        world
            .send(form)
            .await
            .assert_problem(415, "content-type-not-json");
    }
}

#[tokio::test]
async fn a_body_of_another_shape_is_a_problem_that_names_the_field() {
    let world = World::new().await;
    let mut extra = serde_json::to_value(honest_claim()).unwrap();
    extra["amount"] = json!("1");
    let problem = world
        .post("/v1/claims", &extra)
        .await
        .assert_problem(400, "body-invalid");
    assert!(problem.detail.contains("amount"), "{}", problem.detail);
    let mut short = serde_json::to_value(honest_claim()).unwrap();
    short["proof"].as_array_mut().unwrap().pop();
    for body in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "epoch": -1 }),
        short,
    ] {
        world
            .post("/v1/claims", &body)
            .await
            .assert_problem(400, "body-invalid");
        world
            .post("/v1/enrolments", &body)
            .await
            .assert_problem(400, "body-invalid");
    }
}

/// Whatever was refused is the sender's doing, or the chain's, never a fault of the service.
fn assert_not_internal(answer: &Answer) {
    assert_ne!(
        answer.status,
        StatusCode::INTERNAL_SERVER_ERROR,
        "{}",
        answer.text()
    );
}

/// Any JSON of a small size.
fn arb_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,70}".prop_map(Value::from),
        "0x[0-9a-fA-F]{0,66}".prop_map(Value::from),
        "0x[0-9a-f]{64}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 16, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..9).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z]{1,12}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_body_and_no_path_makes_the_service_fail() {
    let world = World::new().await;
    let handle = tokio::runtime::Handle::current();
    let claim = serde_json::to_value(honest_claim()).unwrap();
    let packet = world.packet(member(9).commitment(), &eyes(9), 9);
    let enrolment = serde_json::to_value(packet).unwrap();
    let cases = (
        prop::collection::vec(any::<u8>(), 0..300),
        arb_json(),
        any::<prop::sample::Index>(),
        "[!-~]{0,80}",
    );
    tokio::task::block_in_place(|| {
        let config = ProptestConfig {
            cases: 96,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        TestRunner::new(config)
            .run(&cases, |(bytes, value, field, text)| {
                handle.block_on(async {
                    for (path, honest) in [("/v1/claims", &claim), ("/v1/enrolments", &enrolment)] {
                        assert_not_internal(&world.post_bytes(path, bytes.clone()).await);
                        assert_not_internal(&world.post(path, &value).await);
                        let mut changed = honest.as_object().unwrap().clone();
                        let name = changed
                            .keys()
                            .nth(field.index(changed.len()))
                            .unwrap()
                            .clone();
                        changed.insert(name, value.clone());
                        assert_not_internal(&world.post(path, &changed).await);
                    }
                    let path = format!("/v1/claims/{text}");
                    if let Ok(request) = Request::get(&path).body(Body::empty()) {
                        assert_not_internal(&world.send(request).await);
                    }
                });
                Ok(())
            })
            .unwrap();
    });
    world.assert_alive().await;
}

#[test]
fn the_codes_that_others_rely_on_keep_their_names() {
    let names: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    for relied_on in [
        "claim-proof-invalid",
        "enrolment-duplicate",
        "enrolment-review",
        "epoch-not-begun",
        "nullifier-already-claimed",
        "nullifier-spent",
        "payments-paused",
        "tile-unknown",
        "tree-unknown",
    ] {
        assert!(names.contains(&relied_on), "{relied_on}");
    }
}
