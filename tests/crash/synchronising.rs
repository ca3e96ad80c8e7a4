//! Killed while it synchronises or tells the server of changes: the cache is the server's in the end, and no message
//! is gone or there twice.

use crate::home::{Copies, Home, House, check_cache_is_the_servers};
use crate::moments::{MOMENTS, Span, kill_after};

/// Every `Message-ID` the server has of a mailbox, in order.
fn ids(house: &House, mailbox: &str) -> Vec<String> {
    let folders = ["INBOX", "Archive", "Deleted Items", "Sent Items"];
    let mut ids: Vec<String> = folders
        .iter()
        .flat_map(|folder| house.control.messages(mailbox, folder))
        .flat_map(|message| {
            String::from_utf8_lossy(&message)
                .lines()
                .filter(|line| line.to_ascii_lowercase().starts_with("message-id:"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    ids.sort();
    ids
}

fn letter(number: u32) -> Vec<u8> {
    format!(
        "From: Noor Haddad <noor@harborvale.example>\r\nTo: ada@harborvale.example\r\n\
         Subject: Meanwhile {number}\r\nMessage-ID: <meanwhile-{number}@harborvale.example>\r\n\
         Date: Sun, 22 Nov 2026 10:00:{:02} +0000\r\n\r\nWhile you were away.\r\n",
        number % 60
    )
    .into_bytes()
}

/// Forgets the cache, as if the program had never run; the sign-in stays.
fn forget_cache(home: &Home) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = home.database().into_os_string();
        name.push(suffix);
        let _ = std::fs::remove_file(name);
    }
}

#[test]
fn a_first_synchronisation_killed_anywhere_goes_on_where_it_was() {
    let house = House::open(600);
    let home = Home::new(&house, Copies::Server);
    let span = Span::measure(1, |_| drop(home.works(&["sync"])));
    for number in 0..MOMENTS {
        // Now and then from nothing; mostly on top of what the program before left behind.
        if number % 5 == 0 {
            forget_cache(&home);
        }
        let newest = house
            .control
            .deliver(house.user(), "INBOX", &letter(number))
            .unwrap();
        kill_after(home.begin(&["sync"], ""), span.moment(number));
        if number % 3 == 0 {
            assert!(house.control.expunge(house.user(), "INBOX", newest));
        }
    }
    home.works(&["sync"]);
    check_cache_is_the_servers(&home, &house);
}

/// Runs a change of messages, one at a time, each killed at another moment.
fn killed_while_changing(change: &[&str]) {
    let house = House::open(200);
    let home = Home::new(&house, Copies::Server);
    home.works(&["sync"]);
    let before = ids(&house, house.user());
    let inbox = home.json(&["list", house.user(), "--limit", "100", "--json"]);
    let mut rows = inbox
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].to_string());
    let with = |id: &str| -> Vec<String> {
        let words = change.iter().map(|word| word.replace("ID", id));
        words.collect()
    };
    let run = |id: &str| {
        let arguments = with(id);
        home.begin(
            &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
            "",
        )
    };
    let span = Span::measure(2, |_| {
        assert!(run(&rows.next().unwrap()).wait().unwrap().success());
    });
    for number in 0..MOMENTS {
        let Some(id) = rows.next() else {
            panic!("the inbox has too few messages");
        };
        kill_after(run(&id), span.moment(number));
    }
    home.works(&["sync"]);
    assert_eq!(ids(&house, house.user()), before, "messages on the server");
    check_cache_is_the_servers(&home, &house);
}

#[test]
fn marks_are_told_to_the_server_however_often_the_program_dies() {
    killed_while_changing(&["mark", "starred", "ID"]);
}

#[test]
fn moved_messages_are_in_one_place_however_often_the_program_dies() {
    killed_while_changing(&["move", "ID", "--to", "archive"]);
}

#[test]
fn deleted_messages_are_in_the_trash_however_often_the_program_dies() {
    killed_while_changing(&["delete", "ID"]);
}
