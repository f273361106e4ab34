//! One HTTP request with its answer, within limits.

use std::time::{Duration, SystemTime};

use alloy::rpc::json_rpc::{Response, ResponsePacket, ResponsePayload, SerializedRequest};
use annona_http::reqwest::header::{CONTENT_TYPE, LOCATION};
use annona_http::reqwest::{self, Client};
use annona_http::{BodyError, PublicAddress, Secrets, Url, read_body, retry_after};
use serde_json::value::RawValue;

use super::passing::passing;
use super::{EndpointError, Passing};

const TOO_MANY_REQUESTS: u16 = 429;

/// An endpoint that is asked once.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) client: Client,
    pub(super) url: Url,
    pub(super) shown: PublicAddress,
    pub(super) secrets: Secrets,
    pub(super) limit: Duration,
    pub(super) answer_bytes: usize,
}

/// Answers of JSON-RPC, and the HTTP status that they came with.
pub(super) struct Answers {
    pub(super) status: u16,
    pub(super) responses: Vec<Response>,
}

impl Exchange {
    /// Makes one HTTP request of `requests`, at least one.
    pub(super) async fn ask(
        &self,
        requests: &[SerializedRequest],
        limit: Duration,
    ) -> Result<Answers, EndpointError> {
        let endpoint = self.shown.clone();
        let answering = self.answer(requests);
        match tokio::time::timeout(limit, answering).await {
            Ok(answered) => answered,
            Err(_over) => Err(EndpointError::TimedOut { endpoint, limit }),
        }
    }

    async fn answer(&self, requests: &[SerializedRequest]) -> Result<Answers, EndpointError> {
        let endpoint = self.shown.clone();
        let sending = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body_of(requests))
            .send();
        let response = sending.await.map_err(|error| self.failed(error))?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(LOCATION);
            let to = to.and_then(|to| self.url.join(to.to_str().ok()?).ok());
            return Err(EndpointError::Redirect {
                endpoint,
                to: to.as_ref().map(PublicAddress::of),
            });
        }
        let pause = retry_after(response.headers(), SystemTime::now());
        let refused = EndpointError::Status {
            endpoint: endpoint.clone(),
            status: status.as_u16(),
            retry_after: pause,
        };
        let body = match read_body(response, self.answer_bytes).await {
            Ok(body) => body,
            Err(_unread) if !status.is_success() => return Err(refused),
            Err(BodyError::Broken(source)) => return Err(self.failed(source)),
            Err(BodyError::TooLong) => {
                return Err(EndpointError::TooLong {
                    endpoint,
                    limit_bytes: self.answer_bytes,
                });
            }
        };
        // What asks for a pause is a status first of all: an error in its body has no pause.
        if pause.is_some() && !status.is_success() {
            return Err(refused);
        }
        let Ok(packet) = serde_json::from_slice::<ResponsePacket>(&body) else {
            return Err(if status.is_success() {
                EndpointError::NotJsonRpc { endpoint }
            } else {
                refused
            });
        };
        if !status.is_success() && !packet.is_error() {
            return Err(refused);
        }
        let status = status.as_u16();
        let responses = self.sorted(requests, status, packet)?;
        Ok(Answers {
            status,
            responses: responses.into_iter().map(|one| self.hidden(one)).collect(),
        })
    }

    /// Selects the answers to `requests`, without those that nobody asked for.
    fn sorted(
        &self,
        requests: &[SerializedRequest],
        status: u16,
        packet: ResponsePacket,
    ) -> Result<Vec<Response>, EndpointError> {
        let endpoint = self.shown.clone();
        let is_asked = |response: &Response| requests.iter().any(|one| *one.id() == response.id);
        match (packet, requests) {
            (ResponsePacket::Batch(mut responses), _) => {
                responses.retain(is_asked);
                if responses.is_empty() {
                    return Err(EndpointError::OtherRequest { endpoint });
                }
                Ok(responses)
            }
            (ResponsePacket::Single(response), _) if is_asked(&response) => Ok(vec![response]),
            // An error need not say which request it is about.
            (ResponsePacket::Single(response), [request]) if response.payload.is_error() => {
                Ok(vec![Response {
                    id: request.id().clone(),
                    payload: response.payload,
                }])
            }
            (ResponsePacket::Single(response), _) if response.payload.is_error() => {
                Err(self.refused_together(status, &response))
            }
            _ => Err(EndpointError::OtherRequest { endpoint }),
        }
    }

    /// Converts one error for several requests.
    fn refused_together(&self, status: u16, response: &Response) -> EndpointError {
        let endpoint = self.shown.clone();
        let passes = |error| passing("", status, error) != Passing::Never;
        if response.payload.as_error().is_some_and(passes) {
            return EndpointError::Status {
                endpoint,
                status: TOO_MANY_REQUESTS,
                retry_after: None,
            };
        }
        EndpointError::BatchRefused { endpoint }
    }

    /// Hides the endpoint's key in an error, which can quote it.
    fn hidden(&self, mut response: Response) -> Response {
        if let ResponsePayload::Failure(error) = &mut response.payload {
            error.message = self.secrets.hide(&error.message).into();
            let data = error.data.take();
            error.data =
                data.and_then(|data| RawValue::from_string(self.secrets.hide(data.get())).ok());
        }
        response
    }

    fn failed(&self, error: reqwest::Error) -> EndpointError {
        let endpoint = self.shown.clone();
        let source = error.without_url();
        if source.is_connect() {
            EndpointError::Unreachable { endpoint, source }
        } else if source.is_timeout() {
            let limit = self.limit;
            EndpointError::TimedOut { endpoint, limit }
        } else {
            EndpointError::BrokenOff { endpoint, source }
        }
    }
}

fn body_of(requests: &[SerializedRequest]) -> String {
    if let [one] = requests {
        return one.serialized().get().to_owned();
    }
    let all: Vec<&str> = requests.iter().map(|one| one.serialized().get()).collect();
    format!("[{}]", all.join(","))
}
