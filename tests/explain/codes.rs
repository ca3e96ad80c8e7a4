//! Every code of Microsoft's sign-in service that is explained, given at every place where it can come.

use futures_util::future::join_all;
use pillarbox::demo::{Endpoint, Trouble};
use pillarbox::engine::EngineError;
use pillarbox::explain::{Notice, explain, explain_text};

use crate::story::{Back, Story, Way};

/// The table itself, so that a code that is added to it is asked for here at once.
const TABLE: &str = include_str!("../../src/explain/aadsts.rs");

/// Codes that only ask for patience (too many requests, a fault of the service itself): told as such.
const PATIENCE: [u32; 3] = [50_196, 70_012, 90_033];

/// Returns the codes, row by row.
fn rows() -> Vec<Vec<u32>> {
    let rows = TABLE.split("    row(&[").skip(1);
    let lists = rows.filter_map(|row| row.split_once(']').map(|(list, _)| list.replace('_', "")));
    let numbers = lists.map(|list| {
        let numbers = list.split(',');
        numbers
            .filter_map(|number| number.trim().parse().ok())
            .collect()
    });
    numbers.collect()
}

fn codes() -> Vec<u32> {
    rows().concat()
}

/// Compares what is shown with what is known of the code.
fn check(number: u32, place: &str, error: &EngineError) {
    let shown = explain(error);
    let known = explain_text(&format!("AADSTS{number}")).unwrap();
    if PATIENCE.contains(&number) {
        assert_eq!(
            shown.title, "The sign-in service is busy",
            "{number} {place}"
        );
        return;
    }
    let told = |notice: &Notice| {
        (
            notice.title.clone(),
            notice.cause.clone(),
            notice.who,
            notice.code.clone(),
        )
    };
    assert_eq!(told(&shown), told(&known), "{place}");
    assert!(!shown.how.is_empty() && !shown.copy.is_empty(), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_is_recognised_when_a_device_code_is_asked_for() {
    let story = Story::begin().await;
    let codes = codes();
    assert!(codes.len() > 190, "{codes:?}");
    for number in codes {
        let trouble = Trouble::Aadsts(number);
        story.control().trouble(Endpoint::DeviceCode, trouble);
        let error = story.failure(Way::Device).await;
        check(number, "device code", &error);
    }
}

/// Codes after which a sign-in by device code goes on: not entered yet, or run out, which brings another code.
const GOES_ON: [u32; 6] = [70_008, 70_012, 70_016, 70_019, 70_020, 90_033];

/// Asks for a whole minute of patience.
const SLOW: u32 = 50_196;

/// Sign-ins at a time; each waits a second for its poll.
const LANES: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_code_is_recognised_when_a_device_code_is_polled() {
    // A poll takes its second: one code of each row, besides those that are no end.
    let firsts = rows().into_iter().filter_map(|row| row.first().copied());
    let mut codes: Vec<u32> = firsts.filter(|code| *code != SLOW).collect();
    codes.extend(GOES_ON);
    codes.sort_unstable();
    codes.dedup();
    let poll = async |lane: &[u32]| {
        let story = Story::begin().await;
        for number in lane {
            let trouble = Trouble::Aadsts(*number);
            story.control().trouble(Endpoint::Token, trouble);
            let ended = story.sign_in(Way::Device, Back::AsTold).await;
            match &ended.outcome {
                Ok(_) => assert!(GOES_ON.contains(number), "signed in after {number}"),
                Err(error) => {
                    assert!(!GOES_ON.contains(number), "{error:?}");
                    check(*number, "poll", error);
                }
            }
        }
    };
    let lanes = codes.chunks(codes.len().div_ceil(LANES));
    join_all(lanes.map(poll)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_is_recognised_when_a_code_of_the_browser_is_redeemed() {
    let story = Story::begin().await;
    for number in codes() {
        story
            .control()
            .trouble(Endpoint::Token, Trouble::Aadsts(number));
        let error = story.failure(Way::Browser).await;
        check(number, "code", &error);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_is_recognised_when_an_app_asks_for_its_token() {
    let story = Story::begin().await;
    for number in codes() {
        story
            .control()
            .trouble(Endpoint::Token, Trouble::Aadsts(number));
        let error = story.failure(Way::AppSecret).await;
        check(number, "client credentials", &error);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_is_recognised_on_the_way_back_from_the_browser() {
    let story = Story::begin().await;
    for number in codes() {
        story
            .control()
            .trouble(Endpoint::Authorize, Trouble::Aadsts(number));
        let error = story.failure(Way::Browser).await;
        check(number, "way back", &error);
    }
}
