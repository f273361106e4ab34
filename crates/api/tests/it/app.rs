//! Files of the citizens' app, and their headers.

use std::error::Error;
use std::path::{Path, PathBuf};

use annona_api::{ApiLimits, AppFolder, ClientRate, Permits, RateLimits};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use tempfile::TempDir;

use crate::world::{World, limits};

/// Head of a page as the app's build writes it.
const INDEX: &str = "<!doctype html>\n<html lang=\"en\"><head>\n  <meta \
    http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; script-src \
    &#39;self&#39;\">\n  <meta charset=\"utf-8\" /></head><body></body></html>";
const POLICY: &str = "default-src 'none'; script-src 'self'; frame-ancestors 'none'";

/// The folder `dist` of an app, in a folder with something that is nobody's business.
struct BuiltApp(TempDir);

impl BuiltApp {
    fn path(&self) -> PathBuf {
        self.0.path().join("dist")
    }
}

fn built_app() -> BuiltApp {
    let app = BuiltApp(tempfile::tempdir().unwrap());
    let put = |name: &str, contents: &str| {
        let path = app.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    };
    put("index.html", INDEX);
    put("assets/citizen-4f3a.js", "export {};");
    put("assets/citizen-4f3a.css", "body {}");
    put("assets/wallet-09af.wasm", "\0asm");
    put("app.webmanifest", "{}");
    put("icon.svg", "<svg/>");
    put("healthz", "not the service's");
    put("v1/config", "not the service's");
    put("../secret", "s");
    app
}

async fn world_of(folder: &Path, limits: ApiLimits) -> World {
    World::with_app(limits, AppFolder::open(folder).unwrap()).await
}

struct File {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

/// Contents of the copies that the build compressed; any bytes do here, since none is unpacked.
const GZIPPED: &str = "gzip";
const BROTLI: &str = "br";

impl File {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// Caches know that there are several forms, and each form has the headers of safety.
    fn assert_varies_and_is_safe(&self, case: &str) {
        let varies = self.headers.get_all(header::VARY).iter();
        let names = varies.flat_map(|value| value.to_str().unwrap().split(','));
        let mut names = names.map(|name| name.trim().to_lowercase());
        assert!(names.any(|name| name == "accept-encoding"), "{case}");
        assert_eq!(self.header("content-security-policy"), POLICY, "{case}");
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{case}");
        assert!(!self.headers.contains_key(header::ACCEPT_RANGES), "{case}");
    }
}

async fn send(world: &World, request: Request<Body>) -> File {
    let (parts, body) = world.call(request).await.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    File {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn get(world: &World, path: &str) -> File {
    send(world, Request::get(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_app_is_served_with_its_types() {
    let app = built_app();
    let world = world_of(&app.path(), limits()).await;
    for (path, content_type) in [
        ("/", "text/html"),
        ("/index.html", "text/html"),
        ("/assets/citizen-4f3a.js", "text/javascript"),
        ("/assets/citizen-4f3a.css", "text/css"),
        ("/assets/wallet-09af.wasm", "application/wasm"),
        ("/app.webmanifest", "application/manifest+json"),
        ("/icon.svg", "image/svg+xml"),
    ] {
        let file = get(&world, path).await;
        assert_eq!(file.status, StatusCode::OK, "{path}");
        assert_eq!(file.header("content-type"), content_type, "{path}");
    }
    assert_eq!(get(&world, "/").await.body, INDEX);
    let head = Request::head("/").body(Body::empty()).unwrap();
    let head = send(&world, head).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn every_file_comes_with_the_headers_of_safety_and_its_caching() {
    let app = built_app();
    let world = world_of(&app.path(), limits()).await;
    let forever = "public, max-age=31536000, immutable";
    for (path, caching) in [
        ("/", "no-cache"),
        ("/icon.svg", "no-cache"),
        ("/assets/citizen-4f3a.js", forever),
        ("/assets/wallet-09af.wasm", forever),
    ] {
        let file = get(&world, path).await;
        assert_eq!(file.header("cache-control"), caching, "{path}");
        assert_eq!(file.header("content-security-policy"), POLICY);
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert_eq!(file.header("referrer-policy"), "no-referrer");
        assert_eq!(file.header("cross-origin-opener-policy"), "same-origin");
        let permissions = file.header("permissions-policy");
        assert!(permissions.starts_with("camera=(self), "), "{permissions}");
        let others = permissions.split(", ").skip(1);
        assert!(others.clone().all(|other| other.ends_with("=()")));
        assert!(others.clone().any(|other| other == "microphone=()"));
        assert!(file.headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn a_file_that_did_not_change_is_not_sent_again() {
    let app = built_app();
    let world = world_of(&app.path(), limits()).await;
    let first = get(&world, "/").await;
    let again = Request::get("/")
        .header(
            header::IF_MODIFIED_SINCE,
            first.headers[header::LAST_MODIFIED].clone(),
        )
        .body(Body::empty())
        .unwrap();
    let again = send(&world, again).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(again.header("content-security-policy"), POLICY);
    let part = Request::get("/").header(header::RANGE, "bytes=9-1");
    let part = send(&world, part.body(Body::empty()).unwrap()).await;
    assert_eq!((part.status, part.body.as_str()), (StatusCode::OK, INDEX));
    assert!(!part.headers.contains_key(header::ACCEPT_RANGES));
}

#[tokio::test]
async fn a_compressed_copy_goes_to_those_who_take_it() {
    let app = built_app();
    for path in ["index.html", "assets/citizen-4f3a.js"] {
        std::fs::write(app.path().join(format!("{path}.gz")), GZIPPED).unwrap();
    }
    std::fs::write(app.path().join("index.html.br"), BROTLI).unwrap();
    let world = world_of(&app.path(), limits()).await;
    let (script, icon) = ("/assets/citizen-4f3a.js", "/icon.svg");
    for (path, accepted, encoding, body) in [
        ("/", "gzip, deflate, br, zstd", "br", BROTLI),
        ("/", "gzip, deflate", "gzip", GZIPPED),
        ("/", "br;q=0, gzip", "gzip", GZIPPED),
        ("/", "identity", "", INDEX),
        ("/", "deflate, zstd", "", INDEX),
        (script, "gzip, deflate, br, zstd", "gzip", GZIPPED),
        (script, "br", "", "export {};"),
        (icon, "gzip, deflate, br, zstd", "", "<svg/>"),
    ] {
        for method in ["GET", "HEAD"] {
            let request = Request::builder().method(method).uri(path);
            let request = request
                .header(header::ACCEPT_ENCODING, accepted)
                .header(header::RANGE, "bytes=0-0");
            let file = send(&world, request.body(Body::empty()).unwrap()).await;
            let case = format!("{method} {path}, {accepted}");
            assert_eq!(file.status, StatusCode::OK, "{case}");
            assert_eq!(file.header("content-encoding"), encoding, "{case}");
            assert_eq!(file.header("content-length"), body.len().to_string());
            let body = if method == "GET" { body } else { "" };
            assert_eq!(file.body, body, "{case}");
            file.assert_varies_and_is_safe(&case);
        }
        let plain = get(&world, path).await;
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        plain.assert_varies_and_is_safe(path);
    }
    let types = [("/", "text/html"), (script, "text/javascript")];
    for (path, content_type) in types {
        let request = Request::get(path).header(header::ACCEPT_ENCODING, "gzip");
        let file = send(&world, request.body(Body::empty()).unwrap()).await;
        assert_eq!(file.header("content-type"), content_type);
    }
}

#[tokio::test]
async fn routes_go_before_files_and_what_is_neither_is_a_problem() {
    let app = built_app();
    let world = world_of(&app.path(), limits()).await;
    for path in ["/healthz", "/v1/config"] {
        let file = get(&world, path).await;
        assert_eq!(file.header("content-type"), "application/json", "{path}");
    }
    let long = format!("/{}", "a".repeat(300));
    for path in [
        "/nothing",
        "/assets",
        "/assets/",
        "/assets/nothing.js",
        "//assets",
        "/v1",
        "/v2/claims",
        "/v1/enrolments/",
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/index.html/x",
        "/%00",
        &long,
    ] {
        world.get(path).await.assert_problem(404, "route-unknown");
    }
    let post = Request::post("/index.html").body(Body::empty()).unwrap();
    let answer = world.send(post).await;
    answer.assert_problem(404, "route-unknown");
}

#[tokio::test]
async fn files_are_limited_by_client_and_take_no_permits_of_requests() {
    let app = built_app();
    let limits = ApiLimits {
        permits: Permits {
            files: 0,
            ..Permits::default()
        },
        rates: RateLimits {
            requests: ClientRate::of(1, 3),
            ..RateLimits::default()
        },
        ..limits()
    };
    let world = world_of(&app.path(), limits).await;
    assert_eq!(
        get(&world, "/").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(get(&world, "/v1/config").await.status, StatusCode::OK);
    get(&world, "/icon.svg").await;
    let turned_away = get(&world, "/icon.svg").await;
    assert_eq!(turned_away.status, StatusCode::TOO_MANY_REQUESTS);
}

#[test]
fn a_folder_that_is_not_the_built_app_is_refused() {
    let refusal = |folder: &Path| AppFolder::open(folder).unwrap_err();
    let folder = tempfile::tempdir().unwrap();
    let missing = refusal(folder.path());
    assert!(missing.to_string().contains("npm run build"), "{missing}");
    assert!(missing.source().is_some());
    assert!(refusal(&folder.path().join("none")).source().is_some());
    for page in ["", "<html></html>", &INDEX.replace("http-equiv", "name")] {
        std::fs::write(folder.path().join("index.html"), page).unwrap();
        let refusal = refusal(folder.path()).to_string();
        assert!(refusal.contains("Content-Security-Policy"), "{refusal}");
    }
    std::fs::write(folder.path().join("index.html"), INDEX).unwrap();
    assert_eq!(AppFolder::open(folder.path()).unwrap().policy(), POLICY);
}
