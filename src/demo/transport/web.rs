//! The tenant's one HTTPS port: reads requests, gives each to the service its path belongs to, spoils answers where a
//! test asks for that.
//!
//! Knows no protocol but HTTP; what a path means is the service's matter.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::listen::accept_tls;
use crate::demo::house::House;
use crate::demo::mischief::{Edit, Mischief, Service};
use crate::demo::{ews, graph, sign_in};

/// Larger requests are refused: Exchange takes messages of 150 MB, this house is smaller.
const MAX_BODY: usize = 64 << 20;
/// How large an answer is that is much too large.
const HUGE: usize = 100 << 20;

/// An answer's body, whole or streaming. One that breaks off ends the connection without the last chunk.
pub type Body = BoxBody<Bytes, io::Error>;
/// An answer.
pub type Answer = Response<Body>;

/// Serves one connection.
pub async fn serve(house: Arc<House>, stream: TcpStream) -> io::Result<()> {
    let stream = accept_tls(Arc::clone(&house.tls), stream).await?;
    let service = service_fn(|request| answer(Arc::clone(&house), request));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await
        .map_err(io::Error::other)
}

/// Returns a body that is there as a whole.
pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never: Infallible| match never {})
        .boxed()
}

/// Returns an answer that is there as a whole.
pub fn answer_of(
    status: StatusCode,
    content_type: &'static str,
    bytes: impl Into<Bytes>,
) -> Answer {
    let mut answer = Response::new(whole(bytes));
    *answer.status_mut() = status;
    let value = HeaderValue::from_static(content_type);
    answer.headers_mut().insert(CONTENT_TYPE, value);
    answer
}

async fn answer(house: Arc<House>, request: Request<Incoming>) -> io::Result<Answer> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(bare(StatusCode::PAYLOAD_TOO_LARGE));
    };
    let request = Request::from_parts(head, body.to_bytes());
    let Some(service) = service(request.uri().path()) else {
        let answer = sign_in::answer(&house.sign_in, &request);
        return Ok(answer.map(|body| body.map_err(|never| match never {}).boxed()));
    };
    house.sign_in.requests.count_web();
    let is_asked = |at: &str| is_asked(&request, at);
    let mischief = house
        .mischief
        .take(service, is_asked, Mischief::is_of_transport);
    if let Some(mischief) = &mischief
        && let Some(answer) = spoiled(mischief)?
    {
        return Ok(answer);
    }
    let answer = serve_request(&house, service, request).await?;
    match mischief {
        Some(Mischief::Edited(edit)) => edited(answer, edit).await,
        _ => Ok(answer),
    }
}

/// Changes the body of an answer.
async fn edited(answer: Answer, edit: Edit) -> io::Result<Answer> {
    let (mut head, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    head.headers.remove(CONTENT_LENGTH);
    Ok(Answer::from_parts(head, whole(edit.0(&body))))
}

/// Returns the service that a path belongs to; `None` for the sign-in service.
fn service(path: &str) -> Option<Service> {
    let first = path.trim_start_matches('/').split('/').next()?;
    let is = |name: &str| first.eq_ignore_ascii_case(name);
    if is("ews") || is("autodiscover") {
        Some(Service::Ews)
    } else if is("v1.0") || is("beta") || is("upload") {
        Some(Service::Graph)
    } else {
        None
    }
}

/// Tells whether a part of the address, or of what is asked there, is this.
fn is_asked(request: &Request<Bytes>, at: &str) -> bool {
    let is_in = |bytes: &[u8]| bytes.windows(at.len()).any(|part| part == at.as_bytes());
    is_in(request.uri().path().as_bytes()) || is_in(request.body())
}

/// Does the service's work. An error cuts the connection.
async fn serve_request(
    house: &Arc<House>,
    service: Service,
    request: Request<Bytes>,
) -> io::Result<Answer> {
    match service {
        Service::Graph => graph::answer(house, &request).await,
        Service::Ews => Ok(ews::answer(house, &request).await),
        Service::Pop3 => Ok(bare(StatusCode::NOT_FOUND)),
    }
}

/// Returns the answer of a mischief that replaces the real one. An error cuts the connection.
fn spoiled(mischief: &Mischief) -> io::Result<Option<Answer>> {
    Ok(Some(match mischief {
        Mischief::Status { code, retry_after } => {
            let mut answer = bare(StatusCode::from_u16(*code).map_err(io::Error::other)?);
            if let Some(seconds) = retry_after {
                let value = HeaderValue::from(*seconds);
                answer.headers_mut().insert(RETRY_AFTER, value);
            }
            answer
        }
        Mischief::Body { kind, bytes } => answer_of(StatusCode::OK, kind, bytes.clone()),
        Mischief::Cut => return Err(io::ErrorKind::ConnectionReset.into()),
        Mischief::Huge => answer_of(StatusCode::OK, "text/xml; charset=utf-8", vec![b' '; HUGE]),
        _ => return Ok(None),
    }))
}

fn bare(status: StatusCode) -> Answer {
    let mut answer = Response::new(
        Empty::new()
            .map_err(|never: Infallible| match never {})
            .boxed(),
    );
    *answer.status_mut() = status;
    answer
}
