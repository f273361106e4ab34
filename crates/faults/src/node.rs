//! The node behind the proxy, and the answers that it gave before.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use annona_http::reqwest::Client;
use annona_http::{ClientTimeouts, client_for};
use serde_json::{Value, json};

/// Longest wait for the node.
const NODE_LIMIT: Duration = Duration::from_secs(60);

/// Node that requests are passed on to.
pub(crate) struct Node {
    url: String,
    client: Client,
    /// The last answer to each request.
    before: Mutex<HashMap<String, Value>>,
}

impl Node {
    pub(crate) fn new(url: String) -> Self {
        let limits = ClientTimeouts {
            connect: NODE_LIMIT,
            request: NODE_LIMIT,
        };
        Self {
            client: client_for(&url.parse().unwrap(), limits).unwrap(),
            url,
            before: Mutex::default(),
        }
    }

    pub(crate) async fn forward(&self, request: &Value) -> Option<Value> {
        let sending = self.client.post(&self.url).json(request).send();
        let answer: Value = sending.await.ok()?.json().await.ok()?;
        if !request.is_array() {
            let mut before = self.before.lock().unwrap();
            before.insert(name(request), answer.clone());
        }
        Some(answer)
    }

    /// Asks the node a question of the proxy's own, and returns the result.
    pub(crate) async fn tell(&self, method: &str, params: &Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 0, "method": method, "params": params });
        let answer = self.forward(&request).await.unwrap_or_default();
        answer["result"].clone()
    }

    /// Returns the last answer to the same question, under the new number.
    pub(crate) fn known(&self, request: &Value) -> Option<Value> {
        let mut answer = self.before.lock().unwrap().get(&name(request))?.clone();
        answer["id"] = request["id"].clone();
        Some(answer)
    }
}

/// Names the question of a request: its method and parameters.
fn name(request: &Value) -> String {
    format!("{} {}", request["method"], request["params"])
}
