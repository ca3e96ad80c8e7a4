//! The demo tenant by Exchange Web Services: a person and a mailbox she has rights on.

use pillarbox::demo::Mischief;
use pillarbox::model::IncomingProtocol::Ews;

use crate::stories::{changing, exchange_web, reading, troubles};
use crate::target::Target;

async fn target() -> Target {
    Target::demo(Ews).await.of_additional_user()
}

#[tokio::test]
async fn main_mailbox_opens() {
    reading::main_mailbox_opens(target().await).await;
}

#[tokio::test]
async fn folders_have_roles() {
    reading::folders_have_roles(target().await).await;
}

#[tokio::test]
async fn folders_without_mail_are_hidden() {
    reading::folders_without_mail_are_hidden(target().await).await;
}

#[tokio::test]
async fn folder_names_are_any_text() {
    reading::folder_names_are_any_text(target().await).await;
}

#[tokio::test]
async fn folders_nest() {
    reading::folders_nest(target().await).await;
}

#[tokio::test]
async fn nothing_new_is_nothing() {
    reading::nothing_new_is_nothing(target().await).await;
}

#[tokio::test]
async fn empty_folder_is_empty() {
    reading::empty_folder_is_empty(target().await).await;
}

#[tokio::test]
async fn message_is_read_whole_and_stays_unread() {
    reading::message_is_read_whole_and_stays_unread(target().await).await;
}

#[tokio::test]
async fn gone_messages_are_left_out() {
    reading::gone_messages_are_left_out(target().await).await;
}

#[tokio::test]
async fn envelopes_are_decoded() {
    reading::envelopes_are_decoded(target().await).await;
}

#[tokio::test]
async fn server_search_finds() {
    reading::server_search_finds(target().await).await;
}

#[tokio::test]
async fn flags_are_set_and_cleared() {
    changing::flags_are_set_and_cleared(target().await).await;
}

#[tokio::test]
async fn messages_move() {
    changing::messages_move(target().await).await;
}

#[tokio::test]
async fn repeated_move_is_harmless() {
    changing::repeated_move_is_harmless(target().await).await;
}

#[tokio::test]
async fn deletion_takes_only_what_was_asked() {
    changing::deletion_takes_only_what_was_asked(target().await).await;
}

#[tokio::test]
async fn repeated_append_leaves_one() {
    changing::repeated_append_leaves_one(target().await).await;
}

#[tokio::test]
async fn new_mail_ends_the_wait() {
    changing::new_mail_ends_the_wait(target().await).await;
}

#[tokio::test]
async fn mail_before_the_wait_is_not_slept_over() {
    changing::mail_before_the_wait_is_not_slept_over(target().await).await;
}

#[tokio::test]
async fn poke_and_limit_end_the_wait() {
    changing::poke_and_limit_end_the_wait(target().await).await;
}

#[tokio::test]
async fn flags_of_others_are_noticed() {
    changing::flags_of_others_are_noticed(target().await).await;
}

#[tokio::test]
async fn deletions_of_others_are_noticed() {
    changing::deletions_of_others_are_noticed(target().await).await;
}

#[tokio::test]
async fn mail_while_another_folder_is_open_is_noticed() {
    changing::mail_while_another_folder_is_open_is_noticed(target().await).await;
}

#[tokio::test]
async fn deletion_by_others_while_a_body_is_read_is_survived() {
    changing::deletion_by_others_while_a_body_is_read_is_survived(target().await).await;
}

#[tokio::test]
async fn renumbered_folder_loses_the_cursor() {
    changing::renumbered_folder_loses_the_cursor(target().await).await;
}

#[tokio::test]
async fn throttled_server_says_how_long() {
    troubles::throttled_server_says_how_long(target().await).await;
}

#[tokio::test]
async fn token_that_ends_in_the_middle_is_replaced() {
    troubles::token_that_ends_in_the_middle_is_replaced(target().await).await;
}

#[tokio::test]
async fn connection_cut_anywhere_is_survived() {
    troubles::connection_cut_anywhere_is_survived(target().await).await;
}

#[tokio::test]
async fn mischief_with_connections_is_survived() {
    troubles::mischief_with_connections_is_survived(target().await).await;
}

#[tokio::test]
async fn forgotten_cursor_is_lost_once() {
    troubles::forgotten_cursor_is_lost_once(target().await).await;
}

#[tokio::test]
async fn replayed_deletions_are_made_once() {
    troubles::replayed_deletions_are_made_once(target().await).await;
}

#[tokio::test]
async fn replayed_filing_is_done_once() {
    troubles::replayed_filing_is_done_once(target().await).await;
}

#[tokio::test]
async fn blocked_service_says_so() {
    exchange_web::blocked_service_says_so(target().await).await;
}

#[tokio::test]
async fn busy_exchange_says_how_long() {
    exchange_web::busy_exchange_says_how_long(target().await).await;
}

#[tokio::test]
async fn changes_of_others_end_the_wait() {
    exchange_web::changes_of_others_end_the_wait(target().await).await;
}

#[tokio::test]
async fn replayed_changes_of_folders_are_made_once() {
    exchange_web::replayed_changes_of_folders_are_made_once(target().await).await;
}

#[tokio::test]
async fn sent_copy_is_filed_once_where_it_belongs() {
    exchange_web::sent_copy_is_filed_once_where_it_belongs(target().await).await;
}

#[tokio::test]
async fn foreign_author_is_refused() {
    exchange_web::foreign_author_is_refused(target().await).await;
}

#[tokio::test]
async fn mail_is_sent_once_wherever_the_connection_ends() {
    exchange_web::mail_is_sent_once_wherever_the_connection_ends(target().await).await;
}

#[tokio::test]
async fn token_that_ends_before_sending_is_replaced() {
    exchange_web::token_that_ends_before_sending_is_replaced(target().await).await;
}

#[tokio::test]
async fn draft_of_a_message_given_up_is_taken_back() {
    let steps = [Mischief::Unknown, Mischief::Unknown, Mischief::Cut];
    exchange_web::draft_of_a_message_given_up_is_taken_back(target().await, &steps).await;
}
