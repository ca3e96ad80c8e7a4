//! What a browser would do for somebody who only presses a key: open an address, answer its page, follow it back.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::sign_in::{Refused, SignIn, person_hinted};

/// How long the program on this machine may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Its answer is read up to here, and not looked at.
const MOST_READ: u64 = 64 * 1024;

/// Approves user codes and addresses as they come.
pub async fn approve_all(sign_in: Arc<SignIn>, mut wanted: mpsc::UnboundedReceiver<String>) {
    while let Some(wanted) = wanted.recv().await {
        if !wanted.starts_with("https://") {
            sign_in.approve(&wanted, person_hinted(""));
            continue;
        }
        let back = answer(&sign_in, &wanted, |hint| Some(person_hinted(hint)));
        if let Some(back) = back {
            // A program that is gone by now misses nothing that it could use.
            let _ = tokio::time::timeout(PATIENCE, follow(&back)).await;
        }
    }
}

/// Answers the page at an address, as whom `choose` names for the hint, and returns where the browser is sent.
pub fn answer<'a>(
    sign_in: &SignIn,
    address: &str,
    choose: impl FnOnce(&str) -> Option<&'a str>,
) -> Option<String> {
    match sign_in.visit(address)? {
        Ok(id) => {
            let parsed = url::Url::parse(address).ok()?;
            let hint = parsed.query_pairs().find(|(name, _)| name == "login_hint");
            let hint = hint
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default();
            sign_in.decide(&id, choose(&hint))
        }
        Err(Refused::Back(back)) => Some(back),
        Err(Refused::Here(_)) => None,
    }
}

/// Gets an address on this machine; others are nobody's business here.
async fn follow(address: &str) -> std::io::Result<()> {
    let Ok(address) = url::Url::parse(address) else {
        return Ok(());
    };
    let host = address.host_str().unwrap_or_default().to_owned();
    if address.scheme() != "http" || !["localhost", "127.0.0.1"].contains(&host.as_str()) {
        return Ok(());
    }
    let port = address.port().unwrap_or(80);
    let mut stream = TcpStream::connect((host.as_str(), port)).await?;
    let query = address.query().unwrap_or_default();
    let request = format!(
        "GET {}?{query} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n",
        address.path()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MOST_READ).read_to_end(&mut answer).await?;
    Ok(())
}
