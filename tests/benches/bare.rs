//! The floor: a socket that issues the commands a client has to issue, and only counts the bytes.

use std::time::{Duration, Instant};

use base64::Engine as _;
use pillarbox::net::{Stream, connect_tls};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::lab::Lab;
use crate::{Failure, middle, report, seconds};

/// What the program asks for when it fills its list.
const ITEMS: &str = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS \
     (DATE FROM TO CC REPLY-TO SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES CONTENT-TYPE)])";

/// Measures sign-in to the newest screenful, and all headers.
pub async fn measure(lab: &Lab, user: &str, token: &SecretString) -> Result<(), Failure> {
    let port = lab.port("IMAPS");
    let (mut warm, _) = open(lab, port, user, token).await?;
    // Once unmeasured: the server makes its index the first time.
    run(&mut warm, &format!("FETCH 1:* {ITEMS}")).await?;

    let start = Instant::now();
    let (mut session, count) = open(lab, port, user, token).await?;
    newest_page(&mut session, count).await?;
    report(
        "bare: connect to newest 40 headers",
        seconds(start.elapsed()),
        "s",
    );

    let mut times = Vec::new();
    for _ in 0..3 {
        let (time, bytes) = run(&mut session, &format!("FETCH 1:* {ITEMS}")).await?;
        times.push((time, bytes));
    }
    let (time, bytes) = middle(times);
    report("bare: all headers", seconds(time), "s");
    report("bare: all headers", bytes, "B");
    Ok(())
}

/// Fetches a screenful.
pub async fn newest_page(session: &mut Stream, count: usize) -> Result<(), Failure> {
    let newest = count.saturating_sub(39).max(1);
    run(session, &format!("FETCH {newest}:* {ITEMS}")).await?;
    Ok(())
}

/// Connects, signs in, selects the inbox; returns how many messages it has.
pub async fn open(
    lab: &Lab,
    port: u16,
    user: &str,
    token: &SecretString,
) -> Result<(Stream, usize), Failure> {
    let mut stream = connect_tls("localhost", port, &lab.trust).await?;
    let sasl = format!(
        "user={user}\x01auth=Bearer {}\x01\x01",
        token.expose_secret()
    );
    let sasl = base64::engine::general_purpose::STANDARD.encode(sasl);
    run(&mut stream, &format!("AUTHENTICATE XOAUTH2 {sasl}")).await?;
    stream.write_all(b"s SELECT INBOX\r\n").await?;
    let answer = read_to(&mut stream, b"\r\ns OK").await?;
    let text = String::from_utf8_lossy(&answer);
    let exists = text
        .lines()
        .find_map(|line| line.strip_prefix("* ")?.strip_suffix(" EXISTS"));
    Ok((stream, exists.ok_or("no EXISTS")?.parse()?))
}

/// Issues a command and counts what comes until its tagged answer.
pub async fn run(stream: &mut Stream, command: &str) -> Result<(Duration, usize), Failure> {
    let start = Instant::now();
    stream
        .write_all(format!("b {command}\r\n").as_bytes())
        .await?;
    let answer = read_to(stream, b"\r\nb OK").await?;
    Ok((start.elapsed(), answer.len()))
}

/// Reads until the last line holds `end`; looks only at the tail of each piece, because this is the floor.
pub async fn read_to(stream: &mut Stream, end: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut answer = b"\r\n".to_vec();
    let mut piece = vec![0; 1 << 16];
    loop {
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            return Err("the server hung up".into());
        }
        answer.extend(piece.iter().take(length));
        let tail = answer
            .get(answer.len().saturating_sub(2048)..)
            .unwrap_or_default();
        if tail.ends_with(b"\r\n") && tail.windows(end.len()).any(|window| window == end) {
            return Ok(answer);
        }
        let refusal = end
            .iter()
            .take(4)
            .copied()
            .chain(*b"NO")
            .collect::<Vec<u8>>();
        if tail.ends_with(b"\r\n") && tail.windows(refusal.len()).any(|window| window == refusal) {
            return Err(String::from_utf8_lossy(tail).into_owned().into());
        }
    }
}
