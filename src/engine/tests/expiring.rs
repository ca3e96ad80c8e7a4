//! What ends when: days by the engine's clock, thresholds, and what a check says of it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::engine::tests::{Fixture, config, small_world};
use crate::engine::{CheckStep, CheckWish, EngineError, Expiry, Lapsing, Nearness};
use crate::model::{ClientKind, Method};

/// The day of the tests' clock.
fn today() -> Date {
    let base = Timestamp::from_second(1_790_000_000).unwrap();
    base.to_zoned(TimeZone::UTC).date()
}

/// Starts with a confidential client whose secret ends so many days from now.
async fn with_secret(days: i64) -> Fixture {
    let mut config = config(&[]);
    for account in &mut config.accounts {
        account.sign_in.client = ClientKind::Confidential;
        account.sign_in.secret_expires = Some(today() + days.days());
        account.send_sign_in = account.sign_in.clone();
    }
    Fixture::start_with(small_world(), config, false).await
}

#[tokio::test]
async fn a_secret_is_counted_down_by_the_clock() {
    for (days, nearness, words) in [
        (61, None, "61 days left"),
        (60, Some(Nearness::Within(60)), "60 days left"),
        (31, Some(Nearness::Within(60)), "31 days left"),
        (30, Some(Nearness::Within(30)), "30 days left"),
        (7, Some(Nearness::Within(7)), "7 days left"),
        (2, Some(Nearness::Within(7)), "2 days left"),
        (1, Some(Nearness::Within(1)), "tomorrow"),
        (0, Some(Nearness::Within(1)), "today"),
        (-1, Some(Nearness::Over), "yesterday"),
        (-9, Some(Nearness::Over), "9 days ago"),
    ] {
        let found = with_secret(days).await.engine.expiries().await;
        let [expiry] = found.as_slice() else {
            panic!("one end, not {found:?}");
        };
        assert_eq!((expiry.days_left, expiry.nearness()), (days, nearness));
        assert!(expiry.words().ends_with(words), "{}", expiry.words());
        assert_eq!(
            (expiry.account.as_str(), expiry.what),
            ("work", Lapsing::Secret)
        );
    }
}

#[tokio::test]
async fn a_day_without_a_secret_ends_nothing() {
    let mut config = config(&[]);
    for account in &mut config.accounts {
        account.sign_in.secret_expires = Some(today());
        account.send_sign_in = account.sign_in.clone();
    }
    let fixture = Fixture::start_with(small_world(), config, false).await;
    assert_eq!(fixture.engine.expiries().await, Vec::<Expiry>::new());
}

#[tokio::test]
async fn a_certificate_says_its_end_itself_even_after_it() {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/certificates");
    for (file, on, is_over) in [
        ("app.pem", Date::constant(2120, 1, 1), false),
        ("expired.pem", Date::constant(2021, 1, 1), true),
    ] {
        let mut config = config(&[]);
        for account in &mut config.accounts {
            account.sign_in.method = Method::ClientCertificate;
            account.sign_in.certificate = Some(data.join(file));
            account.sign_in.certificate_key = Some(data.join("app.key"));
            account.send_sign_in = account.sign_in.clone();
        }
        let fixture = Fixture::start_with(small_world(), config, false).await;
        let found = fixture.engine.expiries().await;
        let [expiry] = found.as_slice() else {
            panic!("one end, not {found:?}");
        };
        assert_eq!((expiry.what, expiry.on), (Lapsing::Certificate, on));
        assert_eq!((expiry.is_over, expiry.days_left < 0), (is_over, is_over));
    }
}

#[tokio::test]
async fn a_check_warns_before_the_end_and_fails_after_it() {
    for (days, is_fine, has_warning) in [(90, true, false), (7, true, true), (-1, false, false)] {
        let fixture = with_secret(days).await;
        let mut lines = fixture.engine.check(CheckWish::of("work"));
        let mut found = Vec::new();
        while let Some(line) = lines.recv().await {
            if line.step == CheckStep::Expiry {
                found.push(line);
            }
        }
        let [line] = found.as_slice() else {
            panic!("one line, not {found:?}");
        };
        assert_eq!(line.outcome.is_ok(), is_fine, "{line:?}");
        assert_eq!(line.warning.is_some(), has_warning, "{line:?}");
        if let Err(error) = &line.outcome {
            assert!(
                matches!(**error, EngineError::Lapses { is_over: true, .. }),
                "{error:?}"
            );
        }
    }
}
