//! Requests and answers: headers, batches, bounds. Knows no operation.

mod address;
pub(super) mod loose;
mod reply;

use std::time::Duration;

use ::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use ::http::{Method, Request, Response};
use jiff::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Map, Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

pub(super) use self::address::{Base, literal, with_query};
pub(super) use self::reply::{About, Reply};
use crate::backend::http::{Exchange, read, retry_after};
use crate::backend::{Access, BackendError};
use crate::model::sanitize_line;
use crate::net::{HttpAnswer, Trust};

/// The longest answer that is no message, in bytes.
const LONGEST: usize = 16 << 20;
/// Requests that one mailbox may have under way (protocol facts §8.6).
pub(super) const AT_ONCE: usize = 4;
/// Requests in a batch (protocol facts §8.6).
const TOGETHER: usize = 20;
/// Says on every request that ids shall survive moves; it is not sticky (protocol facts §8.4).
const IMMUTABLE: &str = "IdType=\"ImmutableId\"";

/// One request, which may go alone or in a batch.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Call {
    method: Method,
    /// Behind the version, with the query.
    path: String,
    body: Option<Value>,
    page: Option<u32>,
}

impl Call {
    /// Asks for something.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            page: None,
        }
    }

    /// Does something.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self {
            method: Method::POST,
            body: Some(body),
            ..Self::get(path)
        }
    }

    /// Changes properties.
    pub fn patch(path: impl Into<String>, body: Value) -> Self {
        Self {
            method: Method::PATCH,
            ..Self::post(path, body)
        }
    }

    /// Does something that needs no words.
    pub fn bare_post(path: impl Into<String>) -> Self {
        Self {
            method: Method::POST,
            ..Self::get(path)
        }
    }

    /// Deletes something.
    pub fn delete(path: impl Into<String>) -> Self {
        Self {
            method: Method::DELETE,
            ..Self::get(path)
        }
    }

    /// Asks for pages of at most so many items.
    pub fn paged(self, items: u32) -> Self {
        Self {
            page: Some(items),
            ..self
        }
    }

    fn prefer(&self) -> String {
        match self.page {
            None => IMMUTABLE.to_owned(),
            Some(items) => format!("{IMMUTABLE}, odata.maxpagesize={items}"),
        }
    }

    fn in_batch(&self, id: usize) -> Value {
        let mut headers = Map::new();
        headers.insert("Prefer".to_owned(), self.prefer().into());
        let mut request = Map::new();
        request.insert("id".to_owned(), id.to_string().into());
        request.insert("method".to_owned(), self.method.as_str().into());
        request.insert("url".to_owned(), self.path.clone().into());
        if let Some(body) = &self.body {
            headers.insert("Content-Type".to_owned(), "application/json".into());
            request.insert("body".to_owned(), body.clone());
        }
        request.insert("headers".to_owned(), headers.into());
        request.into()
    }
}

/// Sends requests for one mailbox, four at a time.
#[derive(Debug)]
pub(super) struct Wire {
    exchange: Exchange,
    base: Base,
    gate: Semaphore,
}

impl Wire {
    /// Makes one; nothing is sent yet.
    pub fn new(trust: &Trust, access: &Access, base: Base) -> Result<Self, BackendError> {
        Ok(Self {
            exchange: Exchange::new(trust, access)?,
            base,
            gate: Semaphore::new(AT_ONCE),
        })
    }

    /// Returns where the mailbox is.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// Returns what sends the requests that have nothing to do with JSON.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Sends a request and reads the answer, whatever its status.
    pub async fn call(&self, doing: &'static str, call: &Call) -> Result<Reply, BackendError> {
        parse(doing, &self.answer(doing, call).await?)
    }

    /// Sends a request and returns the body of a success as it came, for those who read it themselves.
    pub async fn body(
        &self,
        doing: &'static str,
        call: &Call,
    ) -> Result<Result<Vec<u8>, Reply>, BackendError> {
        let answer = self.answer(doing, call).await?;
        if answer.status().is_success() {
            return Ok(Ok(answer.into_body()));
        }
        parse(doing, &answer).map(Err)
    }

    async fn answer(
        &self,
        doing: &'static str,
        call: &Call,
    ) -> Result<Response<Vec<u8>>, BackendError> {
        let (content_type, body) = match &call.body {
            Some(body) => ("application/json", body.to_string().into_bytes()),
            None => ("", Vec::new()),
        };
        let request = self.request(call, content_type, body)?;
        let _turn = self.turn().await;
        self.exchange.send(doing, request, LONGEST).await
    }

    /// Posts a text, such as a whole message, and reads the answer.
    pub async fn post_text(
        &self,
        doing: &'static str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Reply, BackendError> {
        let request = self.request(&Call::bare_post(path), "text/plain", body)?;
        let _turn = self.turn().await;
        let answer = self.exchange.send(doing, request, LONGEST).await?;
        parse(doing, &answer)
    }

    /// Opens something whose body is read piece by piece; it keeps its turn until it is dropped.
    pub async fn open(
        &self,
        doing: &'static str,
        call: &Call,
    ) -> Result<(HttpAnswer, SemaphorePermit<'_>), BackendError> {
        let request = self.request(call, "", Vec::new())?;
        let turn = self.turn().await;
        let turn = turn.ok_or_else(|| protocol(doing, "closed"))?;
        Ok((self.exchange.open(doing, request).await?, turn))
    }

    /// Sends requests together, twenty at a time, and returns their answers in the same order.
    pub async fn batch(
        &self,
        doing: &'static str,
        calls: &[Call],
    ) -> Result<Vec<Reply>, BackendError> {
        let mut replies = Vec::with_capacity(calls.len());
        for chunk in calls.chunks(TOGETHER) {
            let requests = chunk.iter().enumerate();
            let requests: Vec<Value> = requests.map(|(id, call)| call.in_batch(id)).collect();
            let post = Call::post("/$batch", json!({ "requests": requests }));
            let answer = self.call(doing, &post).await?;
            let answer = answer.demand(doing, About::Mailbox)?;
            replies.extend(in_order(doing, chunk.len(), answer)?);
        }
        Ok(replies)
    }

    /// Makes a request with the headers that every one has.
    pub fn request(
        &self,
        call: &Call,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Request<Vec<u8>>, BackendError> {
        let is_raw = call.path.ends_with("/$value");
        let accept = if is_raw { "*/*" } else { "application/json" };
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(self.base.whole(&call.path))
            .header(ACCEPT, accept)
            .header("Prefer", call.prefer())
            .header("client-request-id", guid())
            .header("return-client-request-id", "true");
        if !content_type.is_empty() {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let request = request.body(body);
        request.map_err(|error| protocol("make a request", &error.to_string()))
    }

    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.gate.acquire().await.ok()
    }
}

/// Reads an answer.
pub(super) fn parse(
    doing: &'static str,
    answer: &Response<Vec<u8>>,
) -> Result<Reply, BackendError> {
    let is_ok = answer.status().is_success();
    // Many successes have no body at all.
    let body = if answer.body().trim_ascii().is_empty() {
        Value::Null
    } else {
        match serde_json::from_slice(answer.body()) {
            Ok(body) => body,
            Err(error) if is_ok => return Err(protocol(doing, &error.to_string())),
            Err(_) => not_json(answer.body()),
        }
    };
    Ok(Reply {
        status: answer.status().as_u16(),
        body,
        request_id: text_of(answer.headers(), "request-id"),
        retry_after: retry_after(answer.headers(), Timestamp::now()),
        challenge: text_of(answer.headers(), WWW_AUTHENTICATE.as_str()),
    })
}

/// Reads the rest of a failed answer.
pub(super) async fn failed(doing: &'static str, answer: HttpAnswer) -> Result<Reply, BackendError> {
    parse(doing, &read(doing, answer, LONGEST).await?)
}

/// Keeps the words of a proxy or gateway that speaks no JSON.
fn not_json(body: &[u8]) -> Value {
    let start = body.get(..2_000).unwrap_or(body);
    let words = sanitize_line(&String::from_utf8_lossy(start));
    json!({ "error": { "message": words } })
}

fn text_of(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// Puts the answers of a batch in order; they come in any (protocol facts §8.6).
fn in_order(doing: &'static str, count: usize, answer: Value) -> Result<Vec<Reply>, BackendError> {
    let mut replies: Vec<Option<Reply>> = vec![None; count];
    let mut answer = answer;
    let responses = answer.get_mut("responses").and_then(Value::as_array_mut);
    for response in responses.into_iter().flatten() {
        let id = response.get("id").and_then(Value::as_str);
        let place = id.and_then(|id| id.parse::<usize>().ok());
        let Some(place) = place.and_then(|id| replies.get_mut(id)) else {
            continue;
        };
        let status = response.get("status").and_then(Value::as_u64);
        let header = |name: &str| header(response.get("headers"), name);
        let (request_id, wait) = (header("request-id"), header("retry-after"));
        let challenge = header(WWW_AUTHENTICATE.as_str());
        *place = Some(Reply {
            status: status.and_then(|s| u16::try_from(s).ok()).unwrap_or(0),
            request_id,
            challenge,
            retry_after: wait.trim().parse().ok().map(Duration::from_secs),
            body: response
                .get_mut("body")
                .map(Value::take)
                .unwrap_or_default(),
        });
    }
    let replies: Option<Vec<Reply>> = replies.into_iter().collect();
    replies.ok_or_else(|| protocol(doing, "a batch without all its answers"))
}

/// Finds a header of an answer in a batch, whatever its case.
fn header(headers: Option<&Value>, name: &str) -> String {
    let headers = headers.and_then(Value::as_object).into_iter().flatten();
    let mut found = headers.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    match found.next() {
        Some((_, Value::String(text))) => text.clone(),
        Some((_, Value::Number(number))) => number.to_string(),
        _ => String::new(),
    }
}

/// Makes a random name for a request, as Graph wants it (RFC 9562 §5.4).
fn guid() -> String {
    let mut bytes = [0_u8; 16];
    // Without a random source the names repeat, which only the server's operators would notice.
    let _ = SystemRandom::new().fill(&mut bytes);
    let bits = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | 4 << 76 | 2 << 62;
    let hex = format!("{bits:032x}");
    let cut = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let parts = [cut(0, 8), cut(8, 12), cut(12, 16), cut(16, 20), cut(20, 32)];
    parts.join("-")
}

/// Says that the server broke its protocol.
pub(super) fn protocol(doing: &'static str, detail: &str) -> BackendError {
    BackendError::Protocol {
        doing,
        detail: sanitize_line(detail).chars().take(200).collect(),
    }
}
