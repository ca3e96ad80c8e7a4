//! `$batch`: up to twenty requests in one, each with an answer of its own.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::state::MAX_AT_ONCE;
use super::wire::{Call, Content, Fault, JSON, Reply, field, refused, text};
use super::{access, request_ids, serve};
use crate::demo::house::House;

/// Requests in a batch.
const MAX_REQUESTS: usize = 20;

/// One request of a batch.
struct Part {
    id: String,
    call: Call,
    after: Vec<String>,
}

/// Answers a batch; only what is wrong with the batch itself is told by its status.
pub async fn run(house: &House, call: &Call) -> Reply {
    let ids = request_ids(house, call);
    let outcome = match access::identify(house, call) {
        Ok(_) => parts(call),
        Err(fault) => Err(fault),
    };
    match outcome {
        Ok(parts) => Reply::json(200, json!({"responses": answers(house, parts).await})),
        Err(fault) => refused(&fault, &ids, &house.sign_in.base),
    }
}

fn wrong(message: &str) -> Fault {
    Fault::bad("BadRequest", message)
}

fn parts(call: &Call) -> Result<Vec<Part>, Fault> {
    if call.method != "POST" {
        return Err(Fault::new(
            405,
            "ErrorMethodNotAllowed",
            "A batch is posted.",
        ));
    }
    let json = call.json()?;
    let requests = field(&json, "requests").and_then(Value::as_array);
    let requests = requests.ok_or_else(|| wrong("Invalid batch payload format."))?;
    if requests.len() > MAX_REQUESTS {
        let message =
            format!("Number of batch request steps exceeds the maximum value of {MAX_REQUESTS}.");
        return Err(Fault::new(400, "MaximumValueExceeded", &message));
    }
    let mut parts: Vec<Part> = Vec::new();
    for request in requests {
        let part = part(call, request)?;
        if part.id.is_empty() || parts.iter().any(|other| other.id == part.id) {
            return Err(wrong(
                "Request id has to be specified and unique in a batch.",
            ));
        }
        let is_known = |id: &String| parts.iter().any(|other| other.id == *id);
        if !part.after.iter().all(is_known) {
            return Err(wrong(
                "A request depends on one that does not come before it.",
            ));
        }
        parts.push(part);
    }
    Ok(parts)
}

/// Returns the path after the version. Addresses should be relative; Microsoft's own clients also write whole ones.
fn relative(url: &str) -> Option<String> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url,
    };
    let path = path.trim_start_matches('/');
    let path = path.strip_prefix("v1.0/").unwrap_or(path);
    (!path.is_empty()).then(|| format!("/{path}"))
}

fn part(outer: &Call, request: &Value) -> Result<Part, Fault> {
    let url = relative(text(request, "url"));
    let url =
        url.ok_or_else(|| wrong("Invalid batch payload format: a relative url is needed."))?;
    let mut headers = HeaderMap::new();
    for (name, value) in field(request, "headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let name = name.parse::<HeaderName>();
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
    if let Some(token) = outer.headers.get(AUTHORIZATION) {
        headers.insert(AUTHORIZATION, token.clone());
    }
    let body = match field(request, "body") {
        None => Bytes::new(),
        Some(_) if !headers.contains_key("content-type") => {
            return Err(wrong(
                "Write request id with a body has no Content-Type header.",
            ));
        }
        Some(Value::String(text)) => Bytes::from(text.clone()),
        Some(json) => Bytes::from(json.to_string()),
    };
    let after = field(request, "dependsOn").and_then(Value::as_array);
    let after = after.into_iter().flatten().filter_map(Value::as_str);
    Ok(Part {
        id: text(request, "id").to_owned(),
        call: Call::new(text(request, "method"), &url, headers, body),
        after: after.map(str::to_owned).collect(),
    })
}

/// Does the requests, four at a time, each once those it depends on are done.
async fn answers(house: &House, mut waiting: Vec<Part>) -> Vec<Value> {
    let mut done: BTreeMap<String, u16> = BTreeMap::new();
    let mut answers = Vec::new();
    while !waiting.is_empty() {
        let mut turn = Vec::new();
        let mut later = Vec::new();
        for part in waiting {
            let is_ready = part.after.iter().all(|id| done.contains_key(id));
            if is_ready && turn.len() < MAX_AT_ONCE {
                turn.push(part);
            } else {
                later.push(part);
            }
        }
        waiting = later;
        let replies = join_all(turn.iter().map(|part| one(house, part, &done))).await;
        for (part, reply) in turn.iter().zip(replies) {
            done.insert(part.id.clone(), reply.status);
            answers.push(show(&part.id, reply));
        }
    }
    answers
}

async fn one(house: &House, part: &Part, done: &BTreeMap<String, u16>) -> Reply {
    let ids = request_ids(house, &part.call);
    let failed = |id: &String| done.get(id).is_none_or(|status| *status >= 400);
    if let Some(id) = part.after.iter().find(|id| failed(id)) {
        let message = format!("Request dependent on the failed request with id: {id}.");
        return refused(
            &Fault::new(424, "FailedDependency", &message),
            &ids,
            &house.sign_in.base,
        );
    }
    let reply = serve(house, &part.call, &ids).await;
    match part.call.applied() {
        Some(applied) => reply.with("Preference-Applied", applied),
        None => reply,
    }
}

fn show(id: &str, reply: Reply) -> Value {
    let mut headers = Map::new();
    for (name, value) in reply.headers {
        let name = if name == "retry-after" {
            "Retry-After"
        } else {
            name
        };
        headers.insert(name.to_owned(), json!(value));
    }
    let (kind, body) = match reply.content {
        Content::None => (None, None),
        Content::Json(value) => (Some(JSON.to_owned()), Some(value)),
        Content::Bytes(kind, bytes) => (Some(kind), Some(json!(STANDARD.encode(bytes)))),
    };
    headers.insert("Cache-Control".to_owned(), json!("no-cache"));
    headers.extend(kind.map(|kind| ("Content-Type".to_owned(), json!(kind))));
    let mut answer = json!({"id": id, "status": reply.status, "headers": headers});
    if let (Some(body), Some(object)) = (body, answer.as_object_mut()) {
        object.insert("body".to_owned(), body);
    }
    answer
}
