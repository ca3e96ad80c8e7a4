//! Codes of Microsoft's sign-in service that come in the background, when a token is renewed and nobody looks: each
//! reaches its owner as a notice.

use std::time::Duration;

use futures_util::future::join_all;
use pillarbox::demo::{Endpoint, Trouble};
use pillarbox::explain::explain_text;

use crate::home::{Home, Renewal, short_tenant};
use Renewal::{Application, Person};

/// Long enough to begin with, short enough to see its end.
const TOKEN_LIFE: Duration = Duration::from_secs(6);

/// Homes at a time.
const TOGETHER: usize = 11;

/// What a policy, an administrator or time says to a person's refresh token.
const TO_A_PERSON: [u32; 22] = [
    50_034, 50_055, 50_057, 50_076, 50_078, 50_079, 50_105, 50_131, 50_158, 50_173, 53_000, 53_003,
    53_004, 65_001, 70_000, 70_043, 90_094, 530_034, 700_016, 700_082, 7_000_112, 900_144,
];

/// What is said to an application that asks for its own token.
const TO_AN_APPLICATION: [u32; 11] = [
    50_012, 50_194, 53_003, 70_011, 90_002, 500_011, 700_016, 700_027, 7_000_112, 7_000_215,
    7_000_222,
];

/// Refuses the next renewal; returns what is wrong with what is shown then.
async fn complaint(renewal: Renewal, number: u32) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let tenant = short_tenant(folder.path(), TOKEN_LIFE).await;
    let mut home = Home::renewing(&tenant, renewal).await;
    let trouble = Trouble::Aadsts(number);
    tenant.control().trouble(Endpoint::Token, trouble);
    let known = explain_text(&format!("AADSTS{number}")).unwrap();
    let shown = home.shown(&known.title).await;
    home.engine.stop().await;
    let notice = match shown {
        Ok(notice) => notice,
        Err(seen) => return Some(format!("{number}: {:?} is not in {seen:?}", known.title)),
    };
    let is_whole = notice.cause == known.cause
        && notice.who == known.who
        && notice.code == known.code
        && notice.copy == known.copy
        && notice.how == known.how
        && notice.detail.contains(&known.code)
        && notice.detail.to_lowercase().contains("correlation id");
    (!is_whole).then(|| format!("{number}: {notice:#?}"))
}

async fn check(renewal: Renewal, numbers: &[u32]) {
    let mut wrong = Vec::new();
    for some in numbers.chunks(TOGETHER) {
        let asked = some.iter().map(|number| complaint(renewal, *number));
        wrong.extend(join_all(asked).await.into_iter().flatten());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_ends_a_persons_renewals_reaches_the_person() {
    check(Person, &TO_A_PERSON).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_ends_an_applications_renewals_reaches_its_owner() {
    check(Application, &TO_AN_APPLICATION).await;
}
