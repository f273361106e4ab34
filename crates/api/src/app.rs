//! The citizen's app as static files, served beside the API to those who ask for no route of it.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tower_http::services::ServeDir;

use crate::error::ApiError;

/// Page of the app.
const INDEX: &str = "index.html";
/// Largest page that is taken for the app's.
const MAX_INDEX_BYTES: u64 = 1 << 20;
/// Folder of files that have the hash of their contents in their names.
const ASSETS: &str = "/assets/";
/// Mark of the element that holds the policy in the built page.
const POLICY_MARK: &str = "http-equiv=\"Content-Security-Policy\"";
/// Part of the policy that a page cannot state of itself.
const NO_FRAMES: &str = "frame-ancestors 'none'";
/// Devices that pages may use: the camera, for codes.
const PERMISSIONS: &str = "camera=(self), accelerometer=(), bluetooth=(), display-capture=(), \
     geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), \
     serial=(), usb=()";

/// Headers of requests that ask for a part of a file, or for a file under conditions that end in
/// an error: whole files are small.
const PASSED_OVER: [HeaderName; 4] = [
    header::RANGE,
    header::IF_RANGE,
    header::IF_MATCH,
    header::IF_UNMODIFIED_SINCE,
];

/// Reason for which a folder is not served as the app.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// The folder has no page.
    #[error("{} has no {INDEX}: build the app (npm run build in app/), and name its folder dist", .folder.display())]
    NoPage {
        /// Folder that was named.
        folder: PathBuf,
        /// Fault of reading the page.
        source: std::io::Error,
    },
    /// The page states no policy, so that it would run without one.
    #[error("{INDEX} of {} has no Content-Security-Policy: it is not the built page of the app", .folder.display())]
    NoPolicy {
        /// Folder that was named.
        folder: PathBuf,
    },
}

/// Folder with the built app, and the headers of all its answers.
#[derive(Debug, Clone)]
pub struct AppFolder {
    folder: PathBuf,
    headers: HeaderMap,
}

impl AppFolder {
    /// Reads the page of the app for the policy that was built into it.
    ///
    /// # Errors
    /// [`AppError`].
    pub fn open(folder: &Path) -> Result<Self, AppError> {
        let page = read_page(&folder.join(INDEX)).map_err(|source| AppError::NoPage {
            folder: folder.to_owned(),
            source,
        })?;
        let headers = policy_of(&page).and_then(|policy| headers_with(&policy));
        let headers = headers.ok_or_else(|| AppError::NoPolicy {
            folder: folder.to_owned(),
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            headers,
        })
    }

    /// Content-Security-Policy of every page.
    #[must_use]
    pub fn policy(&self) -> &str {
        let policy = self.headers.get(header::CONTENT_SECURITY_POLICY);
        policy.and_then(|it| it.to_str().ok()).unwrap_or_default()
    }

    pub(crate) async fn answer(&self, mut request: Request) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return ApiError::RouteUnknown.into_response();
        }
        if request.uri().path() == "/" {
            *request.uri_mut() = Uri::from_static("/index.html");
        }
        for header in PASSED_OVER {
            request.headers_mut().remove(header);
        }
        let is_asset = request.uri().path().starts_with(ASSETS);
        // Without pages of folders there is no answer that leads to another address. The build
        // leaves compressed copies beside the files; one that is missing is answered whole.
        let mut files = ServeDir::new(&self.folder)
            .append_index_html_on_directories(false)
            .precompressed_br()
            .precompressed_gzip();
        let mut response = match files.try_call(request).await {
            Ok(response) => response.into_response(),
            Err(error) if is_absence(&error) => return ApiError::RouteUnknown.into_response(),
            Err(error) => return ApiError::FileUnreadable(error).into_response(),
        };
        if !matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED) {
            return ApiError::RouteUnknown.into_response();
        }
        let headers = response.headers_mut();
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        headers.remove(header::ACCEPT_RANGES);
        headers.insert(header::CACHE_CONTROL, caching(is_asset));
        response
    }
}

/// Returns whether there is no such file, as opposed to one that cannot be read.
fn is_absence(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
    )
}

/// A name with a hash in it never means other contents; any other file is asked for each time.
const fn caching(is_asset: bool) -> HeaderValue {
    if is_asset {
        HeaderValue::from_static("public, max-age=31536000, immutable")
    } else {
        HeaderValue::from_static("no-cache")
    }
}

fn read_page(path: &Path) -> std::io::Result<String> {
    let mut page = String::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_INDEX_BYTES).read_to_string(&mut page)?;
    Ok(page)
}

/// Reads the policy out of the meta element that the build put there (app/scripts/csp.mjs).
fn policy_of(page: &str) -> Option<String> {
    let (before, after) = page.split_once(POLICY_MARK)?;
    let element = &before[before.rfind('<')?..];
    let (rest, _) = after.split_once('>')?;
    let is_meta = element.starts_with("<meta") && !element.contains('>');
    let (_, value) = rest.split_once("content=\"")?;
    let (value, _) = value.split_once('"')?;
    let policy = unescaped(value);
    (is_meta && !policy.trim().is_empty()).then_some(policy)
}

/// Undoes what writers of HTML do to the value of an attribute.
fn unescaped(value: &str) -> String {
    value
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn headers_with(policy: &str) -> Option<HeaderMap> {
    let policy = HeaderValue::try_from(format!("{policy}; {NO_FRAMES}")).ok()?;
    let fixed = HeaderValue::from_static;
    Some(HeaderMap::from_iter([
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (header::REFERRER_POLICY, fixed("no-referrer")),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            fixed("same-origin"),
        ),
        (
            HeaderName::from_static("permissions-policy"),
            fixed(PERMISSIONS),
        ),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_read_as_the_build_writes_it() {
        let page = |element: &str| {
            format!("<!doctype html><head><meta charset=\"utf-8\" />{element}</head>")
        };
        let written = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; script-src &#39;self&#39;\">";
        let expected = Some("default-src 'none'; script-src 'self'".to_owned());
        assert_eq!(policy_of(&page(written)), expected);
        assert_eq!(policy_of(&page(&written.replace("&#39;", "'"))), expected);
        for none in [
            "",
            "<!-- http-equiv=\"Content-Security-Policy\" content=\"a\" -->",
            "<meta http-equiv=\"Content-Security-Policy\" content=\" \">",
            "<meta http-equiv=\"Content-Security-Policy\"><meta content=\"a\">",
        ] {
            assert_eq!(policy_of(&page(none)), None, "{none}");
        }
    }
}
