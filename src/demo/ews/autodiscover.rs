//! Autodiscover v2: where a protocol's endpoint is, as JSON and without signing in. Answers for unknown people too.

use hyper::{StatusCode, Uri};
use serde_json::{Value, json};

use crate::demo::transport::web::{Answer, answer_of};

const JSON: &str = "application/json; charset=utf-8";

/// Answers `/autodiscover/autodiscover.json/v1.0/{email}?Protocol=EWS` and the older form with `?Email=`.
pub fn answer(base: &str, uri: &Uri) -> Answer {
    let path = uri.path().to_ascii_lowercase();
    let Some(rest) = path.strip_prefix("/autodiscover/autodiscover.json") else {
        return answer_of(StatusCode::NOT_FOUND, JSON, "");
    };
    let query = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let found = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.into_owned())
    };
    let in_path = rest.strip_prefix("/v1.0/").map(str::to_owned);
    let email = in_path.or_else(|| query("Email")).unwrap_or_default();
    if !email.contains('@') && !email.contains("%40") {
        let why = "Parameter 'Email' is missing or invalid.";
        return refused("InvalidEmail", why);
    }
    let Some(protocol) = query("Protocol") else {
        return refused(
            "MandatoryParameterMissing",
            "A valid value must be provided for the query parameter 'Protocol'",
        );
    };
    let address = match protocol.to_ascii_lowercase().as_str() {
        "ews" => format!("{base}/EWS/Exchange.asmx"),
        "rest" => format!("{base}/v1.0"),
        _ => {
            let why = format!(
                "The given protocol value '{protocol}' is invalid. Supported values are 'EWS,REST'"
            );
            return refused("InvalidProtocol", &why);
        }
    };
    json_answer(
        StatusCode::OK,
        &json!({"Protocol": protocol, "Url": address}),
    )
}

fn refused(code: &str, why: &str) -> Answer {
    let body = json!({"ErrorCode": code, "ErrorMessage": why});
    json_answer(StatusCode::BAD_REQUEST, &body)
}

fn json_answer(status: StatusCode, body: &Value) -> Answer {
    answer_of(status, JSON, body.to_string())
}
