//! Exchange Web Services over the tenant's mail, with Autodiscover v2.
//!
//! Written from Microsoft's documents and checked by foreign clients; shares nothing with the program's own EWS.

mod access;
mod autodiscover;
mod context;
mod directory;
mod faults;
mod folders;
mod items;
mod notify;
mod operations;
mod search;
mod shape;
mod wire;

pub use notify::Desk;

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};

use super::house::House;
use super::mischief::{Mischief, Service};
use super::transport::web::{Answer, answer_of};
use access::Caller;
use context::Context;
use wire::{Asked, Refusal, fault, read_request};

const XML: &str = "text/xml; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// Answers a request below `/EWS/` or `/autodiscover/`.
pub async fn answer(house: &Arc<House>, request: &Request<Bytes>) -> Answer {
    let path = request.uri().path();
    let answer = if path.to_ascii_lowercase().starts_with("/autodiscover/") {
        autodiscover::answer(&house.sign_in.base, request.uri())
    } else {
        service(house, request).await
    };
    echoed(request, answer)
}

async fn service(house: &Arc<House>, request: &Request<Bytes>) -> Answer {
    house.sign_in.requests.count_ews();
    if !request
        .uri()
        .path()
        .eq_ignore_ascii_case("/EWS/Exchange.asmx")
    {
        return answer_of(StatusCode::NOT_FOUND, HTML, "");
    }
    let shown = match access::identify(house, request.headers()) {
        Ok(shown) => shown,
        Err(refused) => return *refused,
    };
    if house.ews.is_blocked() {
        return answer_of(StatusCode::FORBIDDEN, HTML, "");
    }
    if request.method() != Method::POST {
        return answer_of(StatusCode::OK, HTML, "<html><body>Service</body></html>");
    }
    let asked = read_request(request.body(), operations::NAMES);
    let operation = asked.as_ref().ok().map(|asked| &asked.operation);
    let can_happen = |mischief: &Mischief| faults::can_happen(mischief, operation);
    let is_asked = |at: &str| operation.is_some_and(|operation| operation.name == at);
    let mischief = house.mischief.take(Service::Ews, is_asked, can_happen);
    let is_cut_after = mischief == Some(Mischief::CutAfter);
    let is_cut_inside = mischief == Some(Mischief::CutInside);
    if mischief == Some(Mischief::Slow) {
        faults::wait().await;
    }
    let answer = asked.and_then(|asked| soap(house, request, (shown, asked), mischief));
    let answer = answer.unwrap_or_else(|refusal| broken(&refusal));
    if is_cut_after {
        faults::cut_before(answer)
    } else if is_cut_inside {
        faults::cut_inside(answer).await
    } else {
        answer
    }
}

fn soap(
    house: &Arc<House>,
    request: &Request<Bytes>,
    (shown, asked): (access::Shown, Asked),
    mischief: Option<Mischief>,
) -> Result<Answer, Refusal> {
    let caller = Caller::new(shown, asked.sid.as_ref())?;
    let context = Context {
        house,
        caller,
        mischief,
    };
    if let Some(Mischief::Error { code, back_off }) = context.mischief {
        return faults::scripted(&asked.operation, code, back_off);
    }
    notify::answer(&context, &asked.operation, request.headers())
        .unwrap_or_else(|| operations::answer(&context, &asked.operation))
}

fn broken(refusal: &Refusal) -> Answer {
    answer_of(StatusCode::INTERNAL_SERVER_ERROR, XML, fault(refusal))
}

/// Returns the client's own number for the request, as it asked for.
fn echoed(request: &Request<Bytes>, mut answer: Answer) -> Answer {
    let header = |name: &str| request.headers().get(name);
    let is_wanted = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"true");
    let number = header("client-request-id")
        .filter(|_| header("return-client-request-id").is_some_and(is_wanted));
    let headers = answer.headers_mut();
    if let Some(number) = number {
        headers.insert(HeaderName::from_static("client-request-id"), number.clone());
    }
    headers.insert(
        HeaderName::from_static("x-feserver"),
        HeaderValue::from_static("HV1P285CA0042"),
    );
    answer
}

#[cfg(test)]
mod tests;
