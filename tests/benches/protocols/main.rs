//! Measures Graph, EWS and POP3 at the demo tenant, beside bare clients that read the same pages and count bytes.
//!
//! `cargo bench --bench protocols -- [MESSAGES] [PART…]`, parts: `graph ews pop3 sync`; all of them on 100,000 messages
//! when left out. Wants nothing but this machine. The tenant lives in this process, on threads of its own, so that its
//! processor time is known apart from the client's.

mod bare;
mod ours;
mod tenant;

#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    reason = "shared with tests, which fail by stopping"
)]
#[path = "../../lab/mod.rs"]
mod lab;

#[expect(dead_code, reason = "shared with the other benchmark")]
#[path = "../corpus.rs"]
mod corpus;

#[expect(dead_code, reason = "shared with the other benchmark")]
#[path = "../home.rs"]
mod home;

use std::time::Duration;

use pillarbox::model::IncomingProtocol;

use tenant::{House, Spent};

type Failure = Box<dyn std::error::Error>;

/// Rounds of each measurement.
const ROUNDS: usize = 3;

/// One line of the result: what, how much, unit.
fn report(what: &str, value: impl std::fmt::Display, unit: &str) {
    #[expect(clippy::print_stdout, reason = "figures are what this prints")]
    {
        println!("{what:<52} {value:>12} {unit}");
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.4}", time.as_secs_f64())
}

fn main() -> Result<(), Failure> {
    // Cargo passes `--bench` and the like.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let messages = arguments.iter().find_map(|word| word.parse().ok());
    let messages: usize = messages.unwrap_or(100_000);
    let parts: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|word| word.parse::<usize>().is_err())
        .collect();
    let is_wanted = |part: &str| parts.is_empty() || parts.contains(&part);

    let runtime = tokio::runtime::Runtime::new()?;
    let house = House::start(messages)?;
    report("messages", house.count(), "");
    for protocol in [
        IncomingProtocol::Graph,
        IncomingProtocol::Ews,
        IncomingProtocol::Pop3,
    ] {
        if !is_wanted(&protocol.name().to_lowercase()) {
            continue;
        }
        runtime.block_on(measure(&house, protocol))?;
        if is_wanted("sync") {
            runtime.block_on(ours::measure_program(&house, protocol))?;
        }
    }
    Ok(())
}

/// The median of a few runs, by the time on the clock.
fn middle(mut runs: Vec<Spent>) -> Spent {
    runs.sort_by_key(|run| run.clock);
    runs.get(runs.len() / 2).copied().unwrap_or_default()
}

/// Reads all headers bare and by our client, in turns.
async fn measure(house: &House, protocol: IncomingProtocol) -> Result<(), Failure> {
    let name = protocol.name();
    let token = house.token(protocol).await;
    let (requests, rows) = ours::first_screen(house, protocol, &token).await?;
    report(
        &format!("{name}: requests to open and to list"),
        requests,
        "",
    );
    report(&format!("{name}: rows of that first screen"), rows, "");
    let (mut bare_runs, mut our_runs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let watch = house.watch();
        let bytes = bare::read(house, protocol, &token).await?;
        bare_runs.push(Spent {
            bytes,
            ..house.spent(&watch)
        });
        let watch = house.watch();
        let rows = ours::list(house, protocol, &token).await?;
        our_runs.push(house.spent(&watch));
        if rows < house.count() {
            return Err(format!("{name}: only {rows} rows").into());
        }
    }
    let (bare, ours) = (middle(bare_runs), middle(our_runs));
    for (who, run) in [("bare", bare), ("pillarbox", ours)] {
        let line = |what: &str| format!("{name}, {who}: {what}");
        report(&line("all headers"), seconds(run.clock), "s");
        report(&line("requests"), run.requests, "");
        report(&line("processor time, server"), seconds(run.server), "s");
        report(&line("processor time, client"), seconds(run.client), "s");
    }
    report(&format!("{name}, bare: bytes"), bare.bytes, "B");
    let rate = 100.0 * bare.clock.as_secs_f64() / ours.clock.as_secs_f64();
    report(
        &format!("{name}: rate beside bare"),
        format!("{rate:.0}"),
        "%",
    );
    Ok(())
}
