//! A person and her own mailbox, by Microsoft Graph.

use pillarbox::demo::Mischief;
use pillarbox::model::IncomingProtocol::Graph;
use pillarbox::model::Role;

use crate::stories::{changing, exchange_web, reading, sending, troubles};
use crate::target::Target;

#[tokio::test]
async fn main_mailbox_opens() {
    reading::main_mailbox_opens(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn additional_user_opens_with_the_identitys_token() {
    reading::additional_user_opens_with_the_identitys_token(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn outsider_is_refused() {
    reading::outsider_is_refused(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn made_up_token_is_refused() {
    reading::made_up_token_is_refused(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn folders_have_roles() {
    reading::folders_have_roles(Target::demo(Graph).await).await;
}

/// Folders and well-known names together, then the page. What is asked for ahead comes when that page is out.
#[tokio::test]
async fn first_screen_takes_three_requests_whatever_the_folders_size() {
    let target = Target::demo(Graph).await;
    let control = target.in_demo_only().control();
    for more in [0, 1_000] {
        for number in 0..more {
            let mail = format!("From: bo@x.test\r\nSubject: {number}\r\n\r\n.\r\n");
            control
                .deliver(&target.mailbox, "Inbox", mail.as_bytes())
                .expect("an inbox");
        }
        let before = control.requests().web_requests;
        let mut mailbox = target.open_main().await;
        let folders = mailbox.folders().await.expect("folders");
        let inbox = folders.iter().find(|folder| folder.role == Role::Inbox);
        let inbox = &inbox.expect("an inbox").id;
        let first = mailbox.changes(inbox, None).await.expect("a page");
        assert_eq!(control.requests().web_requests - before, 3);
        assert_eq!((first.upserts.len(), first.more), (60, true));
        mailbox.read_ahead().await;
        let ahead = control.requests().web_requests - before - 3;
        assert!((1..=2).contains(&ahead), "{ahead}");
    }
}

#[tokio::test]
async fn folder_names_are_any_text() {
    reading::folder_names_are_any_text(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn folders_nest() {
    reading::folders_nest(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn folder_arrives_newest_first_to_the_end() {
    reading::folder_arrives_newest_first_to_the_end(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn nothing_new_is_nothing() {
    reading::nothing_new_is_nothing(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn empty_folder_is_empty() {
    reading::empty_folder_is_empty(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn message_is_read_whole_and_stays_unread() {
    reading::message_is_read_whole_and_stays_unread(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn gone_messages_are_left_out() {
    reading::gone_messages_are_left_out(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn envelopes_are_decoded() {
    reading::envelopes_are_decoded(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn server_search_finds() {
    reading::server_search_finds(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn deleted_folder_is_gone() {
    reading::deleted_folder_is_gone(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn flags_are_set_and_cleared() {
    changing::flags_are_set_and_cleared(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn messages_move() {
    changing::messages_move(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn repeated_move_is_harmless() {
    changing::repeated_move_is_harmless(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn deletion_takes_only_what_was_asked() {
    changing::deletion_takes_only_what_was_asked(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn repeated_append_leaves_one() {
    changing::repeated_append_leaves_one(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn new_mail_ends_the_wait() {
    changing::new_mail_ends_the_wait(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn mail_before_the_wait_is_not_slept_over() {
    changing::mail_before_the_wait_is_not_slept_over(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn poke_and_limit_end_the_wait() {
    changing::poke_and_limit_end_the_wait(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn flags_of_others_are_noticed() {
    changing::flags_of_others_are_noticed(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn deletions_of_others_are_noticed() {
    changing::deletions_of_others_are_noticed(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn mail_while_another_folder_is_open_is_noticed() {
    changing::mail_while_another_folder_is_open_is_noticed(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn deletion_by_others_while_a_body_is_read_is_survived() {
    changing::deletion_by_others_while_a_body_is_read_is_survived(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn renumbered_folder_loses_the_cursor() {
    changing::renumbered_folder_loses_the_cursor(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn nonsense_cursor_is_lost() {
    changing::nonsense_cursor_is_lost(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn sent_mail_arrives() {
    sending::sent_mail_arrives(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn mail_from_an_additional_user_arrives() {
    sending::mail_from_an_additional_user_arrives(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn one_connection_takes_several() {
    sending::one_connection_takes_several(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn foreign_sender_is_refused() {
    sending::foreign_sender_is_refused(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn made_up_token_sends_nothing() {
    sending::made_up_token_sends_nothing(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn replayed_deletions_are_made_once() {
    troubles::replayed_deletions_are_made_once(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn replayed_filing_is_done_once() {
    troubles::replayed_filing_is_done_once(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn connection_cut_anywhere_is_survived() {
    troubles::connection_cut_anywhere_is_survived(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn token_that_ends_in_the_middle_is_replaced() {
    troubles::token_that_ends_in_the_middle_is_replaced(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn poke_is_answered_while_the_server_is_slow() {
    changing::poke_is_answered_while_the_server_is_slow(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn flags_and_deletions_of_others_end_the_wait() {
    changing::flags_and_deletions_of_others_end_the_wait(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn foreign_author_is_refused() {
    exchange_web::foreign_author_is_refused(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn large_draft_is_filed_whole() {
    sending::large_draft_is_filed_whole(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn sent_copy_is_filed_once_where_it_belongs() {
    exchange_web::sent_copy_is_filed_once_where_it_belongs(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn large_message_is_sent_whole() {
    sending::large_message_is_sent_whole(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn throttled_server_says_how_long() {
    troubles::throttled_server_says_how_long(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn mischief_with_connections_is_survived() {
    troubles::mischief_with_connections_is_survived(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn forgotten_cursor_is_lost_once() {
    troubles::forgotten_cursor_is_lost_once(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn replayed_changes_of_folders_are_made_once() {
    exchange_web::replayed_changes_of_folders_are_made_once(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn mail_on_behalf_of_a_closed_mailbox_is_filed_at_home() {
    sending::mail_on_behalf_of_a_closed_mailbox_is_filed_at_home(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn cut_while_sending_is_unsure() {
    sending::cut_while_sending_is_unsure(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn token_that_ends_before_sending_is_replaced() {
    exchange_web::token_that_ends_before_sending_is_replaced(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn odd_headers_are_the_same_text() {
    reading::odd_headers_are_the_same_text(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn large_mail_is_sent_once_whichever_answer_is_lost() {
    exchange_web::large_mail_is_sent_once_whichever_answer_is_lost(Target::demo(Graph).await).await;
}

#[tokio::test]
async fn draft_of_a_message_given_up_is_taken_back() {
    let steps = [Mischief::Unknown, Mischief::CutAfter, Mischief::Cut];
    exchange_web::draft_of_a_message_given_up_is_taken_back(Target::demo(Graph).await, &steps)
        .await;
}
