//! Authorization requests that browsers bring, and the codes that come of them (RFC 6749 §4.1, RFC 7636).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::time::Instant;

use super::apps::{self, App, Proof};
use super::http::{Form, field};
use super::refusal::Refusal;
use super::{Fault, random_text, scopes};

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ID_LENGTH: usize = 40;
const CODE_LENGTH: usize = 300;
/// How long a page may wait for its person.
const PATIENCE: Duration = Duration::from_secs(900);
/// How long a code is good for; Entra's.
const CODE_LIFE: Duration = Duration::from_secs(600);
/// Older ones are forgotten when there are more.
const MAX_KEPT: usize = 100;
/// A challenge by S256 is 32 bytes in base64url (RFC 7636 §4.2).
const CHALLENGE_LENGTH: usize = 43;

/// An authorization request that can be answered.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who asks.
    pub app: &'static App,
    /// Who is expected; may be empty.
    pub hint: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    tenant: String,
    redirect_uri: String,
    has_fragment: bool,
    state: Option<String>,
    nonce: String,
    challenge: String,
    request: Form,
}

/// A request that cannot go to its page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Told to the person, because the way back is not safe.
    Here(Fault),
    /// Told to the app, at this address.
    Back(String),
}

/// Reads an authorization request at `tenant`'s endpoint; `issuer` is told on the way back (RFC 9207).
pub fn read(tenant: &str, query: &Form, issuer: &str) -> Result<Ask, Refused> {
    let app = apps::app(field(query, "client_id")).map_err(Refused::Here)?;
    app.check_endpoint(tenant).map_err(Refused::Here)?;
    let redirect_uri = field(query, "redirect_uri");
    if app.redirect_uris.is_empty() {
        return Err(Refused::Here(Fault::Aadsts(500_113)));
    }
    if redirect_uri.is_empty() {
        return Err(Refused::Here(Fault::Aadsts(900_971)));
    }
    if !app.is_registered(redirect_uri) {
        return Err(Refused::Here(Fault::Aadsts(50_011)));
    }
    let ask = Ask {
        app,
        hint: field(query, "login_hint").to_owned(),
        scopes: scopes::split(field(query, "scope")),
        tenant: tenant.to_ascii_lowercase(),
        redirect_uri: redirect_uri.to_owned(),
        has_fragment: field(query, "response_mode") == "fragment",
        state: query.get("state").cloned(),
        nonce: field(query, "nonce").to_owned(),
        challenge: field(query, "code_challenge").to_owned(),
        request: query.clone(),
    };
    match check(&ask, query) {
        Ok(()) => Ok(ask),
        Err(fault) => Err(Refused::Back(ask.refused(fault, issuer))),
    }
}

fn check(ask: &Ask, query: &Form) -> Result<(), Fault> {
    match field(query, "response_type") {
        "code" => {}
        "" => return Err(Fault::MissingParameter("response_type")),
        "token" => return Err(Fault::Aadsts(700_051)),
        _ => return Err(Fault::Aadsts(70_005)),
    }
    if !["", "query", "fragment"].contains(&field(query, "response_mode")) {
        return Err(Fault::Aadsts(70_007));
    }
    if ask.scopes.is_empty() {
        return Err(Fault::MissingParameter("scope"));
    }
    scopes::first_audience(&ask.scopes)?;
    let has_none = ask.challenge.is_empty() && ask.app.proof != Proof::None;
    let is_sound =
        ask.challenge.len() == CHALLENGE_LENGTH && field(query, "code_challenge_method") == "S256";
    if !has_none && !is_sound {
        return Err(Fault::Aadsts(50_147));
    }
    match field(query, "prompt") {
        "" | "login" | "consent" | "select_account" => Ok(()),
        // Nobody has a session here.
        "none" => Err(Fault::Aadsts(50_058)),
        _ => Err(Fault::Aadsts(90_023)),
    }
}

impl Ask {
    /// Returns the origin that the page's form ends at, for its content policy.
    pub fn destination(&self) -> String {
        url::Url::parse(&self.redirect_uri)
            .map(|address| address.origin().ascii_serialization())
            .unwrap_or_default()
    }

    /// Returns the way back with a code.
    pub fn answered(&self, code: &str, issuer: &str) -> String {
        self.back(&[("code", code)], issuer)
    }

    /// Returns the way back with a refusal.
    pub fn refused(&self, fault: Fault, issuer: &str) -> String {
        let description = Refusal::new(fault, &self.request).description;
        let mut fields = vec![
            ("error", fault.redirect_error()),
            ("error_description", description.as_str()),
        ];
        if fault == Fault::Aadsts(65_004) {
            fields.push(("error_subcode", "cancel"));
        }
        self.back(&fields, issuer)
    }

    /// Returns the same request with another `state`.
    pub fn with_state(mut self, state: &str) -> Self {
        self.state = Some(state.to_owned());
        self
    }

    fn back(&self, fields: &[(&str, &str)], issuer: &str) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        if let Some(state) = &self.state {
            form.append_pair("state", state);
        }
        form.append_pair("iss", issuer);
        let fields = form.finish();
        if self.has_fragment {
            return format!("{}#{fields}", self.redirect_uri);
        }
        let mark = if self.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        // A registered address without a path gets one, as at Entra.
        let bare = url::Url::parse(&self.redirect_uri).is_ok_and(|address| address.path() == "/");
        let slash = if bare && !self.redirect_uri.ends_with('/') {
            "/"
        } else {
            ""
        };
        format!("{}{slash}{mark}{fields}", self.redirect_uri)
    }
}

struct Page {
    id: String,
    ask: Ask,
    ends: Instant,
}

struct Code {
    text: String,
    user: String,
    ask: Ask,
    ends: Instant,
    is_redeemed: bool,
}

/// A redeemed code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redeemed {
    /// Who signed in.
    pub user: String,
    /// What was asked for.
    pub scopes: Vec<String>,
    /// For the `id_token`; may be empty.
    pub nonce: String,
}

/// Pages that wait for a person, and codes that wait for their app.
#[derive(Default)]
pub struct Authorizations {
    pages: Vec<Page>,
    codes: Vec<Code>,
}

impl Authorizations {
    /// Keeps a request and returns the id of its page.
    pub fn wait(&mut self, ask: Ask) -> Result<String, Fault> {
        let id = random_text(ALPHABET, ID_LENGTH)?;
        if self.pages.len() >= MAX_KEPT {
            self.pages.remove(0);
        }
        self.pages.push(Page {
            id: id.clone(),
            ask,
            ends: Instant::now() + PATIENCE,
        });
        Ok(id)
    }

    /// Takes the request of a page; a page is answered once.
    pub fn take(&mut self, id: &str) -> Option<Ask> {
        let at = self.pages.iter().position(|page| page.id == id)?;
        let page = self.pages.remove(at);
        (Instant::now() < page.ends).then_some(page.ask)
    }

    /// Makes a code for `user`.
    pub fn issue(&mut self, ask: &Ask, user: &str) -> Result<String, Fault> {
        let code = format!("1.{}", random_text(ALPHABET, CODE_LENGTH)?);
        if self.codes.len() >= MAX_KEPT {
            self.codes.remove(0);
        }
        self.codes.push(Code {
            text: code.clone(),
            user: user.to_owned(),
            ask: ask.clone(),
            ends: Instant::now() + CODE_LIFE,
            is_redeemed: false,
        });
        Ok(code)
    }

    /// Redeems a code of `app` at `tenant`'s endpoint, once (RFC 6749 §4.1.3).
    pub fn redeem(&mut self, app: &App, tenant: &str, form: &Form) -> Result<Redeemed, Fault> {
        let wanted = field(form, "code");
        if wanted.is_empty() {
            return Err(Fault::MissingParameter("code"));
        }
        let code = self
            .codes
            .iter_mut()
            .find(|code| code.text == wanted && code.ask.app == app)
            .ok_or(Fault::Aadsts(70_000))?;
        if code.is_redeemed {
            return Err(Fault::UsedCode);
        }
        if Instant::now() >= code.ends {
            return Err(Fault::Aadsts(70_008));
        }
        if !tenant.eq_ignore_ascii_case(&code.ask.tenant) {
            return Err(Fault::Aadsts(700_005));
        }
        match field(form, "redirect_uri") {
            "" => return Err(Fault::MissingParameter("redirect_uri")),
            given if given != code.ask.redirect_uri => return Err(Fault::Aadsts(500_112)),
            _ => {}
        }
        check_verifier(&code.ask.challenge, field(form, "code_verifier"))?;
        code.is_redeemed = true;
        Ok(Redeemed {
            user: code.user.clone(),
            scopes: code.ask.scopes.clone(),
            nonce: code.ask.nonce.clone(),
        })
    }
}

fn check_verifier(challenge: &str, verifier: &str) -> Result<(), Fault> {
    if challenge.is_empty() && verifier.is_empty() {
        return Ok(());
    }
    if verifier.is_empty() {
        return Err(Fault::MissingParameter("code_verifier"));
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    if URL_SAFE_NO_PAD.encode(digest) == challenge {
        return Ok(());
    }
    Err(Fault::Aadsts(501_481))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::sign_in::CLIENT_ID;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const BACK: &str = "http://localhost:7/";

    fn ask() -> Ask {
        let fields = [
            ("client_id", CLIENT_ID),
            ("redirect_uri", BACK),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let query = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        read("t", &Form::from(query), "i").unwrap()
    }

    fn form(code: &str, verifier: &str, back: &str) -> Form {
        let fields = [
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", back),
        ];
        fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_is_good_once_for_ten_minutes_and_with_its_verifier() {
        let app = ask().app;
        let mut found = Authorizations::default();
        let code = found.issue(&ask(), "a@b").unwrap();
        let mut check = |code: &str, verifier: &str, back: &str, fault: Fault| {
            let redeemed = found.redeem(app, "t", &form(code, verifier, back));
            assert_eq!(redeemed, Err(fault));
        };
        check(&code, "wrong", BACK, Fault::Aadsts(501_481));
        check(&code, "", BACK, Fault::MissingParameter("code_verifier"));
        check(
            &code,
            VERIFIER,
            "http://localhost:7",
            Fault::Aadsts(500_112),
        );
        check("x", VERIFIER, BACK, Fault::Aadsts(70_000));
        let good = form(&code, VERIFIER, BACK);
        assert_eq!(
            found.redeem(app, "common", &good),
            Err(Fault::Aadsts(700_005))
        );
        assert_eq!(found.redeem(app, "T", &good).unwrap().user, "a@b");
        assert_eq!(found.redeem(app, "t", &good), Err(Fault::UsedCode));
        let late = found.issue(&ask(), "a@b").unwrap();
        tokio::time::advance(Duration::from_secs(601)).await;
        let late = form(&late, VERIFIER, BACK);
        assert_eq!(found.redeem(app, "t", &late), Err(Fault::Aadsts(70_008)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_is_answered_once_and_not_too_late() {
        let mut found = Authorizations::default();
        let id = found.wait(ask()).unwrap();
        assert!(found.take(&id).is_some() && found.take(&id).is_none());
        let id = found.wait(ask()).unwrap();
        tokio::time::advance(Duration::from_secs(901)).await;
        assert!(found.take(&id).is_none());
    }

    #[test]
    fn the_way_back_keeps_the_address_and_ends_in_a_path() {
        let mut ask = ask().with_state("s&1");
        let check = |ask: &Ask, expected: &str| assert_eq!(ask.answered("c", "i"), expected);
        check(&ask, "http://localhost:7/?code=c&state=s%261&iss=i");
        ask.redirect_uri = "http://localhost:7".to_owned();
        check(&ask, "http://localhost:7/?code=c&state=s%261&iss=i");
        ask.redirect_uri = "http://localhost/callback".to_owned();
        ask.has_fragment = true;
        check(&ask, "http://localhost/callback#code=c&state=s%261&iss=i");
    }
}
