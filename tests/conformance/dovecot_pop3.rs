//! Dovecot by POP3.

use pillarbox::model::TlsMode;

use crate::stories::{changing, reading, sending, troubles};
use crate::target::Target;

mod implicit {
    //! TLS from the first byte.

    use super::*;

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn main_mailbox_opens() {
        reading::main_mailbox_opens(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn additional_user_opens_with_the_identitys_token() {
        reading::additional_user_opens_with_the_identitys_token(
            Target::dovecot_pop3(TlsMode::Implicit).await,
        )
        .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn outsider_is_refused() {
        reading::outsider_is_refused(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn made_up_token_is_refused() {
        reading::made_up_token_is_refused(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn folder_arrives_newest_first_to_the_end() {
        reading::folder_arrives_newest_first_to_the_end(
            Target::dovecot_pop3(TlsMode::Implicit).await,
        )
        .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn nothing_new_is_nothing() {
        reading::nothing_new_is_nothing(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn empty_folder_is_empty() {
        reading::empty_folder_is_empty(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn message_is_read_whole_and_stays_unread() {
        reading::message_is_read_whole_and_stays_unread(
            Target::dovecot_pop3(TlsMode::Implicit).await,
        )
        .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn gone_messages_are_left_out() {
        reading::gone_messages_are_left_out(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn envelopes_are_decoded() {
        reading::envelopes_are_decoded(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deleted_folder_is_gone() {
        reading::deleted_folder_is_gone(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deletion_takes_only_what_was_asked() {
        changing::deletion_takes_only_what_was_asked(Target::dovecot_pop3(TlsMode::Implicit).await)
            .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn new_mail_ends_the_wait() {
        changing::new_mail_ends_the_wait(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn poke_and_limit_end_the_wait() {
        changing::poke_and_limit_end_the_wait(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deletions_of_others_are_noticed() {
        changing::deletions_of_others_are_noticed(Target::dovecot_pop3(TlsMode::Implicit).await)
            .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deletion_by_others_while_a_body_is_read_is_survived() {
        changing::deletion_by_others_while_a_body_is_read_is_survived(
            Target::dovecot_pop3(TlsMode::Implicit).await,
        )
        .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn nonsense_cursor_is_lost() {
        changing::nonsense_cursor_is_lost(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn replayed_deletions_are_made_once() {
        troubles::replayed_deletions_are_made_once(Target::dovecot_pop3(TlsMode::Implicit).await)
            .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn connection_cut_anywhere_is_survived() {
        troubles::connection_cut_anywhere_is_survived(
            Target::dovecot_pop3(TlsMode::Implicit).await,
        )
        .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn sent_mail_arrives() {
        sending::sent_mail_arrives(Target::dovecot_pop3(TlsMode::Implicit).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn mail_from_an_additional_user_arrives() {
        sending::mail_from_an_additional_user_arrives(
            Target::dovecot_pop3(TlsMode::Implicit).await,
        )
        .await;
    }
}

mod stls {
    //! STLS, where passwords are refused in the clear.

    use super::*;

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn main_mailbox_opens() {
        reading::main_mailbox_opens(Target::dovecot_pop3(TlsMode::StartTls).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn nothing_new_is_nothing() {
        reading::nothing_new_is_nothing(Target::dovecot_pop3(TlsMode::StartTls).await).await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn message_is_read_whole_and_stays_unread() {
        reading::message_is_read_whole_and_stays_unread(
            Target::dovecot_pop3(TlsMode::StartTls).await,
        )
        .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deletion_takes_only_what_was_asked() {
        changing::deletion_takes_only_what_was_asked(Target::dovecot_pop3(TlsMode::StartTls).await)
            .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deletions_of_others_are_noticed() {
        changing::deletions_of_others_are_noticed(Target::dovecot_pop3(TlsMode::StartTls).await)
            .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn replayed_deletions_are_made_once() {
        troubles::replayed_deletions_are_made_once(Target::dovecot_pop3(TlsMode::StartTls).await)
            .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn outsider_is_refused() {
        reading::outsider_is_refused(Target::dovecot_pop3(TlsMode::StartTls).await).await;
    }
}

mod additional_user {
    //! A mailbox that a person has rights on.

    use super::*;

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn main_mailbox_opens() {
        reading::main_mailbox_opens(
            Target::dovecot_pop3(TlsMode::Implicit)
                .await
                .of_additional_user(),
        )
        .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn nothing_new_is_nothing() {
        reading::nothing_new_is_nothing(
            Target::dovecot_pop3(TlsMode::Implicit)
                .await
                .of_additional_user(),
        )
        .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn message_is_read_whole_and_stays_unread() {
        reading::message_is_read_whole_and_stays_unread(
            Target::dovecot_pop3(TlsMode::Implicit)
                .await
                .of_additional_user(),
        )
        .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deletion_takes_only_what_was_asked() {
        changing::deletion_takes_only_what_was_asked(
            Target::dovecot_pop3(TlsMode::Implicit)
                .await
                .of_additional_user(),
        )
        .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn deletions_of_others_are_noticed() {
        changing::deletions_of_others_are_noticed(
            Target::dovecot_pop3(TlsMode::Implicit)
                .await
                .of_additional_user(),
        )
        .await;
    }

    #[tokio::test]
    #[ignore = "needs the real servers: tests/run"]
    async fn replayed_deletions_are_made_once() {
        troubles::replayed_deletions_are_made_once(
            Target::dovecot_pop3(TlsMode::Implicit)
                .await
                .of_additional_user(),
        )
        .await;
    }
}
