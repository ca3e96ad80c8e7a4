//! A scripted server on this machine: what is said, what is answered, what comes of it.

mod mail;
mod sign_in;
mod tls;

use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::backend::Credential;
use crate::model::{OutgoingProtocol, TlsMode};

/// A step of the server.
#[derive(Clone, Debug)]
enum Step {
    /// Sends this and CRLF.
    Say(String),
    /// Reads a line, which must be this.
    Hear(String),
    /// Reads a message up to its final dot.
    HearMessage,
    /// Reads so many bytes and no more.
    HearBytes(usize),
    /// Closes.
    Close,
    /// Says nothing for ever; the clock runs.
    Silence,
}

use Step::{Close, HearBytes, HearMessage, Silence};

fn say(text: impl Into<String>) -> Step {
    Step::Say(text.into())
}

fn hear(text: impl Into<String>) -> Step {
    Step::Hear(text.into())
}

/// Plays the steps; returns the messages read.
async fn play(socket: TcpStream, steps: Vec<Step>) -> Vec<String> {
    let mut stream = BufReader::new(socket);
    let mut messages = Vec::new();
    for step in steps {
        match step {
            Step::Say(text) => stream
                .write_all(format!("{text}\r\n").as_bytes())
                .await
                .unwrap(),
            Step::Hear(expected) => {
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                assert_eq!(line, format!("{expected}\r\n"));
            }
            HearMessage => messages.push(read_message(&mut stream).await),
            HearBytes(count) => {
                let mut bytes = vec![0; count];
                stream.read_exact(&mut bytes).await.unwrap();
            }
            Close => break,
            Silence => {
                tokio::time::pause();
                std::future::pending::<()>().await;
            }
        }
    }
    messages
}

async fn read_message(stream: &mut BufReader<TcpStream>) -> String {
    let mut message = String::new();
    while !message.ends_with("\r\n.\r\n") {
        assert_ne!(stream.read_line(&mut message).await.unwrap(), 0, "closed");
    }
    message
}

/// Starts a server that plays `steps` once.
async fn serve(steps: Vec<Step>) -> (OutgoingServer, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = OutgoingServer {
        protocol: OutgoingProtocol::Smtp,
        host: "127.0.0.1".into(),
        port: listener.local_addr().unwrap().port(),
        tls: TlsMode::None,
        path: None,
    };
    let played = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        play(socket, steps).await
    });
    (server, played)
}

/// Greeting, EHLO and what is offered.
fn greeted(offers: &[&str]) -> Vec<Step> {
    let mut steps = vec![
        say("220 test ESMTP"),
        hear("EHLO [127.0.0.1]"),
        say("250-test"),
    ];
    steps.extend(offers.iter().map(|offer| say(format!("250-{offer}"))));
    steps.push(say("250 HELP"));
    steps
}

fn password() -> Login {
    Login {
        user: "me@x.com".into(),
        credential: Credential::Password(SecretString::from("secret".to_owned())),
    }
}

fn token(length: usize) -> Login {
    Login {
        user: "me@x.com".into(),
        credential: Credential::Bearer(SecretString::from("t".repeat(length))),
    }
}

/// Connects past the rule that a token needs TLS; everything behind that is the real thing.
async fn connect_anyway(
    server: &OutgoingServer,
    login: &Login,
) -> Result<session::Session, BackendError> {
    let stream = crate::net::connect_plain("127.0.0.1", server.port)
        .await
        .unwrap();
    let mut session = session::Session::begin(
        server,
        secure::Secured {
            stream,
            prefix: b"",
        },
    )
    .await?;
    auth::log_in(&mut session, login).await?;
    Ok(session)
}
