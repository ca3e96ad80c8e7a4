//! The demo tenant by POP3. It knows one folder and no flags: stories that need more are not told.

use pillarbox::model::IncomingProtocol::Pop3;

use crate::stories::{changing, reading, sending, troubles};
use crate::target::Target;

mod person {
    //! A person and her own mailbox.

    use super::*;

    #[tokio::test]
    async fn main_mailbox_opens() {
        reading::main_mailbox_opens(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn additional_user_opens_with_the_identitys_token() {
        reading::additional_user_opens_with_the_identitys_token(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn outsider_is_refused() {
        reading::outsider_is_refused(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn made_up_token_is_refused() {
        reading::made_up_token_is_refused(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn folder_arrives_newest_first_to_the_end() {
        reading::folder_arrives_newest_first_to_the_end(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn nothing_new_is_nothing() {
        reading::nothing_new_is_nothing(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn empty_folder_is_empty() {
        reading::empty_folder_is_empty(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn message_is_read_whole_and_stays_unread() {
        reading::message_is_read_whole_and_stays_unread(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn gone_messages_are_left_out() {
        reading::gone_messages_are_left_out(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn envelopes_are_decoded() {
        reading::envelopes_are_decoded(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn deleted_folder_is_gone() {
        reading::deleted_folder_is_gone(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn deletion_takes_only_what_was_asked() {
        changing::deletion_takes_only_what_was_asked(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn new_mail_ends_the_wait() {
        changing::new_mail_ends_the_wait(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn poke_and_limit_end_the_wait() {
        changing::poke_and_limit_end_the_wait(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn deletions_of_others_are_noticed() {
        changing::deletions_of_others_are_noticed(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn deletion_by_others_while_a_body_is_read_is_survived() {
        changing::deletion_by_others_while_a_body_is_read_is_survived(Target::demo(Pop3).await)
            .await;
    }

    #[tokio::test]
    async fn nonsense_cursor_is_lost() {
        changing::nonsense_cursor_is_lost(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn replayed_deletions_are_made_once() {
        troubles::replayed_deletions_are_made_once(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn connection_cut_anywhere_is_survived() {
        troubles::connection_cut_anywhere_is_survived(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn throttled_server_says_how_long() {
        troubles::throttled_server_says_how_long(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn token_that_ends_in_the_middle_is_replaced() {
        troubles::token_that_ends_in_the_middle_is_replaced(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn mischief_with_connections_is_survived() {
        troubles::mischief_with_connections_is_survived(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn forgotten_cursor_is_lost_once() {
        troubles::forgotten_cursor_is_lost_once(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn sent_mail_arrives() {
        sending::sent_mail_arrives(Target::demo(Pop3).await).await;
    }

    #[tokio::test]
    async fn mail_from_an_additional_user_arrives() {
        sending::mail_from_an_additional_user_arrives(Target::demo(Pop3).await).await;
    }
}

mod additional_user {
    //! A person and a mailbox she has rights on.

    use super::*;

    #[tokio::test]
    async fn main_mailbox_opens() {
        reading::main_mailbox_opens(Target::demo(Pop3).await.of_additional_user()).await;
    }

    #[tokio::test]
    async fn nothing_new_is_nothing() {
        reading::nothing_new_is_nothing(Target::demo(Pop3).await.of_additional_user()).await;
    }

    #[tokio::test]
    async fn message_is_read_whole_and_stays_unread() {
        reading::message_is_read_whole_and_stays_unread(
            Target::demo(Pop3).await.of_additional_user(),
        )
        .await;
    }

    #[tokio::test]
    async fn deletion_takes_only_what_was_asked() {
        changing::deletion_takes_only_what_was_asked(Target::demo(Pop3).await.of_additional_user())
            .await;
    }

    #[tokio::test]
    async fn deletions_of_others_are_noticed() {
        changing::deletions_of_others_are_noticed(Target::demo(Pop3).await.of_additional_user())
            .await;
    }

    #[tokio::test]
    async fn replayed_deletions_are_made_once() {
        troubles::replayed_deletions_are_made_once(Target::demo(Pop3).await.of_additional_user())
            .await;
    }
}

mod app {
    //! An app without a person.

    use super::*;

    #[tokio::test]
    async fn main_mailbox_opens() {
        reading::main_mailbox_opens(Target::demo_app(Pop3).await).await;
    }

    #[tokio::test]
    async fn nothing_new_is_nothing() {
        reading::nothing_new_is_nothing(Target::demo_app(Pop3).await).await;
    }

    #[tokio::test]
    async fn message_is_read_whole_and_stays_unread() {
        reading::message_is_read_whole_and_stays_unread(Target::demo_app(Pop3).await).await;
    }

    #[tokio::test]
    async fn deletion_takes_only_what_was_asked() {
        changing::deletion_takes_only_what_was_asked(Target::demo_app(Pop3).await).await;
    }

    #[tokio::test]
    async fn deletions_of_others_are_noticed() {
        changing::deletions_of_others_are_noticed(Target::demo_app(Pop3).await).await;
    }

    #[tokio::test]
    async fn replayed_deletions_are_made_once() {
        troubles::replayed_deletions_are_made_once(Target::demo_app(Pop3).await).await;
    }

    #[tokio::test]
    async fn outsider_is_refused() {
        reading::outsider_is_refused(Target::demo_app(Pop3).await).await;
    }

    #[tokio::test]
    async fn token_that_ends_in_the_middle_is_replaced() {
        troubles::token_that_ends_in_the_middle_is_replaced(Target::demo_app(Pop3).await).await;
    }
}

#[tokio::test]
async fn odd_headers_are_the_same_text() {
    reading::odd_headers_are_the_same_text(Target::demo(Pop3).await).await;
}
