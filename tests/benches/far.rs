//! The same server 50 ms away: a relay holds every byte back for half of that in each direction.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use pillarbox::engine::{BodyState, Engine};
use pillarbox::model::{MessageId, Role, Scope, Window};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::home::Home;
use crate::lab::{Lab, SCOPES, fresh_name};
use crate::{Failure, bare, corpus, middle, report, seconds};

const ONE_WAY: Duration = Duration::from_millis(25);
/// Enough for old messages that are not fetched ahead.
const MESSAGES: usize = 2_000;
const PAGE: usize = 40;
/// A wait that only a broken program reaches.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures the first page of an empty cache, and opening messages that are not cached.
pub async fn measure(lab: &Lab) -> Result<(), Failure> {
    let port = relay(lab.port("IMAPS")).await?;
    let name = fresh_name();
    let person = format!("{name}@contoso.test");
    corpus::write_maildir(&lab.maildir(&person), MESSAGES)?;
    let token = lab.token(&format!("lab-{name}"), &person, SCOPES).await;
    // Once unmeasured: the server makes its index the first time.
    let (mut session, count) = bare::open(lab, lab.port("IMAPS"), &person, &token).await?;
    bare::run(&mut session, "FETCH 1:* BODY.PEEK[HEADER]").await?;

    let start = Instant::now();
    let (mut session, _) = bare::open(lab, port, &person, &token).await?;
    bare::newest_page(&mut session, count).await?;
    report(
        "50 ms away, bare: connect to newest 40",
        seconds(start.elapsed()),
        "s",
    );
    let mut times = Vec::new();
    for number in 1..8 {
        let command = format!("FETCH {number} BODY.PEEK[]");
        times.push(bare::run(&mut session, &command).await?.0);
    }
    report("50 ms away, bare: one body", seconds(middle(times)), "s");

    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..3 {
        let home = Home::behind(lab, &name, port)?;
        home.sign_in(lab, &person).await?;
        let start = Instant::now();
        let engine = home.engine(true).await?;
        wait_for_page(&engine).await?;
        times.push(start.elapsed());
        if let Some((_, engine)) = last.replace((home, engine)) {
            Engine::stop(engine).await;
        }
    }
    report(
        "50 ms away: engine's start to newest 40",
        seconds(middle(times)),
        "s",
    );
    let (_home, engine) = last.ok_or("no engine")?;
    open_old(&engine).await?;
    engine.stop().await;
    Ok(())
}

/// Waits until a page of the inbox is cached.
async fn wait_for_page(engine: &Engine) -> Result<(), Failure> {
    let mut events = engine.events();
    let limit = Instant::now() + PATIENCE;
    while Instant::now() < limit {
        let page = engine.list(Scope::AllInboxes, Window::Newest, PAGE).await?;
        if page.rows.len() >= PAGE {
            return Ok(());
        }
        let _ = tokio::time::timeout(Duration::from_millis(200), events.recv()).await;
    }
    Err("no page".into())
}

/// Opens the oldest messages, one at a time, when the engine has nothing else to do.
async fn open_old(engine: &Engine) -> Result<(), Failure> {
    let mailbox = engine.mailboxes().await?.first().ok_or("no mailbox")?.id;
    let inbox = engine.folders(mailbox).await?;
    let inbox = inbox.iter().find(|folder| folder.role == Role::Inbox);
    let inbox = Scope::Folder(inbox.ok_or("no inbox")?.id);
    tokio::time::timeout(PATIENCE, engine.idle()).await?;
    let oldest = engine.list(inbox, Window::Oldest, 8).await?;
    let mut times = Vec::new();
    for row in oldest.rows {
        times.push(open(engine, row.id).await?);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    report(
        "50 ms away: a message not cached, opened",
        seconds(middle(times)),
        "s",
    );
    Ok(())
}

async fn open(engine: &Engine, message: MessageId) -> Result<Duration, Failure> {
    let mut events = engine.events();
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let BodyState::Ready(_) = engine.body(message, 80).await? {
            return Ok(start.elapsed());
        }
        let _ = tokio::time::timeout(PATIENCE, events.recv()).await;
    }
    Err("no body".into())
}

/// Starts the relay; returns its port.
async fn relay(target: u16) -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            tokio::spawn(async move {
                // The handshake of TCP costs a round trip too.
                tokio::time::sleep(ONE_WAY * 2).await;
                if let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await {
                    let _ = (near.set_nodelay(true), far.set_nodelay(true));
                    let (near_in, near_out) = near.into_split();
                    let (far_in, far_out) = far.into_split();
                    tokio::join!(delay(near_in, far_out), delay(far_in, near_out));
                }
            });
        }
    });
    Ok(port)
}

/// Carries bytes one way, each as late as the wire is long, however many there are.
async fn delay(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let (sender, mut on_the_way) = mpsc::unbounded_channel::<(tokio::time::Instant, Vec<u8>)>();
    let receive = async move {
        let mut piece = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            let bytes = piece.iter().take(length).copied().collect();
            if sender
                .send((tokio::time::Instant::now() + ONE_WAY, bytes))
                .is_err()
            {
                return;
            }
        }
    };
    let send = async move {
        while let Some((due, bytes)) = on_the_way.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(receive, send);
}
