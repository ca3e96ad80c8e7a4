//! Figures for whoever works on the store; run by hand: `cargo test --release --lib store::tests::speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use super::sync::body;
use super::*;
use crate::model::Query;

const MESSAGES: u32 = 100_000;

/// Processor time of the whole process so far, where the system tells (`proc(5)`: fields 14 and 15, in 10 ms).
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks: u64 = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

fn varied(uid: u32) -> RemoteMessage {
    let mut message = message(uid);
    let words = [
        "meeting", "offer", "invoice", "zanzibar", "report", "lunch", "budget",
    ];
    let word = |n: u32| words[(uid.wrapping_mul(2_654_435_761) >> n) as usize % words.len()];
    message.envelope.subject = format!("Re: {} {} {} {uid}", word(3), word(9), word(15));
    message.envelope.from = vec![Address::named(
        format!("Person {}", uid % 2000),
        format!("p{}@example.org", uid % 2000),
    )];
    message.envelope.references = vec![
        format!("{}@example.org", uid / 3),
        format!("{}@example.org", uid / 2),
    ];
    message
}

#[tokio::test]
#[ignore = "figures, not a test"]
async fn figures() {
    let home = Home::new().await;
    let (started, used) = (Instant::now(), processor_time());
    for batch in 0..MESSAGES / 2000 {
        let newest = MESSAGES - batch * 2000;
        let upserts = (newest - 1999..=newest).rev().map(varied).collect();
        home.commit(home.inbox, changes(upserts, MESSAGES as usize))
            .await;
    }
    println!(
        "commit of {MESSAGES}: {:?}, processor {:?}",
        started.elapsed(),
        processor_time().saturating_sub(used)
    );
    let ids = home
        .store
        .without_body(home.inbox, 10_000, u64::MAX)
        .await
        .unwrap();
    let (started, used) = (Instant::now(), processor_time());
    for batch in ids.chunks(200) {
        let bodies = batch.iter().map(|(id, _)| {
            let word = |n: i64| format!("word{}", (id.row() * 31 + n * n) % 20_000);
            let text = (0..300).map(word).collect::<Vec<_>>().join(" ");
            body(*id, &text)
        });
        home.store.put_bodies(bodies.collect()).await.unwrap();
    }
    println!(
        "10000 bodies: {:?}, processor {:?}",
        started.elapsed(),
        processor_time().saturating_sub(used)
    );
    home.store.close().await;
    for _ in 0..3 {
        let started = Instant::now();
        let (store, _) = Store::open(home.folder.path()).await.unwrap();
        let opened = started.elapsed();
        let page = store
            .list(Scope::Folder(home.inbox), Window::Newest, 40)
            .await
            .unwrap();
        assert_eq!(page.rows.len(), 40);
        println!(
            "open {opened:?}, with newest {} rows {:?}",
            page.rows.len(),
            started.elapsed()
        );
        for typed in [
            "zanzibar",
            "subject:zanzibar",
            "body:word77",
            "subject:re",
            "99999",
            "is:starred",
            "m",
            "body:wor",
        ] {
            let started = Instant::now();
            let page = store
                .search(
                    &Query::parse(typed),
                    Scope::Folder(home.inbox),
                    Window::Newest,
                    40,
                )
                .await
                .unwrap();
            println!(
                "search {typed}: {} rows {:?}",
                page.rows.len(),
                started.elapsed()
            );
        }
        store.close().await;
    }
}
