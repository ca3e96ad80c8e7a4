//! A browser for tests: follows redirects, keeps cookies, fills in the one form of a page.
//!
//! Stops as soon as it is sent away from the sign-in service, and says where to.

use std::collections::BTreeMap;

use pillarbox::net::Http;
use url::Url;

/// How many pages a sign-in may take.
const MOST_PAGES: usize = 12;

/// What the person does on the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Press<'a> {
    /// Signs in as this person and says yes.
    Yes(&'a str),
    /// Takes what the page proposes, which is the `login_hint`, and says yes.
    YesAsProposed,
    /// Says no.
    No,
}

/// A browser with its cookies.
#[derive(Debug)]
pub struct Browser<'a> {
    http: &'a Http,
    cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    /// Returns a browser that has been nowhere.
    pub fn new(http: &'a Http) -> Self {
        Self {
            http,
            cookies: BTreeMap::new(),
        }
    }

    /// Opens an address, presses a button on each page, and returns the address outside that it is sent to.
    pub async fn sign_in(&mut self, address: &str, press: Press<'_>) -> Url {
        let mut at = Url::parse(address).expect("an address");
        let origin = at.origin();
        let mut form: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer = self.ask(&at, form.take()).await;
            let body = String::from_utf8_lossy(answer.body()).into_owned();
            if let Some(next) = answer.headers().get("location") {
                at = at.join(next.to_str().expect("text")).expect("an address");
                if at.origin() != origin {
                    return at;
                }
                continue;
            }
            assert!(
                answer.status().is_success() && body.contains("<form"),
                "{} {at}: {body}",
                answer.status()
            );
            form = Some(filled_in(&body, press));
        }
        panic!("too many pages, the last at {at}");
    }

    async fn ask(&mut self, at: &Url, form: Option<String>) -> http::Response<Vec<u8>> {
        let method = if form.is_some() { "POST" } else { "GET" };
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = http::Request::builder()
            .method(method)
            .uri(at.as_str())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", cookies.join("; "))
            .body(form.unwrap_or_default().into_bytes())
            .expect("a request");
        let answer = self.http.send(request).await.expect("an answer");
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("text");
            let pair = cookie.split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a cookie");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

fn filled_in(page: &str, press: Press<'_>) -> String {
    let proposed = page
        .split_once("name=\"user\" value=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("", |(value, _)| value);
    let (user, action) = match press {
        Press::Yes(user) => (user, "approve"),
        Press::YesAsProposed => (proposed, "approve"),
        Press::No => ("", "deny"),
    };
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("user", user), ("action", action)])
        .finish()
}
