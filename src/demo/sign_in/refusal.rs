//! A refusal as it is sent: Entra's JSON (protocol facts §2.6), or the same text on the way back to an app.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::http::Form;
use super::{Fault, apps, random_text};

/// A refusal with its ids.
pub struct Refusal {
    fault: Fault,
    /// `error_description`.
    pub description: String,
    timestamp: String,
    trace: String,
    correlation: String,
}

impl Refusal {
    /// Writes the text, filled in from the request.
    pub fn new(fault: Fault, request: &Form) -> Self {
        let (trace, correlation) = (guid(), guid());
        let timestamp = Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let description = format!(
            "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
            fault.number(),
            filled_in(&fault.text(), request, &timestamp),
        );
        Self {
            fault,
            description,
            timestamp,
            trace,
            correlation,
        }
    }

    /// Returns the body of an answer.
    pub fn body(&self) -> Value {
        let number = self.fault.number();
        let mut body = json!({
            "error": self.fault.error(),
            "error_description": self.description,
            "error_codes": [number],
            "timestamp": self.timestamp,
            "trace_id": self.trace,
            "correlation_id": self.correlation,
            "error_uri": format!("https://localhost/error?code={number}"),
        });
        let Some(fields) = body.as_object_mut() else {
            return body;
        };
        if let Some(suberror) = self.fault.suberror() {
            fields.insert("suberror".to_owned(), suberror.into());
        }
        if self.fault.error() == "interaction_required" {
            let claims =
                json!({"access_token": {"capolids": {"essential": true, "values": [guid()]}}});
            fields.insert("claims".to_owned(), claims.to_string().into());
        }
        body
    }
}

fn filled_in(text: &str, request: &Form, time: &str) -> String {
    let client = request
        .get("client_id")
        .map(String::as_str)
        .unwrap_or_default();
    let app = apps::app(client).map_or("", |app| app.name);
    let user = request
        .get("login_hint")
        .map_or("user@outlook.com", String::as_str);
    let mut text = text
        .replace("{app}", app)
        .replace("{time}", time)
        .replace("{user}", &bounded(user));
    for name in [
        "client_id",
        "redirect_uri",
        "scope",
        "grant_type",
        "response_type",
        "response_mode",
    ] {
        let given = request.get(name).map(String::as_str).unwrap_or_default();
        text = text.replace(&format!("{{{name}}}"), &bounded(given));
    }
    text
}

fn bounded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

fn guid() -> String {
    let hex = |length| random_text(b"0123456789abcdef", length).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
}
