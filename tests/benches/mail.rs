//! Measures the program on a mailbox of many messages, beside a bare socket that issues the same commands.
//!
//! `cargo bench -- [MESSAGES] [PART…]`, parts: `bare sync paint keys search bodies arrival far`; all of them on 100,000 messages when left out.
//! Wants the lab (`tests/run lab start`) and root, because it writes the mail server's files itself.

mod bare;
mod bodies;
mod corpus;
mod far;
mod home;
mod screen;
mod within;

#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "shared with tests, which fail by stopping"
)]
#[path = "../lab/mod.rs"]
mod lab;

use std::time::Duration;

type Failure = Box<dyn std::error::Error>;

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

/// The median.
fn middle<T: Copy + Default + Ord>(mut all: Vec<T>) -> T {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
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
    let lab = lab::Lab::find();
    let name = lab::fresh_name();
    let person = format!("{name}@contoso.test");
    let written = corpus::write_maildir(&lab.maildir(&person), messages)?;
    report("messages", messages, "");
    report("bytes of mail", written, "B");

    if is_wanted("bare") {
        let token = runtime.block_on(lab.token(&format!("lab-{name}"), &person, lab::SCOPES));
        runtime.block_on(bare::measure(&lab, &person, &token))?;
    }
    if is_wanted("far") {
        runtime.block_on(far::measure(&lab))?;
    }
    let rest = ["sync", "paint", "keys", "search", "bodies", "arrival"];
    if !rest.into_iter().any(is_wanted) {
        return Ok(());
    }
    let home = home::Home::new(&lab, &name)?;
    runtime.block_on(home.sign_in(&lab, &person))?;
    home.sync("pillarbox sync, cold")?;
    if is_wanted("paint") {
        screen::measure_paint(&home, messages)?;
    }
    if is_wanted("keys") {
        screen::measure_keys(&home, messages)?;
    }
    if is_wanted("bodies") {
        runtime.block_on(bodies::measure(&lab, &home, &person))?;
    }
    if is_wanted("search") {
        runtime.block_on(within::measure_search(&home))?;
    }
    if is_wanted("arrival") {
        runtime.block_on(within::measure_arrival(&lab, &home, &person))?;
    }
    Ok(())
}
