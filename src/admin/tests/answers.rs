//! Answers as administrators send them back.

use super::*;

fn check(text: &str) -> Answer {
    let answer = Answer::read(text);
    assert_eq!(answer.tenant.as_deref(), Some(TENANT), "{text}");
    assert_eq!(answer.client_id.as_deref(), Some(CLIENT), "{text}");
    assert_eq!(answer.object_id.as_deref(), Some(OBJECT), "{text}");
    assert_eq!(answer.mistakes, [], "{text}");
    answer
}

#[test]
fn the_sheet_itself_comes_back_filled_in() {
    let mut account = app_secret();
    account.sign_in.client_id = String::new();
    account.sign_in.tenant = "organizations".into();
    let kit = kit(&account);
    for sheet in [request(&kit).plain(), request(&kit).markdown()] {
        let empty = Answer::read(&sheet);
        assert_eq!(empty.mistakes, [], "the empty sheet holds nothing: {sheet}");
        assert_eq!((empty.tenant, empty.client_id), (None, None));
        let filled = sheet
            .replace("Tenant id: ________", &format!("Tenant id: {TENANT}"))
            .replace("Client id: ________", &format!("Client id: {CLIENT}"))
            .replace("application: ________", &format!("application: {OBJECT}"))
            .replace("(YYYY-MM-DD): ________", "(YYYY-MM-DD): 2027-05-31")
            .replace("Notes: ________", "Notes: ask Jo");
        let quoted: Vec<String> = filled.lines().map(|line| format!("> {line}")).collect();
        let quoted = quoted.join("\n") + "\n";
        for text in [
            &filled,
            &quoted,
            &quoted.replace('\n', "\r\n"),
            &format!("Hi Alice,\n\ndone:\n{quoted}\n-- \nJo"),
        ] {
            let answer = check(text);
            assert_eq!(answer.expires, Some("2027-05-31".parse().unwrap()));
            assert_eq!(answer.notes, "ask Jo");
            assert_eq!(answer.judged(&kit), []);
        }
    }
}

#[test]
fn the_blanks_of_two_sign_ins_are_told_apart() {
    let mut account = app_secret();
    account.send_sign_in = SignInProfile {
        name: "outgoing".into(),
        client_id: String::new(),
        ..account.sign_in.clone()
    };
    let kit = kit(&account);
    let sheet = request(&kit).plain();
    let filled = sheet
        .replace("application: ________", &format!("application: {OBJECT}"))
        .replace(
            "Client id for sending: ________",
            &format!("Client id for sending: {SENDER}"),
        )
        .replace(
            "application for sending: ________",
            &format!("application for sending: {TENANT}"),
        )
        .replace("(YYYY-MM-DD): ________", "(YYYY-MM-DD): 2027-05-31")
        .replace(
            "(YYYY-MM-DD) for sending: ________",
            "(YYYY-MM-DD) for sending: 2027-06-30",
        );
    let answer = check(&filled);
    assert_eq!(answer.judged(&kit), [], "{filled}");
    let sending = answer.sending.as_deref().unwrap();
    assert_eq!(sending.client_id.as_deref(), Some(SENDER));
    let (profile, changes) = sending.apply(&account.send_sign_in);
    assert_eq!(profile.secret_expires, Some("2027-06-30".parse().unwrap()));
    assert_eq!(changes.len(), 2, "{changes:?}");
    let (_, changes) = answer.apply(&account.sign_in);
    assert_eq!(changes.len(), 1, "{changes:?}");

    let words = |text: &str| -> Vec<String> {
        let judged = Answer::read(text).judged(&kit);
        judged.iter().map(AnswerMistake::words).collect()
    };
    let said = words(&filled.replace(SENDER, "later"));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("For sending: Client id: expected a GUID"),
        "{said:?}"
    );
    let said = words(&sheet);
    assert!(
        said.contains(&"For sending: Client id is missing".to_owned()),
        "{said:?}"
    );
}

#[test]
fn other_forms_are_understood() {
    check(&format!(
        "| Directory (tenant) ID | {TENANT} |\n| **Application (client) ID** | `{CLIENT}` |\n| Object ID | {OBJECT} |"
    ));
    check(&format!(
        "{{\n  \"tenantId\": \"{TENANT}\",\n  \"appId\": \"{}\",\n  \"objectId\": \"{OBJECT}\"\n}}",
        CLIENT.to_uppercase()
    ));
    check(&format!(
        "1. Tenant ID:\n   {TENANT}\n2) client_id = {CLIENT}\n• Object id of the enterprise application:\n> {OBJECT}\n"
    ));
    check(&format!(
        "Tenant: contoso, that is {TENANT}\nApp ID - see below\nApp ID: {{{CLIENT}}}.\nObject-ID: <{OBJECT}>"
    ));
}

#[test]
fn a_tenant_may_be_a_domain() {
    let answer = Answer::read("Tenant id: Contoso.onmicrosoft.com (the test one)");
    assert_eq!(answer.tenant.as_deref(), Some("contoso.onmicrosoft.com"));
}

#[test]
fn days_that_mean_the_same_everywhere_are_read() {
    for (text, expected) in [
        ("2027-05-31", Some("2027-05-31")),
        ("2027-05-31T10:00:00Z", Some("2027-05-31")),
        ("31 May 2027", Some("2027-05-31")),
        ("May 31, 2027", Some("2027-05-31")),
        ("31.05.2027", Some("2027-05-31")),
        ("5/6/2027", None),
        ("in two years", None),
        ("2027-02-30", None),
    ] {
        let answer = Answer::read(&format!("Secret expires: {text}"));
        assert_eq!(
            answer.expires.map(|day| day.to_string()).as_deref(),
            expected,
            "{text}"
        );
        assert_eq!(answer.mistakes.is_empty(), expected.is_some(), "{text}");
    }
}

#[test]
fn what_is_missing_or_malformed_is_named() {
    let account = app_secret();
    let answer = Answer::read(&format!(
        "Tenant id: ours\nClient id: 1234\nObject id: {OBJECT}\nObject id: {CLIENT}\n"
    ));
    let words: Vec<String> = answer
        .judged(&kit(&account))
        .iter()
        .map(AnswerMistake::words)
        .collect();
    insta::assert_snapshot!(words.join("\n"), @r#"
    Tenant id: expected a GUID or a domain, found "ours"
    Client id: expected a GUID such as 00000000-0000-0000-0000-000000000000, found "1234"
    Object id of the enterprise application is there with two different values
    Secret expires (YYYY-MM-DD) is missing
    "#);
    let same = Answer::read(&format!("Client id: {CLIENT}\nObject id: {CLIENT}"));
    assert_eq!(same.mistakes, [AnswerMistake::SameIds]);
}

#[test]
fn a_secret_in_an_answer_is_refused_and_kept_nowhere() {
    let secret = "abC8Q~notReallyASecret.0123456789-_~abcd";
    for text in [
        format!("Client secret: {secret}"),
        format!("Secret value:\n{secret}\n"),
    ] {
        let answer = Answer::read(&text);
        assert_eq!(answer.mistakes, [AnswerMistake::SecretInAnswer], "{text}");
        assert!(!format!("{answer:?}").contains(secret));
    }
    let id = Answer::read(&format!("Client secret: {OBJECT}"));
    assert_eq!(id.mistakes, [AnswerMistake::SecretIdInAnswer]);
    assert!(is_secret_id(&format!(" {OBJECT}\n")) && !is_secret_id(secret));
}

#[test]
fn an_answer_changes_only_what_it_says() {
    let account = delegated_public();
    let answer = Answer::read(&format!("Tenant id: {TENANT}\nClient id: {CLIENT}"));
    let (profile, changes) = answer.apply(&account.sign_in);
    let expected = Change {
        key: "tenant",
        before: "contoso.com".into(),
        after: TENANT.into(),
    };
    assert_eq!(changes, [expected]);
    assert_eq!(profile.tenant, TENANT);
    assert_eq!(profile.client_id, account.sign_in.client_id);
}
