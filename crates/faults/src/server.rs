use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Server of a router on a free port of this machine; it ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    url: String,
    serving: JoinHandle<()>,
}

impl Server {
    /// Serves `router` on a free port of this machine.
    ///
    /// # Panics
    /// Panics if there is no free port.
    pub async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, serving }
    }

    /// Returns the address, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Makes a page of HTML, as proxies and balancers send it.
///
/// # Panics
/// Panics if `status` is not one of HTTP.
#[must_use]
pub fn page(status: u16, title: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let body = format!(
        "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>{title}</body>\r\n</html>\r\n"
    );
    (status, [(CONTENT_TYPE, "text/html")], body).into_response()
}
