//! A damaged database: the next start says so, keeps what no server has, and the mail comes again.

use std::io::{Seek, SeekFrom, Write};

use pillarbox::model::{FlagChange, Flags, Role, Scope, Window};

use crate::home::{Copies, Home, House, check_cache_is_the_servers, said};

/// A home with a full cache, a draft, a message in the outbox and a mark no server knows yet.
fn furnished(house: &House) -> Home {
    let home = Home::new(house, Copies::Server);
    home.works(&["sync"]);
    for subject in ["Stays a draft", "Stays queued"] {
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
        assert!(home.begin(&arguments, "text\n").wait().unwrap().success());
    }
    let first = home.outbox()[0]["outbox_id"].to_string();
    home.works(&["outbox", "cancel", &first]);
    mark_newest(&home, house);
    home
}

/// Flags the newest message of the inbox while no worker runs; returns nothing, since ids change with the cache.
fn mark_newest(home: &Home, house: &House) {
    let engine = home.engine(house);
    house.runtime.block_on(async {
        let mailbox = engine.mailboxes().await.unwrap().remove(0).id;
        let folders = engine.folders(mailbox).await.unwrap();
        let inbox = folders
            .iter()
            .find(|folder| folder.role == Role::Inbox)
            .unwrap();
        let scope = Scope::Folder(inbox.id);
        let page = engine.list(scope, Window::Newest, 1).await.unwrap();
        let newest = &page.rows[0];
        assert!(!newest.envelope.flags.contains(Flags::FLAGGED));
        let change = FlagChange::set(Flags::FLAGGED);
        engine.mark(vec![newest.id], change).await.unwrap();
        engine.stop().await;
    });
    assert!(is_newest_flagged(home, house), "marked at once");
}

fn is_newest_flagged(home: &Home, house: &House) -> bool {
    let rows = home.json(&["list", house.user(), "--limit", "1", "--json"]);
    rows[0]["flags"].to_string().contains("flagged")
}

fn check_rebuilt(home: &Home, house: &House) {
    let output = home.works(&["outbox", "list", "--json"]);
    let told = said(&output);
    assert!(told.contains("damaged"), "nothing was said: {told:?}");
    assert!(told.contains("2 unsent messages were saved"), "{told}");
    assert!(
        told.contains("with 1 change the server did not know yet"),
        "{told}"
    );
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows[0]["subject"], "Stays queued");
    assert_eq!(rows.as_array().unwrap().len(), 1);
    let engine = home.engine(house);
    let drafts = house.runtime.block_on(async {
        let drafts = engine.drafts().await.unwrap();
        engine.stop().await;
        drafts
    });
    let subjects: Vec<_> = drafts
        .iter()
        .map(|(_, draft, _)| draft.subject.as_str())
        .collect();
    assert_eq!(subjects, ["Stays a draft"]);
    let again = home.works(&["sync"]);
    assert!(!said(&again).contains("damaged"), "{}", said(&again));
    home.works(&["outbox", "retry", &rows[0]["outbox_id"].to_string()]);
    assert_eq!(house.count(house.shared(), "INBOX", "Stays queued"), 1);
    home.works(&["sync"]);
    assert!(is_newest_flagged(home, house), "the mark was lost");
    check_cache_is_the_servers(home, house);
}

fn change_database(home: &Home, change: impl FnOnce(&mut std::fs::File, u64)) {
    let mut file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(home.database())
        .unwrap();
    let length = file.metadata().unwrap().len();
    change(&mut file, length);
    file.sync_all().unwrap();
}

#[test]
fn an_overwritten_head_is_noticed_and_the_cache_rebuilt() {
    let house = House::open(100);
    let home = furnished(&house);
    change_database(&home, |file, _| {
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(&[0xA5; 1000]).unwrap();
    });
    check_rebuilt(&home, &house);
}

/// Damage in the middle is found when something reads there; the start after that mends it.
#[test]
fn overwritten_bytes_in_the_middle_are_noticed_and_the_cache_rebuilt() {
    let house = House::open(100);
    let home = furnished(&house);
    change_database(&home, |file, length| {
        // Pages of messages and of the search index; drafts and outbox were written last, at the end.
        let middle = length / 4096 / 2 * 4096;
        file.seek(SeekFrom::Start(middle / 2)).unwrap();
        let noise = vec![0xA5; usize::try_from(middle).unwrap()];
        file.write_all(&noise).unwrap();
    });
    let mut told = String::new();
    for _ in 0..3 {
        told = said(&home.run(&["sync"]));
        if told.contains("was damaged") {
            break;
        }
    }
    assert!(told.contains("was damaged"), "{told}");
    home.works(&["sync"]);
    check_cache_is_the_servers(&home, &house);
}

#[test]
fn a_file_cut_short_is_noticed_and_the_cache_rebuilt() {
    let house = House::open(100);
    let home = furnished(&house);
    change_database(&home, |file, length| file.set_len(length / 3).unwrap());
    let mut told = String::new();
    for _ in 0..3 {
        told = said(&home.run(&["sync"]));
        if told.contains("was damaged") {
            break;
        }
    }
    assert!(told.contains("was damaged"), "{told}");
    home.works(&["sync"]);
    check_cache_is_the_servers(&home, &house);
}

#[test]
fn a_file_that_is_no_database_is_put_aside_not_deleted() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    std::fs::write(home.database(), "Not a database at all, but somebody's.").unwrap();
    let told = said(&home.works(&["sync"]));
    assert!(told.contains("damaged"), "{told}");
    let kept = std::fs::read_dir(home.paths().data)
        .unwrap()
        .flatten()
        .any(|entry| {
            std::fs::read(entry.path()).is_ok_and(|bytes| bytes.starts_with(b"Not a database"))
        });
    assert!(kept, "the old file is gone");
    check_cache_is_the_servers(&home, &house);
}
