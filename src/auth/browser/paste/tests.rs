//! What people paste, and what is made of it.

use super::*;
use crate::auth::endpoints::Issuer;
use crate::auth::{AuthError, Denial};

const STATE: &str = "STATE-abcdefgh";
const LOCAL: &str = "http://localhost:4711";
const NATIVE: &str = "https://login.microsoftonline.com/common/oauth2/nativeclient";

fn read_at(redirect_uri: &str, text: &str) -> Result<Answer, PasteMistake> {
    let expected = Expected {
        state: STATE.into(),
        issuer: Issuer::Unknown,
    };
    let origin = Origin {
        redirect_uri,
        authorization: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?state=x",
    };
    read(&SecretString::from(text), &origin, &expected)
}

#[track_caller]
fn check_code(redirect_uri: &str, text: &str, expected: &str) {
    match read_at(redirect_uri, text) {
        Ok(Answer::Code(code)) => assert_eq!(code.expose_secret(), expected, "{text}"),
        other => panic!("{text}: {other:?}"),
    }
}

#[track_caller]
fn check_mistake(redirect_uri: &str, text: &str, expected: &PasteMistake) {
    match read_at(redirect_uri, text) {
        Err(mistake) => assert_eq!(&mistake, expected, "{text}"),
        Ok(answer) => panic!("{text}: {answer:?}"),
    }
}

#[test]
fn an_address_a_query_and_a_bare_code_are_accepted() {
    let query = format!("code=0.AX%2Fy&state={STATE}&session_state=s");
    for text in [
        format!("{LOCAL}/?{query}"),
        format!("{LOCAL}?{query}#"),
        format!("http://127.0.0.1:4711/any/path?{query}"),
        format!("http://[::1]:4711/?{query}"),
        format!("localhost:4711/?{query}"),
        format!("{LOCAL}/#{query}"),
        query.clone(),
        format!("?{query}"),
        format!("#{query}"),
        format!("state={STATE}&code=0.AX%2Fy"),
    ] {
        check_code(LOCAL, &text, "0.AX/y");
    }
    check_code(NATIVE, &format!("{NATIVE}?{query}"), "0.AX/y");
    check_code("urn:ietf:wg:oauth:2.0:oob", "4/0AX-y_z12", "4/0AX-y_z12");
    check_code(LOCAL, "4%2F0AX-y+_z12", "4/0AX-y+_z12");
    let own = format!("msal12://auth?{query}");
    check_code("msal12://auth", &own, "0.AX/y");
}

#[test]
fn what_terminals_and_mail_programs_add_is_taken_off() {
    let address = format!("{LOCAL}/?code=abcdefgh12345678&state={STATE}");
    let wrapped = address
        .replace("5678", "5\r\n  678")
        .replace("STATE", "ST\nATE");
    for text in [
        format!("  {address}\n"),
        wrapped,
        format!("<{address}>"),
        format!("\"{address}\""),
        format!("\u{1b}[200~{address}\u{1b}[201~"),
        format!("\u{feff}{}", address.replace('8', "8\u{200b}")),
    ] {
        check_code(LOCAL, &text, "abcdefgh12345678");
    }
    check_code(LOCAL, "abcdefgh\n  12345678 \n", "abcdefgh12345678");
}

#[test]
fn each_mistake_is_named() {
    use PasteMistake::{CutOff, NoCode, NotAnAddress, OtherSignIn, WrongPlace};
    let started =
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=c&state=x";
    let wrong_place = "https://login.microsoftonline.com/common/wrongplace";
    let cut_state = format!("{LOCAL}/?code=abcdefgh&state=STATE-ab");
    let no_code = format!("{LOCAL}/?state={STATE}");
    let twice = format!("{LOCAL}/?code=a&code=b&state={STATE}");
    let empty = format!("{LOCAL}/?code=&state={STATE}");
    let cases = [
        ("", NotAnAddress),
        ("hello", NotAnAddress),
        ("this is what the page says", NotAnAddress),
        ("alice@contoso.com", NotAnAddress),
        ("https://", NotAnAddress),
        ("http:/abcdefghijk", NotAnAddress),
        ("localhost:4711/", NotAnAddress),
        ("日本語日本語日本語", NotAnAddress),
        (LOCAL, NoCode),
        ("http://localhost:4711/?session_state=1", NoCode),
        (started, NoCode),
        (&no_code, NoCode),
        (&twice, NoCode),
        (&empty, NoCode),
        ("http://localhost:4711/?code=abcdefgh", CutOff),
        ("code=abcdefgh", CutOff),
        (&cut_state, CutOff),
        (
            "http://localhost:4711/?code=abcdefgh&state=other",
            OtherSignIn,
        ),
        (
            "http://localhost:99/?code=abcdefgh&state=earlier",
            OtherSignIn,
        ),
        ("error=access_denied&state=other", OtherSignIn),
        (wrong_place, WrongPlace),
    ];
    for (text, expected) in cases {
        check_mistake(LOCAL, text, &expected);
    }
    check_mistake(NATIVE, wrong_place, &WrongPlace);
    check_mistake(NATIVE, NATIVE, &NoCode);
    for (text, host) in [
        (
            "https://evil.example/?code=abcdefgh&state=x",
            "evil.example",
        ),
        ("https://www.google.com/search?q=code", "www.google.com"),
        (
            "https://localhost.evil.example/?code=a",
            "localhost.evil.example",
        ),
        ("about://blank", "blank"),
    ] {
        let host = host.to_owned();
        check_mistake(LOCAL, text, &PasteMistake::Foreign { host });
    }
    let long = "a".repeat(LONGEST + 1);
    check_mistake(LOCAL, &long, &NotAnAddress);
}

#[test]
fn a_pasted_error_ends_the_sign_in_as_that_error() {
    for text in [
        format!("{LOCAL}/?error=access_denied&error_subcode=cancel&state={STATE}"),
        format!("{LOCAL}/?error=access_denied"),
        "error=access_denied&error_description=no".to_owned(),
    ] {
        match read_at(LOCAL, &text) {
            Ok(Answer::Refused(AuthError::Denied { denial, .. })) => {
                assert_eq!(denial, Denial::Declined);
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn nothing_printed_about_a_pasted_code_shows_it() {
    let answer = read_at(LOCAL, &format!("code=CODE-CANARY&state={STATE}"));
    assert!(!format!("{answer:?}").contains("CANARY"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".*", tail in "[ -~]*") {
        for text in [text.clone(), format!("http://localhost/?{text}"), format!("code={tail}"), tail] {
            let _ = read_at(LOCAL, &text);
        }
    }
}
