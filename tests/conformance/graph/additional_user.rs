//! A person and a mailbox she has rights on, by Microsoft Graph.

use pillarbox::model::IncomingProtocol::Graph;

use crate::stories::{changing, exchange_web, reading, troubles};
use crate::target::Target;

#[tokio::test]
async fn main_mailbox_opens() {
    reading::main_mailbox_opens(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn folder_names_are_any_text() {
    reading::folder_names_are_any_text(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn nothing_new_is_nothing() {
    reading::nothing_new_is_nothing(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn message_is_read_whole_and_stays_unread() {
    reading::message_is_read_whole_and_stays_unread(Target::demo(Graph).await.of_additional_user())
        .await;
}

#[tokio::test]
async fn flags_are_set_and_cleared() {
    changing::flags_are_set_and_cleared(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn messages_move() {
    changing::messages_move(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn deletion_takes_only_what_was_asked() {
    changing::deletion_takes_only_what_was_asked(Target::demo(Graph).await.of_additional_user())
        .await;
}

#[tokio::test]
async fn repeated_append_leaves_one() {
    changing::repeated_append_leaves_one(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn flags_of_others_are_noticed() {
    changing::flags_of_others_are_noticed(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn deletions_of_others_are_noticed() {
    changing::deletions_of_others_are_noticed(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn replayed_deletions_are_made_once() {
    troubles::replayed_deletions_are_made_once(Target::demo(Graph).await.of_additional_user())
        .await;
}

#[tokio::test]
async fn replayed_filing_is_done_once() {
    troubles::replayed_filing_is_done_once(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn server_search_finds() {
    reading::server_search_finds(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn flags_and_deletions_of_others_end_the_wait() {
    changing::flags_and_deletions_of_others_end_the_wait(
        Target::demo(Graph).await.of_additional_user(),
    )
    .await;
}

#[tokio::test]
async fn mischief_with_connections_is_survived() {
    troubles::mischief_with_connections_is_survived(Target::demo(Graph).await.of_additional_user())
        .await;
}

#[tokio::test]
async fn forgotten_cursor_is_lost_once() {
    troubles::forgotten_cursor_is_lost_once(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn replayed_changes_of_folders_are_made_once() {
    exchange_web::replayed_changes_of_folders_are_made_once(
        Target::demo(Graph).await.of_additional_user(),
    )
    .await;
}

#[tokio::test]
async fn token_that_ends_in_the_middle_is_replaced() {
    troubles::token_that_ends_in_the_middle_is_replaced(
        Target::demo(Graph).await.of_additional_user(),
    )
    .await;
}

#[tokio::test]
async fn sent_copy_is_filed_once_where_it_belongs() {
    exchange_web::sent_copy_is_filed_once_where_it_belongs(
        Target::demo(Graph).await.of_additional_user(),
    )
    .await;
}

#[tokio::test]
async fn foreign_author_is_refused() {
    exchange_web::foreign_author_is_refused(Target::demo(Graph).await.of_additional_user()).await;
}

#[tokio::test]
async fn token_that_ends_before_sending_is_replaced() {
    exchange_web::token_that_ends_before_sending_is_replaced(
        Target::demo(Graph).await.of_additional_user(),
    )
    .await;
}

#[tokio::test]
async fn envelopes_are_decoded() {
    reading::envelopes_are_decoded(Target::demo(Graph).await.of_additional_user()).await;
}
