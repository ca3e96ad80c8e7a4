//! Whatever stands in an account, nothing of it becomes a command, a member or markup.

use proptest::prelude::*;

use super::*;

const NASTY: &str = "a'b\"c$(calc)`whoami`\u{2019}; Remove-Mailbox x\r\n$evil = 1 #\u{202E}";

fn nasty() -> Account {
    let mut account = app_secret();
    account.address = Address::bare(format!("{NASTY}@contoso.com"));
    account.login = Some(NASTY.into());
    account.sign_in.tenant = NASTY.into();
    account.sign_in.client_id = NASTY.into();
    account.sign_in.certificate = Some(NASTY.into());
    account.additional_users = vec![Address::bare(format!("x{NASTY}@contoso.com"))];
    account
}

/// What is left of a PowerShell line when its quoted strings are taken out.
fn outside_of_strings(line: &str) -> String {
    let is_quote = |c: char| matches!(c, '\'' | '\u{2018}'..='\u{201B}');
    let mut outside = String::new();
    let mut is_inside = false;
    for c in line.chars() {
        if is_quote(c) {
            is_inside = !is_inside; // a doubled one closes and opens again
        } else if !is_inside {
            outside.push(c);
        }
    }
    assert!(!is_inside, "a string that never ends: {line}");
    outside
}

#[test]
fn nothing_is_injected_into_powershell() {
    for method in [Method::ClientSecret, Method::DeviceCode] {
        let mut account = nasty();
        account.sign_in.method = method;
        let document = powershell(&kit(&account)).unwrap();
        for line in document.blocks().lines() {
            let code = outside_of_strings(line.split(" # ").next().unwrap_or(line));
            assert!(
                !code.contains("Remove-Mailbox")
                    && !code.contains("calc")
                    && !code.contains("evil"),
                "{line}"
            );
        }
    }
}

/// Runs a script in which every program only prints its arguments, and those that nobody asked for say so.
#[cfg(unix)]
fn run(script: &str) -> String {
    let stubs = "az() { printf '<%s>' \"$@\"; }; openssl() { az \"$@\"; }; calc() { echo INJECTED; }; \
                 whoami() { echo INJECTED; }\n";
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("{stubs}{script}")])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(errors, "", "{script}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(unix)]
#[test]
fn nothing_is_injected_into_a_shell() {
    for method in [
        Method::ClientCertificate,
        Method::Browser,
        Method::ClientSecret,
    ] {
        let mut account = nasty();
        account.sign_in.method = method;
        account.sign_in.redirect_uri = Some(NASTY.into());
        let mut scripts = az(&kit(&account)).unwrap().blocks();
        for step in guide(&kit(&account)).steps {
            let block = step.block.filter(|block| block.language == Language::Shell);
            scripts += &block.map(|block| block.text).unwrap_or_default();
        }
        let output = run(&scripts);
        assert!(!output.contains("INJECTED"), "{output}");
        assert!(
            output.contains("$(calc)`whoami`"),
            "the value came through whole: {output}"
        );
    }
}

#[test]
fn a_manifest_stays_json_and_an_address_an_address() {
    let mut account = nasty();
    account.sign_in.method = Method::Browser;
    account.sign_in.redirect_uri = Some(NASTY.into());
    let kit = kit(&account);
    for step in manifest(&kit).unwrap().steps {
        serde_json::from_str::<serde_json::Value>(&step.block.unwrap().text).unwrap();
    }
    for step in consent_url(&kit).unwrap().steps {
        let Some(block) = step.block else { continue };
        let address = url::Url::parse(&block.text).unwrap();
        assert_eq!(address.host_str(), Some("login.microsoftonline.com"));
        assert!(
            !block.text.contains([' ', '"', '`', '\n']),
            "{}",
            block.text
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_values_make_documents_without_control_characters(value in "\\PC{0,20}|[\u{0}-\u{20}a'\"$`]{0,20}") {
        let mut account = nasty();
        account.address = Address::bare(value.clone());
        account.sign_in.client_id = value.clone();
        account.sign_in.redirect_uri = Some(value.clone());
        account.sign_in.tenant = value;
        for method in [Method::ClientSecret, Method::Browser] {
            account.sign_in.method = method;
            for document in all(&kit(&account)) {
                for text in [document.plain(), document.markdown(), document.blocks()] {
                    prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
                }
            }
        }
    }

    #[test]
    fn any_answer_can_be_read(text in "[a-zA-Z0-9 :=>|*\\-_\n\"{}(),.]{0,300}", bytes in "\\PC{0,80}") {
        let account = app_secret();
        for text in [text, bytes.clone(), format!("Tenant id: {bytes}\nNotes: {bytes}")] {
            let answer = Answer::read(&text);
            let _ = answer.judged(&kit(&account));
            let _ = answer.apply(&account.sign_in);
        }
    }
}
