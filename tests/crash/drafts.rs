//! Killed while drafts are written: what was typed is there up to the last save, and what was taken back from the
//! outbox is a draft or still in the outbox.

use std::time::{Duration, Instant};

use pillarbox::engine::Engine;
use pillarbox::model::Draft;

use crate::console::Console;
use crate::home::{Copies, Home, House};
use crate::moments::{MOMENTS, Span, kill_after};

fn queue(home: &Home, house: &House, subject: &str) -> String {
    let arguments = [
        "send",
        "--no-wait",
        "--from",
        house.user(),
        "--to",
        house.shared(),
        "--subject",
        subject,
    ];
    let mut child = home.begin(&arguments, "words that must not get lost\n");
    assert!(child.wait().unwrap().success());
    let rows = home.outbox();
    let row = rows.iter().find(|row| row["subject"] == subject).unwrap();
    row["outbox_id"].to_string()
}

/// Returns the subjects of drafts and of the outbox.
fn kept(home: &Home, house: &House) -> (Vec<String>, Vec<String>) {
    let engine = home.engine(house);
    house.runtime.block_on(async {
        let drafts = engine.drafts().await.unwrap();
        let outbox = engine.outbox().await.unwrap();
        engine.stop().await;
        let texts: Vec<_> = drafts.iter().map(|(_, draft, _)| &draft.text).collect();
        assert!(
            texts.iter().all(|text| text.contains("must not get lost")),
            "{texts:?}"
        );
        (
            drafts
                .into_iter()
                .map(|(_, draft, _)| draft.subject)
                .collect(),
            outbox.into_iter().map(|item| item.subject).collect(),
        )
    })
}

#[test]
fn a_message_taken_back_is_a_draft_or_still_queued() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    let ids: Vec<String> = (0..MOMENTS + 2)
        .map(|number| queue(&home, &house, &format!("Draft {number}")))
        .collect();
    let cancel = |id: &str| home.begin(&["outbox", "cancel", id], "");
    let span = Span::measure(2, |number| {
        assert!(cancel(&ids[number]).wait().unwrap().success());
    });
    for number in 0..MOMENTS {
        let is_done = kill_after(cancel(&ids[number as usize + 2]), span.moment(number));
        let (drafts, outbox) = kept(&home, &house);
        let subject = format!("Draft {}", number + 2);
        let is_draft = drafts.contains(&subject);
        assert!(is_draft || !is_done, "{subject} was called a draft");
        assert_ne!(is_draft, outbox.contains(&subject), "{subject}");
        assert_eq!(drafts.len() + outbox.len(), ids.len());
    }
    assert_eq!(house.count(house.shared(), "INBOX", "Draft 0"), 0);
}

fn drafts(engine: &Engine, house: &House) -> Vec<Draft> {
    let drafts = house.runtime.block_on(engine.drafts()).unwrap();
    drafts.into_iter().map(|(_, draft, _)| draft).collect()
}

/// The interface on a real terminal, killed while somebody types.
#[test]
fn what_was_typed_is_there_up_to_the_last_save_whenever_the_program_is_killed() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    home.works(&["sync"]);
    for round in 0..4 {
        let subject = format!("Round {round}");
        let mut console = Console::open(&home);
        console.sees("All inboxes");
        console.types(&format!("c\t\t\t{subject}\t"));
        console.sees(&subject);
        // Another copy of the program looks on, as people do who keep two open.
        let engine = home.engine(&house);
        let find = || {
            let all = drafts(&engine, &house).into_iter();
            all.filter(|draft| draft.subject == subject)
                .collect::<Vec<_>>()
        };
        let start = Instant::now();
        let (mut typed, mut seen) = (String::new(), String::new());
        // At first until a text is saved, then on for a while that differs from round to round.
        let mut left = 10 * (round + 1);
        while left > 0 {
            let word = format!("word{} ", typed.len());
            console.types(&word);
            typed += &word;
            if let [draft] = &find()[..] {
                seen.clone_from(&draft.text);
            }
            left -= usize::from(!seen.trim().is_empty());
            assert!(
                start.elapsed() < Duration::from_secs(90),
                "nothing is saved"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        console.kill();
        let found = find();
        let [draft] = &found[..] else {
            panic!("{found:?}")
        };
        let text = draft.text.trim_end();
        assert!(typed.starts_with(text), "{text:?} is not of {typed:?}");
        assert!(text.len() >= seen.trim_end().len(), "{text:?}, {seen:?}");
        house.runtime.block_on(engine.stop());
    }
}
