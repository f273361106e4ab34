//! The service answers as its OpenAPI document says.
//!
//! `TEST_SOAK=1` sends generated requests to every route, with the program of PyPI
//! `schemathesis` that the variable `SCHEMATHESIS` names.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::world::World;

/// Rates so high that no generated request is refused for them.
const RATES: [(&str, &str); 7] = [
    ("ANNONA_HTTP__PER_CLIENT", "100000"),
    ("ANNONA_HTTP__BURST_PER_CLIENT", "100000"),
    ("ANNONA_CLAIMS__PER_CLIENT", "100000"),
    ("ANNONA_CLAIMS__BURST_PER_CLIENT", "100000"),
    ("ANNONA_CLAIMS__TOTAL", "100000"),
    ("ANNONA_ENROLMENT__PER_CLIENT", "100000"),
    ("ANNONA_ENROLMENT__BURST_PER_CLIENT", "100000"),
];

/// Requests of each operation and kind, at least.
const EXAMPLES: &str = "100";

/// Checks that hold of every answer. `parser_takes_what_the_schema_allows` is in `hooks.py`.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,\
                      negative_data_rejection,unsupported_method,\
                      parser_takes_what_the_schema_allows";

#[tokio::test(flavor = "multi_thread")]
async fn the_service_answers_as_its_document_says() {
    let world = World::create().await;
    world.resume_mining().await;
    let service = world.serve_with(&RATES);
    let address = format!("{}/openapi.json", service.client.base());
    let served = annona_http::reqwest::get(&address).await.unwrap();
    let served: Value = serde_json::from_str(&served.text().await.unwrap()).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(folder.join("../../docs/openapi.json")).unwrap();
    assert_eq!(served, serde_json::from_str::<Value>(&kept).unwrap());

    let program = std::env::var_os("SCHEMATHESIS");
    let (Some(program), true) = (program, std::env::var_os("TEST_SOAK").is_some()) else {
        return;
    };
    let output = Command::new(program)
        .args(["run", &address, "--checks", CHECKS])
        .args(["--max-examples", EXAMPLES, "--seed", "1"])
        .args(["--suppress-health-check", "all", "--warnings", "off"])
        .args(["--request-timeout", "30", "--no-color"])
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", folder.join("tests/it/schemathesis"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(world.path())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    println!("{printed}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
}
