//! What needs the engine but no screen: searches over the cache, and how soon new mail is known.

use std::time::{Duration, Instant};

use pillarbox::engine::Event;
use pillarbox::model::{Query, Scope, Window};
use tokio::io::AsyncWriteExt;

use crate::home::Home;
use crate::lab::{Lab, SCOPES};
use crate::{Failure, bare, middle, report, seconds};

/// Rows of a page.
const PAGE: usize = 40;

/// First pages of what people type.
pub async fn measure_search(home: &Home) -> Result<(), Failure> {
    let engine = home.engine(false).await?;
    for (what, typed) in [
        ("search, subject: rare word", "subject:990"),
        ("search, subject: common word", "subject:invoice"),
        ("search, subject: two words", "subject:invoice subject:yard"),
        ("search, subject: one letter typed", "subject:i"),
        ("search, body: common word", "body:vessel"),
        ("search, anywhere: two words", "vessel garden"),
    ] {
        let mut times = Vec::new();
        for _ in 0..7 {
            let start = Instant::now();
            let query = Query::parse(typed);
            engine
                .search(query, Scope::Everything, Window::Newest, PAGE)
                .await?;
            times.push(start.elapsed());
        }
        report(what, seconds(middle(times)), "s");
    }
    engine.stop().await;
    Ok(())
}

/// From the server's `OK` for a new message to the engine's event, beside a socket that idles on the same folder.
pub async fn measure_arrival(lab: &Lab, home: &Home, person: &str) -> Result<(), Failure> {
    let client = format!("lab-{}", person.split('@').next().unwrap_or_default());
    let token = lab.token(&client, person, SCOPES).await;
    let port = lab.port("IMAPS");
    let engine = home.engine(true).await?;
    engine.idle().await;
    let (mut writer, _) = bare::open(lab, port, person, &token).await?;
    let (mut idler, _) = bare::open(lab, port, person, &token).await?;
    idler.write_all(b"i IDLE\r\n").await?;
    bare::read_to(&mut idler, b"+ ").await?;
    let (mut known, mut told) = (Vec::new(), Vec::new());
    for number in 0..7 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut events = engine.events();
        let text = format!(
            "From: a@x.test\r\nSubject: new {number}\r\nMessage-ID: <new{number}@x.test>\r\n\r\nHello\r\n"
        );
        let command = format!("APPEND INBOX {{{}+}}\r\n{text}", text.len());
        bare::run(&mut writer, &command).await?;
        let start = Instant::now();
        let ours = async {
            while !matches!(events.recv().await?, Event::NewMail { .. }) {}
            Ok::<_, Failure>(start.elapsed())
        };
        let theirs = async {
            bare::read_to(&mut idler, b" EXISTS").await?;
            Ok::<_, Failure>(start.elapsed())
        };
        let both = async { tokio::try_join!(ours, theirs) };
        let (ours, theirs) = tokio::time::timeout(Duration::from_secs(20), both).await??;
        known.push(ours);
        told.push(theirs);
    }
    report(
        "bare: new mail, idling socket told",
        seconds(middle(told)),
        "s",
    );
    report("new mail: engine's event", seconds(middle(known)), "s");
    engine.stop().await;
    Ok(())
}
