//! A request and an answer in Graph's writing: path, preferences, errors with their two ids, odd endings of answers.
//!
//! Knows no mail; a batch's parts pass through the same types as requests of their own.

use std::io;

use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::query::Query;
use crate::demo::transport::web::{Answer, whole};

/// `Content-Type` of every JSON answer.
pub const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// Whether ids survive moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdForm {
    /// A new one with every move.
    Default,
    /// `Prefer: IdType="ImmutableId"`.
    Immutable,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    /// Method in capitals.
    pub method: String,
    /// The path after the version as it was asked for.
    pub path: String,
    /// The path after the version, decoded, without `microsoft.graph.`, keys as segments of their own.
    pub segments: Vec<String>,
    /// What stands after the question mark.
    pub query: Query,
    /// Header fields.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Call {
    /// Reads method and address.
    pub fn new(method: &str, path: &str, headers: HeaderMap, body: Bytes) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            segments: path.split('/').flat_map(segments).collect(),
            query: Query::parse(query),
            headers,
            body,
        }
    }

    /// Returns a header field; "" if it is missing or no text.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// Returns the value of a preference without quotes (RFC 7240).
    pub fn preference(&self, name: &str) -> Option<String> {
        let fields = self.headers.get_all("prefer").into_iter();
        let fields: Vec<&str> = fields.filter_map(|value| value.to_str().ok()).collect();
        fields
            .iter()
            .flat_map(|field| field.split([',', ';']))
            .filter_map(|preference| preference.split_once('='))
            .find(|(found, _)| found.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().trim_matches('"').to_owned())
    }

    /// Returns which ids are wanted.
    pub fn id_form(&self) -> IdForm {
        match self.preference("IdType") {
            Some(kind) if kind.eq_ignore_ascii_case("ImmutableId") => IdForm::Immutable,
            _ => IdForm::Default,
        }
    }

    /// Returns the type of the body in lower case, without parameters.
    pub fn content_type(&self) -> String {
        let kind = self.header("content-type").split(';').next();
        kind.unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Reads the body as an object; an empty one is an empty object.
    pub fn json(&self) -> Result<Value, Fault> {
        if self.body.is_empty() {
            return Ok(json!({}));
        }
        match serde_json::from_slice(&self.body) {
            Ok(value @ Value::Object(_)) => Ok(value),
            _ => Err(Fault::bad(
                "BadRequest",
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
            )),
        }
    }

    /// Tells the preferences that were followed.
    pub fn applied(&self) -> Option<String> {
        let mut applied = Vec::new();
        if self.id_form() == IdForm::Immutable {
            applied.push("IdType=\"ImmutableId\"".to_owned());
        }
        if let Some(size) = self.preference("odata.maxpagesize") {
            applied.push(format!("odata.maxpagesize={size}"));
        }
        if let Some(kind) = self.preference("outlook.body-content-type") {
            applied.push(format!("outlook.body-content-type=\"{kind}\""));
        }
        (!applied.is_empty()).then(|| applied.join(", "))
    }
}

/// Returns a property whatever the case of its name; actions are written in both ways.
pub fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let mut entries = object.as_object()?.iter();
    entries
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .filter(|value| !value.is_null())
}

/// Returns a property that is text; "" if it is something else.
pub fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    field(object, name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Reads `mailFolders('x')` as two segments, `microsoft.graph.delta()` as one.
fn segments(segment: &str) -> Vec<String> {
    // A plus is a plus in a path.
    let form = format!("x={}", segment.replace('+', "%2B").replace('&', "%26"));
    let decoded = url::form_urlencoded::parse(form.as_bytes()).next();
    let text = decoded
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default();
    let text = text.strip_prefix("microsoft.graph.").unwrap_or(&text);
    if text.is_empty() {
        return Vec::new();
    }
    let text = text.strip_suffix("()").unwrap_or(text);
    match text.strip_suffix("')").and_then(|t| t.split_once("('")) {
        Some((name, key)) => vec![name.to_owned(), key.to_owned()],
        None => vec![text.to_owned()],
    }
}

/// What an answer holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing.
    None,
    /// JSON.
    Json(Value),
    /// Something else, with its type.
    Bytes(String, Bytes),
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Further header fields.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub content: Content,
}

impl Reply {
    /// Returns an answer without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content: Content::None,
        }
    }

    /// Returns JSON.
    pub fn json(status: u16, value: Value) -> Self {
        Self {
            content: Content::Json(value),
            ..Self::empty(status)
        }
    }

    /// Returns something else.
    pub fn bytes(content_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self {
            content: Content::Bytes(content_type.to_owned(), bytes.into()),
            ..Self::empty(200)
        }
    }

    /// Adds a header field.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// HTTP status.
    pub status: u16,
    /// `error.code`.
    pub code: String,
    /// `error.message`.
    pub message: String,
}

impl Fault {
    /// Returns a refusal.
    pub fn new(status: u16, code: &str, message: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    /// Returns one of status 400.
    pub fn bad(code: &str, message: &str) -> Self {
        Self::new(400, code, message)
    }

    /// An id or a name that nothing has.
    pub fn not_found() -> Self {
        Self::new(
            404,
            "ErrorItemNotFound",
            "The specified object was not found in the store.",
        )
    }

    /// No permission, or no right on the mailbox.
    pub fn denied() -> Self {
        Self::new(
            403,
            "ErrorAccessDenied",
            "Access is denied. Check credentials and try again.",
        )
    }

    /// More than four at once.
    pub fn throttled() -> Self {
        Self::new(
            429,
            "ApplicationThrottled",
            "Application is over its MailboxConcurrency limit.",
        )
    }

    /// Returns the refusal that a test asks for by its code.
    pub fn by_code(code: &str) -> Self {
        let status = match code {
            "InvalidAuthenticationToken" | CLAIMS => 401,
            "ErrorAccessDenied" | "ErrorSendAsDenied" | "ErrorQuotaExceeded" => 403,
            "ErrorItemNotFound"
            | "ErrorInvalidUser"
            | "ErrorMailboxNotFound"
            | "MailboxNotEnabledForRESTAPI" => 404,
            "ErrorFolderExists" => 409,
            "SyncStateNotFound" | "syncStateNotFound" | "resyncRequired" => 410,
            "ErrorIrresolvableConflict" => 412,
            "ErrorMessageSizeExceeded" => 413,
            "ApplicationThrottled" | "TooManyRequests" => 429,
            "ErrorInternalServerError" | "generalException" => 500,
            "ServiceUnavailable" | "MailboxStoreUnavailable" | "ErrorMailboxStoreUnavailable" => {
                503
            }
            "UnknownError" => 504,
            _ => 400,
        };
        Self::new(status, code, "The request could not be processed.")
    }
}

/// The two ids of a request, in the header and in errors.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestIds {
    /// The server's own.
    pub request: String,
    /// The client's, or the same again.
    pub client: String,
}

/// The challenge of continuous access evaluation: the policy wants another sign-in.
const CLAIMS: &str = "insufficient_claims";
const WANTED: &str = "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ==\"";

/// Turns a refusal into an answer.
pub fn refused(fault: &Fault, ids: &RequestIds, base: &str) -> Reply {
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let wants_claims = fault.code == CLAIMS;
    let code = if wants_claims {
        "InvalidAuthenticationToken"
    } else {
        &fault.code
    };
    let reply = Reply::json(
        fault.status,
        json!({"error": {
            "code": code,
            "message": fault.message,
            "innerError": {"date": now, "request-id": ids.request, "client-request-id": ids.client},
        }}),
    );
    match fault.status {
        401 if wants_claims => reply.with("www-authenticate", WANTED.to_owned()),
        401 => reply.with(
            "www-authenticate",
            format!(
                "Bearer realm=\"\", authorization_uri=\"{base}/common/oauth2/v2.0/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\""
            ),
        ),
        429 | 503 => reply.with("retry-after", "1"),
        _ => reply,
    }
}

/// How an answer ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// As it should.
    Whole,
    /// In the middle.
    Inside,
}

/// Puts an answer on the wire.
pub fn send(reply: Reply, call: &Call, ids: &RequestIds, ending: Ending) -> Answer {
    let (kind, bytes) = match reply.content {
        Content::None => (None, Bytes::new()),
        Content::Json(value) => (Some(JSON.to_owned()), Bytes::from(value.to_string())),
        Content::Bytes(kind, bytes) => (Some(kind), bytes),
    };
    let body = match ending {
        Ending::Whole => whole(bytes),
        Ending::Inside => {
            let half = bytes.slice(..bytes.len() / 2);
            let cut = Err(io::Error::from(io::ErrorKind::ConnectionReset));
            StreamBody::new(stream::iter([Ok(Frame::data(half)), cut])).boxed()
        }
    };
    let mut answer = Response::new(body);
    *answer.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    };
    if let Some(kind) = kind {
        put("content-type", &kind);
    }
    put("cache-control", "no-store, no-cache");
    put("request-id", &ids.request);
    put("client-request-id", &ids.client);
    if let Some(applied) = call.applied() {
        put("preference-applied", &applied);
    }
    for (name, value) in &reply.headers {
        put(name, value);
    }
    answer
}

/// Adds what no client knows to every object of an answer.
pub fn confuse(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(confuse);
            add_unknown(object);
        }
        Value::Array(items) => items.iter_mut().for_each(confuse),
        _ => {}
    }
}

fn add_unknown(object: &mut Map<String, Value>) {
    object.insert(
        "harborSignal".to_owned(),
        json!({"@odata.type": "#microsoft.graph.harborSignal", "lamps": [1, null, {"lit": true}]}),
    );
    object.insert("tide@odata.type".to_owned(), json!("#Int64"));
    object.insert("tide".to_owned(), json!("9007199254740993"));
}
