//! Dovecot and Postfix with all they can do, TLS from the first byte.

use crate::stories::{changing, reading, sending, troubles};
use crate::target::Target;

mod imap {
    //! By IMAP.

    use super::*;

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn main_mailbox_opens() {
        reading::main_mailbox_opens(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn additional_user_opens_with_the_identitys_token() {
        reading::additional_user_opens_with_the_identitys_token(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn outsider_is_refused() {
        reading::outsider_is_refused(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn made_up_token_is_refused() {
        reading::made_up_token_is_refused(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn folders_have_roles() {
        reading::folders_have_roles(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn folder_names_are_any_text() {
        reading::folder_names_are_any_text(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn folders_nest() {
        reading::folders_nest(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn folder_arrives_newest_first_to_the_end() {
        reading::folder_arrives_newest_first_to_the_end(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn nothing_new_is_nothing() {
        reading::nothing_new_is_nothing(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn empty_folder_is_empty() {
        reading::empty_folder_is_empty(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn message_is_read_whole_and_stays_unread() {
        reading::message_is_read_whole_and_stays_unread(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn gone_messages_are_left_out() {
        reading::gone_messages_are_left_out(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn envelopes_are_decoded() {
        reading::envelopes_are_decoded(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn server_search_finds() {
        reading::server_search_finds(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deleted_folder_is_gone() {
        reading::deleted_folder_is_gone(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn flags_are_set_and_cleared() {
        changing::flags_are_set_and_cleared(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn messages_move() {
        changing::messages_move(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn repeated_move_is_harmless() {
        changing::repeated_move_is_harmless(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deletion_takes_only_what_was_asked() {
        changing::deletion_takes_only_what_was_asked(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn repeated_append_leaves_one() {
        changing::repeated_append_leaves_one(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn new_mail_ends_the_wait() {
        changing::new_mail_ends_the_wait(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn mail_before_the_wait_is_not_slept_over() {
        changing::mail_before_the_wait_is_not_slept_over(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn poke_and_limit_end_the_wait() {
        changing::poke_and_limit_end_the_wait(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn flags_of_others_are_noticed() {
        changing::flags_of_others_are_noticed(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deletions_of_others_are_noticed() {
        changing::deletions_of_others_are_noticed(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn mail_while_another_folder_is_open_is_noticed() {
        changing::mail_while_another_folder_is_open_is_noticed(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deletion_by_others_while_a_body_is_read_is_survived() {
        changing::deletion_by_others_while_a_body_is_read_is_survived(Target::dovecot().await)
            .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn renumbered_folder_loses_the_cursor() {
        changing::renumbered_folder_loses_the_cursor(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn nonsense_cursor_is_lost() {
        changing::nonsense_cursor_is_lost(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn full_mailbox_is_said() {
        changing::full_mailbox_is_said(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn sent_mail_arrives() {
        sending::sent_mail_arrives(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn mail_from_an_additional_user_arrives() {
        sending::mail_from_an_additional_user_arrives(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn one_connection_takes_several() {
        sending::one_connection_takes_several(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn foreign_sender_is_refused() {
        sending::foreign_sender_is_refused(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn one_wrong_recipient_is_named() {
        sending::one_wrong_recipient_is_named(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn only_wrong_recipients_are_refused() {
        sending::only_wrong_recipients_are_refused(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn refusal_leaves_the_connection_usable() {
        sending::refusal_leaves_the_connection_usable(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn made_up_token_sends_nothing() {
        sending::made_up_token_sends_nothing(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn too_big_is_said() {
        sending::too_big_is_said(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn busy_server_is_tried_again_later() {
        sending::busy_server_is_tried_again_later(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn replayed_deletions_are_made_once() {
        troubles::replayed_deletions_are_made_once(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn replayed_filing_is_done_once() {
        troubles::replayed_filing_is_done_once(Target::dovecot().await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn connection_cut_anywhere_is_survived() {
        troubles::connection_cut_anywhere_is_survived(Target::dovecot().await).await;
    }
}
