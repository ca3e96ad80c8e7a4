//! From the first start to a delivered answer, by keys alone.

use crate::home::{Home, House};
use crate::stage::{Stage, until};

async fn first_start_to_a_delivered_answer(size: (u16, u16)) {
    let house = House::open().await;
    let home = Home::new(&house, 8);
    let stage = Stage::open_at(&home, &house, size);

    // Setup opens by itself and needs one key where the organisation has shipped its settings.
    stage.sees("E-mail address").await;
    stage.sees(&house.tenant.user).await;
    stage.press("enter");
    stage.sees("2 mailboxes").await;
    stage.save_details();
    stage.sees("Enter this code").await;
    stage.sees(&house.tenant.verification_uri).await;
    stage.press("a");
    let signed_in = format!("Signed in as {}", house.tenant.user);
    stage.sees(&signed_in).await;
    stage.press("enter");

    // Mail comes, and what comes later comes by itself.
    stage.sees("All inboxes").await;
    stage.sees("Alistair").await;
    house.deliver("Pier lamps", "How many lamps?");
    stage.sees("Pier lamps").await;

    // Both additional users open, and so does the main mailbox again.
    for (number, mailbox) in (2..).zip(&house.tenant.shared) {
        stage.press(&number.to_string());
        // Where there is room, what it is read over stands between.
        let titles = ["", " · IMAP"].map(|over| format!(" {mailbox}{over} › Inbox"));
        stage
            .waits("the mailbox", |screen| {
                titles.iter().any(|title| screen.starts_with(title))
            })
            .await;
        let no_mail = "0 ·";
        stage
            .waits("its mail", |screen| !screen.contains(no_mail))
            .await;
    }
    stage.press("1");
    stage.sees("Pier lamps").await;

    // Read, answer, take back, send again.
    stage.press("enter");
    stage.sees("How many lamps?").await;
    stage.press("r");
    stage.sees("Re: Pier lamps").await;
    stage.types("Seventeen, and a spare.");
    stage.press("ctrl-s");
    stage.sees("z undo").await;
    stage.press("z");
    stage.sees("Seventeen, and a spare.").await;
    let noor = "noor@harborvale.example";
    assert_eq!(house.count(noor, "INBOX", "Seventeen"), 0);
    stage.press("ctrl-s");
    until("the answer is with its recipient", || {
        house.count(noor, "INBOX", "Seventeen") == 1
    })
    .await;

    // The colleague's answer comes by itself and is read.
    stage.press("esc");
    stage.sees("Re: Pier lamps").await;
    stage.press("g g enter");
    stage.sees("Noor Haddad").await;
    stage.sees("wrote:").await;
    assert_eq!(
        house.count(&house.tenant.user, "Sent Items", "Seventeen"),
        1
    );
    assert_eq!(house.count(noor, "INBOX", "Seventeen"), 1);
    stage.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_first_start_to_a_delivered_answer() {
    first_start_to_a_delivered_answer((80, 24)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_first_start_to_a_delivered_answer_on_a_wide_screen() {
    first_start_to_a_delivered_answer((120, 40)).await;
}
