//! Renewals whose answer is lost on the way, at providers that take a refresh token once.

use super::{Story, check_denied};
use crate::auth::keeper::TokenState;
use crate::auth::tests::{Answer, Server, tokens};
use crate::auth::{AuthError, Denial};

async fn story(answers: Vec<Answer>) -> Story {
    let story = Story::start(Server::scripted(answers).await, 60).await;
    story.clock.forward(61);
    story
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_at_once() {
    let story = story(vec![Answer::lost(), tokens("at-2", Some("rt-2"), 60)]).await;
    assert_eq!(story.bearer().await.unwrap(), "at-2");
    assert_eq!(story.sent(), ["rt-0", "rt-0"]);
    assert!(matches!(story.state(), TokenState::Fresh { .. }));
}

#[tokio::test]
async fn a_grant_that_a_lost_answer_ended_is_told_from_one_that_others_ended() {
    let story = story(vec![Answer::lost(), Answer::error("invalid_grant")]).await;
    check_denied(story.bearer().await, &Denial::AnswerLost);
    assert_eq!(story.sent().len(), 2);
    let reason = Denial::AnswerLost;
    assert_eq!(story.state(), TokenState::NeedsSignIn { reason });
}

#[tokio::test]
async fn a_line_that_stays_cut_is_tried_later_and_the_loss_remembered() {
    let story = story(vec![
        Answer::lost(),
        Answer::lost(),
        Answer::error("invalid_grant"),
    ])
    .await;
    let outcome = story.bearer().await;
    assert!(
        matches!(outcome, Err(AuthError::Unreachable(_))),
        "{outcome:?}"
    );
    assert_eq!(story.sent().len(), 2, "once more, not again and again");
    story.clock.forward(5);
    check_denied(story.bearer().await, &Denial::AnswerLost);
}

#[tokio::test]
async fn a_loss_of_long_ago_does_not_colour_a_later_no() {
    let story = story(vec![
        Answer::lost(),
        tokens("at-2", Some("rt-2"), 60),
        Answer::error("invalid_grant"),
    ])
    .await;
    story.bearer().await.unwrap();
    story.clock.forward(61);
    check_denied(story.bearer().await, &Denial::GrantEnded);
}
