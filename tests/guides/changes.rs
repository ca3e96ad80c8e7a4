//! Accounts that are changed and copied later, and what is said about mistakes.

use serde_json::Value;

use crate::home::Guide;

const ID: &str = "5f0d1d0e-3c47-4d27-9f0a-76a1e57ed3b0";

/// Two accounts of one sign-in profile.
fn two_accounts() -> Guide {
    let guide = Guide::new();
    let flags = [
        "--address=ada@harborvale.example",
        "--provider=microsoft365",
        "--tenant=harborvale.example",
        "--client-id",
        ID,
    ];
    guide.add(&flags, "");
    let copy = guide.json(&[
        "account",
        "duplicate",
        "work",
        "second",
        "--address=sam@harborvale.example",
        "--json",
    ]);
    assert_eq!(copy["address"], "sam@harborvale.example");
    assert_eq!(copy["sign_in_shared_with"], serde_json::json!(["work"]));
    guide
}

fn account(guide: &Guide, name: &str) -> Value {
    guide.json(&["account", "show", name, "--json"])
}

#[test]
fn a_change_of_a_shared_profile_is_for_all_and_says_for_whom() {
    let guide = two_accounts();
    let output = guide.given(&["account", "edit", "work", "--method=browser"], "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("for second too"), "{said}");
    for name in ["work", "second"] {
        assert_eq!(
            account(&guide, name)["sign_in"]["method"],
            "browser",
            "{name}"
        );
    }
}

#[test]
fn a_new_profile_leaves_the_others_as_they_are() {
    let guide = two_accounts();
    guide.text(&[
        "account",
        "edit",
        "work",
        "--method=browser",
        "--new-profile",
    ]);
    assert_eq!(account(&guide, "work")["sign_in"]["method"], "browser");
    let second = account(&guide, "second");
    assert_eq!(second["sign_in"]["method"], "device-code");
    assert_eq!(second["sign_in_shared_with"], serde_json::json!([]));
}

#[test]
fn a_further_account_takes_profiles_by_their_names_and_asks_no_network() {
    let guide = two_accounts();
    let third = guide.json(&[
        "account",
        "add",
        "--address=priya@harborvale.example",
        "--name=third",
        "--profile=harborvale",
        "--servers=harborvale",
        "--send-sign-in=harborvale",
        "--additional-users=support@harborvale.example; billing@harborvale.example",
        "--on-behalf=billing@harborvale.example",
        "--json",
    ]);
    assert_eq!(third["sign_in"]["name"], "harborvale");
    assert_eq!(
        third["sign_in_shared_with"],
        serde_json::json!(["work", "second"])
    );
    assert_eq!(
        third["on_behalf"],
        serde_json::json!(["billing@harborvale.example"])
    );
    assert_eq!(guide.json(&["account", "list", "--json"])[2], third);
}

#[test]
fn only_what_is_given_changes() {
    let guide = two_accounts();
    let before = account(&guide, "work");
    guide.text(&["account", "edit", "work", "--display-name=Ada L"]);
    let after = account(&guide, "work");
    assert_eq!(after["display_name"], "Ada L");
    for field in ["address", "sign_in", "servers", "additional_users"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    let said = guide.fails(
        &["account", "add", "--address=x@y.example", "--name=work"],
        "",
        2,
    );
    assert!(said.contains("account edit work"), "{said}");
}

#[test]
fn settings_that_cannot_work_are_refused_and_nothing_is_saved() {
    let guide = two_accounts();
    let check = |flags: &[&str], input: &str, code: i32, part: &str| {
        let mut line = vec!["account", "edit", "work", "--new-profile"];
        line.extend(flags);
        let before = account(&guide, "work");
        let said = guide.fails(&line, input, code);
        assert!(said.contains(part), "{flags:?}: {said}");
        assert_eq!(before, account(&guide, "work"), "{flags:?}");
    };
    let id = "8f1c7a52-0d2e-4a6b-9c3d-5e7f90a1b2c3\n";
    check(
        &["--method=client-secret", "--secret-stdin"],
        id,
        2,
        "the secret's id",
    );
    check(
        &["--method=client-secret", "--secret-stdin"],
        "",
        2,
        "standard input",
    );
    check(&["--secret-expires=soon"], "", 2, "--secret-expires");
    check(&["--password-stdin"], "x\n", 2, "--send-password-stdin");
    check(
        &["--method=client-secret", "--tenant=common"],
        "",
        1,
        "tenant",
    );
    check(&["--method=client-certificate"], "", 1, "certificate");
    check(&["--method=password"], "", 1, "January 2023");
    check(
        &["--redirect-uri=http://evil.example/"],
        "",
        1,
        "redirect_uri",
    );
    check(&["--provider=gmail"], "", 1, "browser");
    check(
        &["--token-endpoint=http://evil.example/token"],
        "",
        1,
        "token_endpoint",
    );
    check(&["--profile=nowhere"], "", 1, "nowhere");
}

#[test]
fn signing_out_says_what_became_of_the_tokens() {
    let guide = Guide::new();
    let flags = [
        "--address=ada@harborvale.example",
        "--provider=custom",
        "--client-id",
        ID,
    ];
    guide.add(&flags, "");
    let authority = format!("--authority={}", guide.tenant.authority);
    guide.text(&["account", "edit", "work", &authority]);
    let sign_in = guide.begin_sign_in();
    let code = sign_in.first["user_code"].as_str().unwrap().to_owned();
    guide.tenant.approve.send(code).unwrap();
    assert_eq!(sign_in.end().0["event"], "done");
    let before = guide.tenant.control().requests().revocations;
    let said = |output: std::process::Output| String::from_utf8(output.stderr).unwrap();
    let first = said(guide.given(&["sign-out", "work"], ""));
    assert!(
        first.contains("The provider has ended the tokens"),
        "{first}"
    );
    assert!(guide.tenant.control().requests().revocations > before);
    let again = said(guide.given(&["sign-out", "work"], ""));
    assert!(again.contains("no tokens to end"), "{again}");
}
