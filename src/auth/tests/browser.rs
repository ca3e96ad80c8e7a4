//! Signing in with a browser, which here is a few lines of raw HTTP.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use url::Url;

use crate::auth::tests::{Answer, Server, access, http, profile};
use crate::auth::{
    AuthError, BrowserFlow, BrowserProgress, ClientProof, Denial, PasteMistake, SignedIn,
};
use crate::model::{Method, Provider, SignInProfile};

/// A provider, and a sign-in at it that waits for its browser.
pub(super) struct Story {
    pub(super) server: Server,
    pub(super) flow: BrowserFlow,
}

/// Makes a provider whose token endpoint answers with `answer`, which is given the nonce of the sign-in.
pub(super) async fn provider(
    answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
) -> (Server, Arc<Mutex<String>>) {
    let nonce: Arc<Mutex<String>> = Arc::default();
    let known = Arc::clone(&nonce);
    let server = Server::start(move |_| answer(&known.lock().unwrap())).await;
    (server, nonce)
}

pub(super) fn profile_of(server: &Server) -> SignInProfile {
    SignInProfile {
        method: Method::Browser,
        token_endpoint: Some(format!("{}/token", server.base)),
        authorization_endpoint: Some(format!("{}/authorize", server.base)),
        ..profile(Provider::Custom)
    }
}

pub(super) async fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Story {
    start_with(answer, ClientProof::None, |_| {}).await
}

pub(super) async fn start_with(
    answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    client: ClientProof,
    change: impl FnOnce(&mut SignInProfile),
) -> Story {
    let (server, nonce) = provider(answer).await;
    let mut profile = profile_of(&server);
    change(&mut profile);
    let flow = BrowserFlow::start(&profile, client, "", &http())
        .await
        .unwrap();
    *nonce.lock().unwrap() = asked(&flow, "nonce");
    Story { server, flow }
}

/// Returns a parameter of the address the browser opens.
pub(super) fn asked(flow: &BrowserFlow, name: &str) -> String {
    let url = Url::parse(&flow.authorization().address).unwrap();
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(found, _)| found == name);
    found.map_or(String::new(), |(_, value)| value.into_owned())
}

/// Makes an answer with tokens whose `id_token` has these claims.
pub(super) fn tokens(claims: &str) -> Answer {
    let id_token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
    let body = format!(
        r#"{{"token_type":"Bearer","access_token":"AT-CANARY","expires_in":3600,"scope":"mail",
            "refresh_token":"RT-CANARY","id_token":"{id_token}"}}"#
    );
    Answer::json(200, &body)
}

pub(super) fn good(nonce: &str) -> Answer {
    tokens(&format!(
        r#"{{"nonce":"{nonce}","aud":"client-1","preferred_username":"alice@contoso.com"}}"#
    ))
}

/// Asks like a browser that was sent back.
pub(super) async fn browse(redirect_uri: &str, target: &str) -> String {
    let url = Url::parse(redirect_uri).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    send(&format!("127.0.0.1:{}", url.port().unwrap()), &request).await
}

async fn send(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(request.as_bytes()).await;
    let mut page = Vec::new();
    let _ = stream.read_to_end(&mut page).await;
    String::from_utf8_lossy(&page).into_owned()
}

type Outcome = Result<SignedIn, AuthError>;

/// Lets the sign-in wait in the background; nobody pastes.
pub(super) fn finish(flow: BrowserFlow) -> tokio::task::JoinHandle<Outcome> {
    let (_, pasted) = mpsc::unbounded_channel();
    let (progress, _) = mpsc::unbounded_channel();
    tokio::spawn(flow.finish(pasted, progress))
}

/// Comes back with `query` and returns the page and the outcome.
pub(super) async fn come_back(flow: BrowserFlow, query: &str) -> (String, Outcome) {
    let uri = flow.authorization().redirect_uri.clone();
    let query = query.replace("STATE", &asked(&flow, "state"));
    let outcome = finish(flow);
    let page = browse(&uri, &format!("/?{query}")).await;
    (page, outcome.await.unwrap())
}

#[tokio::test]
async fn a_browser_signs_in() {
    let Story { server, flow } = start(good).await;
    let (challenge, redirect_uri) = (asked(&flow, "code_challenge"), asked(&flow, "redirect_uri"));
    assert!(flow.authorization().is_listening);
    assert_eq!(redirect_uri, flow.authorization().redirect_uri);
    assert!(redirect_uri.starts_with("http://127.0.0.1:"));
    let (page, outcome) = come_back(flow, "code=c%2F1&state=STATE").await;
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<h1>Signed in</h1>"));
    assert!(!page.contains("CANARY"));
    let signed_in = outcome.unwrap();
    assert_eq!(access(&signed_in), "AT-CANARY");
    assert_eq!(signed_in.identity.username, "alice@contoso.com");
    let form = &server.asked()[0].form;
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(
        (form["code"].as_str(), form["client_id"].as_str()),
        ("c/1", "client-1")
    );
    assert_eq!(form["redirect_uri"], redirect_uri);
    let digest = ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes());
    assert_eq!(URL_SAFE_NO_PAD.encode(digest), challenge);
    assert!(!form.contains_key("client_secret"));
}

#[tokio::test]
async fn microsoft_is_asked_for_one_resource_and_comes_back_to_localhost() {
    let story = start_with(good, ClientProof::None, |profile| {
        profile.provider = Provider::Microsoft365;
        profile.token_endpoint = profile
            .token_endpoint
            .as_ref()
            .map(|base| format!("{base}/v2.0/token"));
    });
    let Story { server, flow } = story.await;
    assert!(asked(&flow, "scope").contains("graph.microsoft.com"));
    assert_eq!(asked(&flow, "prompt"), "select_account");
    let uri = flow.authorization().redirect_uri.clone();
    assert!(uri.starts_with("http://localhost:"));
    let (_, outcome) = come_back(flow, "code=c&state=STATE").await;
    outcome.unwrap();
    let scope = server.asked()[0].form["scope"].clone();
    assert!(scope.contains("IMAP.AccessAsUser.All") && !scope.contains("graph"));
}

#[tokio::test]
async fn both_kinds_of_addresses_are_answered() {
    let Story { flow, .. } = start(good).await;
    let uri = Url::parse(&flow.authorization().redirect_uri).unwrap();
    let request = format!(
        "GET /x?code=c&state={} HTTP/1.1\r\n\r\n",
        asked(&flow, "state")
    );
    if TcpListener::bind("[::1]:0").await.is_err() {
        return;
    }
    let outcome = finish(flow);
    let page = send(&format!("[::1]:{}", uri.port().unwrap()), &request).await;
    assert!(page.contains("Signed in"));
    outcome.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_no_answer_does_not_end_the_sign_in() {
    let Story { flow, .. } = start(good).await;
    let uri = flow.authorization().redirect_uri.clone();
    let state = asked(&flow, "state");
    let outcome = finish(flow);
    let address = format!("127.0.0.1:{}", Url::parse(&uri).unwrap().port().unwrap());
    // Opened and never used, as browsers do.
    let _idle = TcpStream::connect(&address).await.unwrap();
    for (target, status) in [
        ("/favicon.ico", "404"),
        ("/", "404"),
        ("/?code=c&state=other", "400"),
        ("/?error=access_denied&state=other", "400"),
        ("/?code=c", "400"),
    ] {
        let page = browse(&uri, target).await;
        assert!(
            page.starts_with(&format!("HTTP/1.1 {status}")),
            "{target}: {page}"
        );
    }
    let post = format!("POST /?code=c&state={state} HTTP/1.1\r\n\r\n");
    assert!(send(&address, &post).await.starts_with("HTTP/1.1 405"));
    let long = format!("GET /?{} HTTP/1.1\r\n", "x".repeat(100_000));
    assert!(!send(&address, &long).await.contains("200 OK"));
    assert!(!outcome.is_finished());
    browse(&uri, &format!("/?code=c&state={state}")).await;
    outcome.await.unwrap().unwrap();
}

#[tokio::test]
async fn two_sign_ins_at_the_same_time_do_not_disturb_each_other() {
    let (one, two) = (start(good).await, start(good).await);
    let (first, second) = (
        &one.flow.authorization().redirect_uri,
        &two.flow.authorization().redirect_uri,
    );
    assert_ne!(first, second);
    let crossed = format!("/?code=c&state={}", asked(&one.flow, "state"));
    let second = second.clone();
    let waiting = finish(two.flow);
    assert!(browse(&second, &crossed).await.starts_with("HTTP/1.1 400"));
    let (_, outcome) = come_back(one.flow, "code=c&state=STATE").await;
    outcome.unwrap();
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn a_confidential_application_proves_itself() {
    let secret = ClientProof::Secret(SecretString::from("SECRET-CANARY~.-_"));
    let story = start_with(good, secret, |profile| {
        profile.redirect_uri = Some("http://localhost/cb".into());
    });
    let Story { server, flow } = story.await;
    assert!(flow.authorization().redirect_uri.ends_with("/cb"));
    assert!(!format!("{flow:?}").contains("CANARY"));
    let (_, outcome) = come_back(flow, "code=c&state=STATE").await;
    assert!(!format!("{:?}", outcome.unwrap()).contains("CANARY"));
    assert_eq!(server.asked()[0].form["client_secret"], "SECRET-CANARY~.-_");
}

#[tokio::test]
async fn a_port_in_use_is_said_before_anything_is_opened() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let (server, _) = provider(good).await;
    let mut profile = profile_of(&server);
    profile.redirect_uri = Some(format!("http://localhost:{port}/"));
    let outcome = BrowserFlow::start(&profile, ClientProof::None, "", &http()).await;
    assert!(matches!(
        outcome,
        Err(AuthError::Profile { reason, .. }) if reason.contains(&port.to_string())
    ));
    drop(taken);
    let flow = BrowserFlow::start(&profile, ClientProof::None, "", &http())
        .await
        .unwrap();
    assert_eq!(
        flow.authorization().redirect_uri,
        format!("http://localhost:{port}/")
    );
}

#[tokio::test]
async fn the_other_half_of_a_port_must_be_free_too() {
    let Ok(taken) = TcpListener::bind("[::1]:0").await else {
        return;
    };
    let port = taken.local_addr().unwrap().port();
    let (server, _) = provider(good).await;
    let mut profile = profile_of(&server);
    profile.redirect_uri = Some(format!("http://localhost:{port}"));
    let outcome = BrowserFlow::start(&profile, ClientProof::None, "", &http()).await;
    assert!(matches!(outcome, Err(AuthError::Profile { .. })));
}

#[tokio::test]
async fn dropping_closes_the_door() {
    let Story { flow, .. } = start(good).await;
    let uri = Url::parse(&flow.authorization().redirect_uri).unwrap();
    let address = format!("127.0.0.1:{}", uri.port().unwrap());
    let waiting = finish(flow);
    assert!(TcpStream::connect(&address).await.is_ok());
    waiting.abort();
    assert!(waiting.await.is_err());
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_coming_back_ends_it_after_ten_minutes() {
    let Story { flow, .. } = start(good).await;
    let started = tokio::time::Instant::now();
    let outcome = finish(flow).await.unwrap();
    assert!(matches!(
        outcome,
        Err(AuthError::Denied {
            denial: Denial::TimedOut,
            ..
        })
    ));
    assert_eq!(started.elapsed().as_secs(), 600);
}

#[tokio::test]
async fn where_nobody_can_listen_the_answer_is_pasted_until_it_fits() {
    let native = "https://login.microsoftonline.com/common/oauth2/nativeclient";
    let story = start_with(good, ClientProof::None, |profile| {
        profile.redirect_uri = Some(native.into());
    });
    let Story { server, flow } = story.await;
    assert!(!flow.authorization().is_listening);
    let right = format!("{native}?code=abcdefgh&state={}", asked(&flow, "state"));
    let (paste, pasted) = mpsc::unbounded_channel();
    let (progress, mut told) = mpsc::unbounded_channel();
    for text in ["what?", &format!("{native}?code=a&state=old"), &right] {
        paste.send(SecretString::from(text)).unwrap();
    }
    flow.finish(pasted, progress).await.unwrap();
    let mut happened = Vec::new();
    while let Some(progress) = told.recv().await {
        happened.push(progress);
    }
    assert_eq!(
        happened,
        [
            BrowserProgress::PasteRefused(PasteMistake::NotAnAddress),
            BrowserProgress::PasteRefused(PasteMistake::OtherSignIn),
            BrowserProgress::Redeeming,
        ]
    );
    assert_eq!(server.asked()[0].form["redirect_uri"], native);
}

#[tokio::test]
async fn pasting_works_beside_a_listener_and_ends_where_nobody_can_answer() {
    let Story { flow, .. } = start(good).await;
    let (paste, pasted) = mpsc::unbounded_channel();
    let (progress, _) = mpsc::unbounded_channel();
    paste.send(SecretString::from("abcdefgh12345678")).unwrap();
    flow.finish(pasted, progress).await.unwrap();
    let story = start_with(good, ClientProof::None, |profile| {
        profile.redirect_uri = Some("https://own.example/cb".into());
    });
    let outcome = finish(story.await.flow).await.unwrap();
    assert!(matches!(
        outcome,
        Err(AuthError::Denied {
            denial: Denial::TimedOut,
            ..
        })
    ));
}
