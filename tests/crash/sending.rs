//! Killed while it sends: a message is on the server once, or still in the outbox, never both in the end and never
//! neither.

use std::time::{Duration, Instant};

use crate::home::{Copies, Home, House, check_cache_is_the_servers};
use crate::moments::{MOMENTS, Span, kill, kill_after};

/// Rounds of what a user would do about the outbox; far more than needed.
const ROUNDS: usize = 10;

fn send<'a>(house: &'a House, subject: &'a str) -> [&'a str; 7] {
    [
        "send",
        "--from",
        house.user(),
        "--to",
        house.shared(),
        "--subject",
        subject,
    ]
}

/// Does what a person does who finds messages in the outbox, until it is empty.
fn clear_outbox(home: &Home) {
    for _ in 0..ROUNDS {
        let rows = home.outbox();
        let Some(row) = rows.first() else {
            return;
        };
        home.run(&["outbox", "retry", &row["outbox_id"].to_string()]);
    }
    panic!("the outbox does not empty: {:?}", home.outbox());
}

fn subject(number: u32) -> String {
    format!("Moment {number}")
}

fn killed_anywhere(copies: Copies) {
    let house = House::open(60);
    let home = Home::new(&house, copies);
    home.works(&["sync"]);
    let span = Span::measure(2, |number| {
        let subject = format!("Undisturbed {number}");
        let mut child = home.begin(&send(&house, &subject), "text\n");
        assert!(child.wait().unwrap().success());
    });
    let mut promised = Vec::new();
    for number in 0..MOMENTS {
        let subject = subject(number);
        let child = home.begin(&send(&house, &subject), "text\n");
        let is_done = kill_after(child, span.moment(number));
        let queued = home.outbox();
        let is_queued = queued.iter().any(|row| row["subject"] == *subject);
        let arrived = house.count(house.shared(), "INBOX", &subject);
        assert!(arrived <= 1, "{subject} arrived {arrived} times");
        assert!(
            !is_done || arrived == 1,
            "{subject} was called sent and did not arrive"
        );
        if is_done || is_queued || arrived == 1 {
            promised.push(subject);
        }
    }
    assert!(!promised.is_empty(), "every program died before it began");
    clear_outbox(&home);
    for subject in &promised {
        let arrived = house.count(house.shared(), "INBOX", subject);
        let filed = house.count(house.user(), "Sent Items", subject);
        assert_eq!((arrived, filed), (1, 1), "arrived and filed: {subject}");
    }
    home.works(&["sync"]);
    check_cache_is_the_servers(&home, &house);
}

#[test]
fn a_message_is_sent_once_whenever_the_program_is_killed() {
    killed_anywhere(Copies::Server);
}

/// The program files the copy here; the demo's server does so too, and one of them has to notice the other's.
#[test]
fn a_copy_is_filed_once_whenever_the_program_is_killed() {
    killed_anywhere(Copies::Program);
}

/// The worst moment: the server has the message, and the program dies before it hears of it.
#[test]
fn a_message_the_server_just_took_is_not_sent_again() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    home.works(&["sync"]);
    let mut was_interrupted = false;
    for number in 0..5 {
        let subject = subject(number);
        let mut child = home.begin(&send(&house, &subject), "text\n");
        let start = Instant::now();
        while house.count(house.shared(), "INBOX", &subject) == 0 {
            assert!(start.elapsed() < Duration::from_secs(60), "nothing arrives");
        }
        was_interrupted |= !kill(&mut child);
        clear_outbox(&home);
        assert_eq!(house.count(house.shared(), "INBOX", &subject), 1);
        assert_eq!(house.count(house.user(), "Sent Items", &subject), 1);
    }
    assert!(was_interrupted, "no program was killed in time");
}

#[test]
fn what_waits_in_the_outbox_outlives_a_program_killed_while_queueing() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    let queue = |subject: &str| {
        let mut arguments = send(&house, subject).to_vec();
        arguments.push("--no-wait");
        home.begin(&arguments, "text\n")
    };
    let span = Span::measure(2, |number| {
        let mut child = queue(&format!("Undisturbed {number}"));
        assert!(child.wait().unwrap().success());
    });
    let mut queued = Vec::new();
    for number in 0..MOMENTS {
        let is_done = kill_after(queue(&subject(number)), span.moment(number));
        let before = queued.len();
        queued = home.outbox();
        let grown = queued.len().saturating_sub(before.max(2));
        assert!(grown <= 1 && (!is_done || grown == 1), "{queued:?}");
    }
    assert!(
        queued.iter().all(|row| row["state"] == "ready"),
        "{queued:?}"
    );
    clear_outbox(&home);
    for row in queued {
        let subject = row["subject"].as_str().unwrap();
        let arrived = house.count(house.shared(), "INBOX", subject);
        assert_eq!(arrived, 1, "{subject}");
    }
}
