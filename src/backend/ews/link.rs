//! Sends one request and reads its answer: headers, schema versions, faults. Knows no operation.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Mutex;
use std::time::Duration;

use ::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE};
use ::http::{HeaderMap, Method, Request, StatusCode};
use tokio::sync::Semaphore;

use super::judge::{self, Stage};
use super::soap::{Class, Flaw, Items, Limits, Part, Reader, Reply, Version, Xml, envelope};
use crate::backend::http::{Exchange, SILENCE, offline};
use crate::backend::{Access, BackendError, Opener, Refusal};
use crate::model::sanitize_line;
use crate::net::{HttpAnswer, NetError, Trust, Written};

/// Bytes of an answer that lists something.
pub(super) const LIST: usize = 16 << 20;
/// Bytes of an answer that are gathered before they are read: more at a time is cheaper, and the connection waits less.
const GATHERED: usize = 256 << 10;
/// Requests of a mailbox under way at a time; servers count more against it (protocol facts §7.5).
const AT_ONCE: usize = 4;
/// Schemas tried for one request.
const MOST_TRIES: usize = 8;

/// Writes the body of a request for a schema.
pub(super) type Write<'a> = &'a (dyn Fn(&mut Xml, Version) + Send + Sync);

/// One request.
pub(super) struct Call<'a> {
    doing: &'static str,
    write: Write<'a>,
    limit: usize,
    items: Items,
    headers: Vec<(HeaderName, String)>,
    progress: Option<&'a (dyn Fn(usize) + Send + Sync)>,
    written: Option<&'a Written>,
    silence: Duration,
    stage: Stage,
}

impl<'a> Call<'a> {
    /// Makes one whose answer is a list.
    pub(super) fn new(doing: &'static str, write: Write<'a>) -> Self {
        Self {
            doing,
            write,
            limit: LIST,
            items: Items::Trees,
            headers: Vec::new(),
            progress: None,
            written: None,
            silence: SILENCE,
            stage: Stage::Working,
        }
    }

    /// Says that the request is what opens the mailbox.
    pub(super) fn opening(mut self) -> Self {
        self.stage = Stage::Opening;
        self
    }

    /// Reads at most so many bytes.
    pub(super) fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Keeps items of the answer as they are cheapest to read.
    pub(super) fn keeping(mut self, items: Items) -> Self {
        self.items = items;
        self
    }

    /// Sends more header fields.
    pub(super) fn headers(mut self, headers: Vec<(HeaderName, String)>) -> Self {
        self.headers = headers;
        self
    }

    /// Tells of bytes as they come.
    pub(super) fn progress(mut self, told: &'a (dyn Fn(usize) + Send + Sync)) -> Self {
        self.progress = Some(told);
        self
    }

    /// Notes when the whole request was handed over.
    pub(super) fn written(mut self, written: &'a Written) -> Self {
        self.written = Some(written);
        self
    }

    /// Waits so long for anything at all.
    pub(super) fn silence(mut self, limit: Duration) -> Self {
        self.silence = limit;
        self
    }
}

/// What is known of the schemas that a server takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Schemas {
    asked: Version,
    /// What the server says it is.
    server: Option<Version>,
    /// The newest that it has not refused.
    ceiling: Version,
}

impl Schemas {
    const FIRST: Self = Self {
        // The oldest that can say by one list of folders which of them every mailbox has.
        asked: Version::E2013,
        server: None,
        ceiling: Version::E2013Sp1,
    };

    fn note_server(&mut self, version: Version) {
        self.server = Some(version);
    }

    /// After an answer that was understood: asks for all that the server has, and no more.
    fn settle(&mut self) {
        if let Some(server) = self.server {
            self.asked = server.min(self.ceiling);
        }
    }

    /// Chooses another schema after `code`; nothing where there is none left.
    fn adapt(&mut self, code: &str, tried: Version) -> Option<()> {
        let is_newer_known = self.server.is_some_and(|server| server > tried);
        if code == "ErrorIncorrectSchemaVersion" && is_newer_known && self.ceiling > tried {
            self.settle();
            return (self.asked > tried).then_some(());
        }
        self.ceiling = self.ceiling.min(tried.older()?);
        self.asked = self.ceiling;
        Some(())
    }
}

/// The way to one mailbox of one server.
#[derive(Debug)]
pub(super) struct Link {
    exchange: Exchange,
    base: String,
    host: String,
    schemas: Mutex<Schemas>,
    turns: Semaphore,
}

impl Link {
    /// Makes one; nothing is sent yet. `base` is the whole address of the service.
    pub(super) fn new(base: &str, trust: &Trust, access: &Access) -> Result<Self, BackendError> {
        let uri: Option<::http::Uri> = base.parse().ok();
        let host = uri.as_ref().and_then(::http::Uri::host).unwrap_or_default();
        Ok(Self {
            exchange: Exchange::new(trust, access)?,
            base: base.to_owned(),
            host: host.to_owned(),
            schemas: Mutex::new(Schemas::FIRST),
            turns: Semaphore::new(AT_ONCE),
        })
    }

    /// Returns whose mailbox it is, and who opens it.
    pub(super) fn access(&self) -> &Access {
        self.exchange.access()
    }

    /// Returns the schema that requests are written for.
    pub(super) fn version(&self) -> Version {
        self.with_schemas(|schemas| schemas.asked)
    }

    /// Names a folder of this mailbox that has the same id everywhere.
    pub(super) fn place(&self, xml: &mut Xml, name: &str) {
        let attributes = [("Id", name)];
        if self.access().opener != Opener::Delegate {
            xml.empty("t:DistinguishedFolderId", &attributes);
            return;
        }
        xml.inside("t:DistinguishedFolderId", &attributes, |xml| {
            xml.inside("t:Mailbox", &[], |xml| {
                xml.text("t:EmailAddress", &self.access().mailbox);
            });
        });
    }

    /// Sends a request and returns its response messages. A fault, and a busy server, is an error.
    pub(super) async fn call(&self, call: &Call<'_>) -> Result<Vec<Reply>, BackendError> {
        self.call_noting(call, &mut None).await
    }

    /// Does what [`Self::call`] does, and notes the cookie that leads back to the same server of a farm.
    pub(super) async fn call_noting(
        &self,
        call: &Call<'_>,
        cookie: &mut Option<String>,
    ) -> Result<Vec<Reply>, BackendError> {
        // It is never closed.
        let _turn = self.turns.acquire().await;
        for _ in 0..MOST_TRIES {
            let version = self.version();
            let answer = self.open(call, version).await?;
            *cookie = affinity(answer.headers());
            let answered = self.read(call, answer).await?;
            if let Some(outcome) = self.conclude(call, version, answered) {
                return outcome;
            }
        }
        Err(protocol(call.doing, "the server takes no schema version"))
    }

    /// Sends a request whose answer is read by the caller.
    pub(super) async fn open_stream(&self, call: &Call<'_>) -> Result<HttpAnswer, BackendError> {
        let answer = self.open(call, self.version()).await?;
        match answer.status() {
            StatusCode::OK | StatusCode::INTERNAL_SERVER_ERROR => Ok(answer),
            _ => Err(self.unusual(call.doing, answer).await),
        }
    }

    /// Makes the error of a connection that broke.
    pub(super) fn broken(&self, doing: &'static str, reason: &str) -> BackendError {
        let host = self.host.clone();
        let reason = reason.to_owned();
        offline(doing, NetError::Http { host, reason })
    }

    async fn open(&self, call: &Call<'_>, version: Version) -> Result<HttpAnswer, BackendError> {
        let request = self.request(call, version)?;
        let (doing, silence) = (call.doing, call.silence);
        match call.written {
            Some(written) => {
                let sent = self.exchange.open_noting(doing, request, silence, written);
                sent.await
            }
            None => self.exchange.open_for(doing, request, silence).await,
        }
    }

    fn request(&self, call: &Call<'_>, version: Version) -> Result<Request<Vec<u8>>, BackendError> {
        let access = self.access();
        let is_application = access.opener == Opener::Application;
        let impersonated = is_application.then_some(access.mailbox.as_str());
        let body = envelope(version, impersonated, |xml| (call.write)(xml, version));
        let mut request = Request::new(body.into_bytes());
        *request.method_mut() = Method::POST;
        let uri = self.base.parse();
        *request.uri_mut() = uri.map_err(|_| protocol(call.doing, "the host name is none"))?;
        let headers = request.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/xml; charset=utf-8"),
        );
        headers.insert(ACCEPT, HeaderValue::from_static("text/xml"));
        let mut add = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        add(HeaderName::from_static("x-anchormailbox"), &access.mailbox);
        add(HeaderName::from_static("client-request-id"), &request_id());
        add(HeaderName::from_static("return-client-request-id"), "true");
        for (name, value) in &call.headers {
            add(name.clone(), value);
        }
        Ok(request)
    }

    async fn read(&self, call: &Call<'_>, answer: HttpAnswer) -> Result<Answered, BackendError> {
        let status = answer.status();
        match status {
            StatusCode::OK | StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_REQUEST => {}
            _ => return Err(self.unusual(call.doing, answer).await),
        }
        let read = self.read_soap(call, answer).await?;
        read.map_err(|flaw| match flaw {
            Flaw::TooLong => {
                let host = self.host.clone();
                let limit = call.limit;
                offline(call.doing, NetError::TooLong { host, limit })
            }
            // A page of a web server or a proxy, not of Exchange.
            Flaw::Malformed(_) | Flaw::Truncated if status != StatusCode::OK => {
                self.broken(call.doing, &status.to_string())
            }
            flaw => protocol(call.doing, &flaw.words()),
        })
    }

    /// Reads until the end; the outer error is the network's.
    async fn read_soap(
        &self,
        call: &Call<'_>,
        mut answer: HttpAnswer,
    ) -> Result<Result<Answered, Flaw>, BackendError> {
        let mut reader = Reader::new(Limits {
            bytes: call.limit,
            is_endless: false,
        })
        .keeping(call.items);
        let mut answered = Answered::default();
        let fail = |source| offline(call.doing, source);
        let mut gathered = Vec::new();
        loop {
            let chunk = answer.chunk().await.map_err(fail)?;
            let is_last = chunk.is_none();
            if let Some(chunk) = chunk {
                if let Some(told) = call.progress {
                    told(chunk.len());
                }
                gathered.extend(chunk);
            }
            if !is_last && gathered.len() < GATHERED {
                continue;
            }
            match reader.push(&gathered) {
                Ok(parts) => parts.into_iter().for_each(|part| answered.take(part)),
                Err(flaw) => return Ok(Err(flaw)),
            }
            gathered.clear();
            if is_last {
                return Ok(reader.finish().map(|()| answered));
            }
        }
    }

    /// Decides what an answer means; nothing when the request is to be written again for another schema.
    fn conclude(
        &self,
        call: &Call<'_>,
        tried: Version,
        answered: Answered,
    ) -> Option<Result<Vec<Reply>, BackendError>> {
        let Answered {
            server,
            replies,
            fault,
        } = answered;
        if let Some(version) = server {
            self.with_schemas(|schemas| schemas.note_server(version));
        }
        let error = fault.as_ref().or_else(|| replies.first());
        let is_about_schema = |reply: &&Reply| {
            reply.is_error("ErrorInvalidServerVersion")
                || reply.is_error("ErrorIncorrectSchemaVersion")
        };
        if let Some(reply) = error.filter(is_about_schema) {
            let adapted = self.with_schemas(|schemas| schemas.adapt(&reply.code, tried));
            return match adapted {
                Some(()) => None,
                None => Some(Err(judge::error(call.doing, call.stage, reply))),
            };
        }
        self.with_schemas(Schemas::settle);
        if let Some(fault) = fault {
            return Some(Err(judge::error(call.doing, call.stage, &fault)));
        }
        let busy = replies
            .iter()
            .find(|reply| reply.class == Class::Error && judge::is_busy(reply));
        Some(match busy {
            Some(reply) => Err(judge::error(call.doing, call.stage, reply)),
            None => Ok(replies),
        })
    }

    fn with_schemas<T>(&self, work: impl FnOnce(&mut Schemas) -> T) -> T {
        let mut schemas = self
            .schemas
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&mut schemas)
    }

    /// Makes the error of a status that is not EWS's.
    async fn unusual(&self, doing: &'static str, answer: HttpAnswer) -> BackendError {
        let status = answer.status();
        let diagnostics = answer.headers().get("x-ms-diagnostics");
        let diagnostics = diagnostics.and_then(|value| value.to_str().ok());
        let is_about_token = diagnostics.is_some_and(is_about_token);
        let mut text = sanitize_line(diagnostics.unwrap_or_default());
        if text.is_empty() {
            let body = answer.body(64 << 10, |_| {}).await.unwrap_or_default();
            let body = sanitize_line(&String::from_utf8_lossy(&body));
            text = body.trim().chars().take(300).collect();
        }
        let refused = |kind| BackendError::Refused {
            kind,
            code: status.as_u16().to_string(),
            text: text.clone(),
        };
        match status {
            StatusCode::FORBIDDEN if is_about_token => BackendError::SignIn {
                code: status.as_u16().to_string(),
                text,
            },
            StatusCode::FORBIDDEN => refused(Refusal::EwsBlocked),
            StatusCode::PAYLOAD_TOO_LARGE => refused(Refusal::TooBig),
            status if status.is_server_error() => self.broken(doing, &status.to_string()),
            // A redirect, or no such service: asking again does not help.
            _ => refused(Refusal::Other),
        }
    }
}

/// Tells whether a 403 is about the token, such as one without the permission for EWS; else EWS itself is off.
fn is_about_token(diagnostics: &str) -> bool {
    let lower = diagnostics.to_ascii_lowercase();
    ["token", "invalid_grant"]
        .iter()
        .any(|word| lower.contains(word))
}

/// Returns the cookie of affinity (protocol facts §7.4), as it is sent back.
fn affinity(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(SET_COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|cookie| cookie.to_str().ok())
        .map(|cookie| cookie.split(';').next().unwrap_or_default().trim());
    let found = pairs.find(|pair| pair.starts_with("X-BackEndOverrideCookie="));
    found.map(str::to_owned)
}

/// What came back.
#[derive(Debug, Default)]
struct Answered {
    server: Option<Version>,
    replies: Vec<Reply>,
    fault: Option<Reply>,
}

impl Answered {
    fn take(&mut self, part: Part) {
        match part {
            Part::Version(info) => self.server = Version::of_server(&info).or(self.server),
            Part::Message(node) => self.replies.push(Reply::of_message(node)),
            Part::Fault(node) => self.fault = Some(Reply::of_fault(node)),
        }
    }
}

/// Makes the error of an answer that breaks the rules.
pub(super) fn protocol(doing: &'static str, detail: &str) -> BackendError {
    let detail = sanitize_line(detail).chars().take(300).collect();
    BackendError::Protocol { doing, detail }
}

/// Makes an id for the server's logs, unlike any other.
fn request_id() -> String {
    let random = || RandomState::new().hash_one(std::time::Instant::now());
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFF,
        low >> 52,
        low & 0xFFFF_FFFF_FFFF
    )
}
