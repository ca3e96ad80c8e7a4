//! What cannot work together in a sign-in profile is said when the file is read.

use super::*;

/// The mistakes of a profile with these lines, without their places.
fn check(lines: &str, expected: &[&str]) {
    let text = format!("[sign_in.a]\nclient_id = \"app\"\n{lines}\n");
    let found: Vec<(String, String)> =
        match Config::check(&Paths::under(Path::new("/nowhere")), text.as_bytes()) {
            Ok(_) => Vec::new(),
            Err(ConfigError::Mistakes(mistakes)) => mistakes
                .into_iter()
                .map(|mistake| (mistake.key, mistake.message))
                .collect(),
            Err(error) => panic!("{error:?}"),
        };
    assert_eq!(found.len(), expected.len(), "{lines}: {found:?}");
    for ((key, message), expected) in found.iter().zip(expected) {
        let (wanted, part) = expected.split_once(": ").unwrap();
        assert_eq!(key, &format!("sign_in.a.{wanted}"), "{lines}");
        assert!(message.contains(part), "{lines}: {message}");
    }
}

fn microsoft(lines: &str, expected: &[&str]) {
    check(&format!("provider = \"microsoft365\"\n{lines}"), expected);
}

#[test]
fn an_application_signs_in_to_one_tenant() {
    for tenant in ["common", "organizations", "Consumers"] {
        microsoft(
            &format!("method = \"client-secret\"\ntenant = \"{tenant}\""),
            &["tenant: AADSTS9001023"],
        );
    }
    microsoft("method = \"client-secret\"", &["tenant: missing"]);
    microsoft("method = \"client-secret\"\ntenant = \"contoso.com\"", &[]);
    microsoft("method = \"device-code\"\ntenant = \"common\"", &[]);
}

#[test]
fn a_certificate_method_needs_a_certificate() {
    let lines = "method = \"client-certificate\"\ntenant = \"contoso.com\"";
    microsoft(lines, &["certificate: missing"]);
    microsoft(&format!("{lines}\ncertificate = \"app.pem\""), &[]);
}

#[test]
fn providers_refuse_methods_they_do_not_have() {
    check(
        "provider = \"gmail\"\nmethod = \"device-code\"",
        &["method: expected browser"],
    );
    check(
        "provider = \"gmail\"\nmethod = \"client-secret\"",
        &["method: expected browser"],
    );
    check(
        "provider = \"outlook.com\"\nmethod = \"client-secret\"",
        &["method: a person"],
    );
    check(
        "provider = \"outlook.com\"\nmethod = \"password\"",
        &["method: 2024-09-16"],
    );
    check("provider = \"outlook.com\"", &[]);
}

#[test]
fn gmail_signs_in_with_a_browser_unless_told_otherwise() {
    let text = b"[sign_in.a]\nprovider = \"gmail\"\nclient_id = \"app\"\n";
    let config = Config::check(&Paths::under(Path::new("/nowhere")), text).unwrap();
    assert_eq!(config.sign_in["a"].method, Method::Browser);
}

#[test]
fn a_custom_provider_must_be_found_by_the_method_chosen() {
    check(
        "provider = \"custom\"\nmethod = \"browser\"",
        &["authorization_endpoint: missing", "token_endpoint: missing"],
    );
    let both = "provider = \"custom\"\nmethod = \"browser\"\nauthorization_endpoint = \"https://a.example/x\"\n\
                token_endpoint = \"https://a.example/y\"";
    check(both, &[]);
    check(
        "provider = \"custom\"\nmethod = \"browser\"\nauthority = \"https://a.example\"",
        &[],
    );
    check(
        "provider = \"custom\"\nmethod = \"client-secret\"",
        &["token_endpoint: missing"],
    );
    check("provider = \"custom\"\nmethod = \"password\"", &[]);
}

#[test]
fn a_redirect_uri_must_be_one_that_can_be_registered() {
    for (uri, expected) in [
        ("http://localhost", ""),
        ("http://localhost:8765/done", ""),
        ("http://127.0.0.1", ""),
        ("https://app.contoso.com/callback", ""),
        (
            "https://login.microsoftonline.com/common/oauth2/nativeclient",
            "",
        ),
        ("msal00000000://auth", ""),
        (
            "http://app.contoso.com/callback",
            "https, or http on localhost",
        ),
        ("http://[::1]:80/", "IPv6"),
        ("https://app.contoso.com/#a", "without a #"),
        ("urn:ietf:wg:oauth:2.0:oob", "browser can open"),
        ("localhost", "an address such as"),
    ] {
        let lines = format!("method = \"browser\"\nredirect_uri = \"{uri}\"");
        let expected = format!("redirect_uri: {expected}");
        let expected: &[&str] = if expected.len() == 14 {
            &[]
        } else {
            &[&expected]
        };
        microsoft(&lines, expected);
    }
    let long = format!("redirect_uri = \"https://a.example/{}\"", "x".repeat(256));
    microsoft(&long, &["redirect_uri: at most 256"]);
    let with_query = "redirect_uri = \"https://a.example/?x=1\"";
    microsoft(with_query, &[]);
    microsoft(
        &format!("tenant = \"common\"\n{with_query}"),
        &["redirect_uri: personal accounts"],
    );
    check(
        "provider = \"gmail\"\nredirect_uri = \"https://a.example/\"",
        &["redirect_uri: http://127.0.0.1"],
    );
}

#[test]
fn scopes_that_are_refused_together_are_named() {
    microsoft(
        "scopes = \"https://outlook.office.com/.default https://outlook.office.com/SMTP.Send\"",
        &["scopes: AADSTS70011"],
    );
    microsoft(
        "scopes = \"offline_access https://outlook.office.com/.default\"",
        &[],
    );
    let app = "method = \"client-secret\"\ntenant = \"contoso.com\"\n";
    microsoft(
        &format!("{app}scopes = \"https://outlook.office365.com/IMAP.AccessAsApp\""),
        &["scopes: AADSTS1002012"],
    );
    microsoft(
        &format!("{app}scopes = \"https://outlook.office365.com/.default\""),
        &[],
    );
    check(
        "provider = \"custom\"\nauthority = \"https://a.example\"\nscopes = \"mail; send é\"",
        &["scopes: blanks between"],
    );
}

#[test]
fn what_an_account_asks_of_its_profile_is_checked_too() {
    let servers =
        "[servers.s]\nincoming = { protocol = \"imap\", host = \"outlook.office365.com\" }\n";
    let profiles = "[sign_in.old]\nprovider = \"microsoft365\"\nmethod = \"password\"\n\
                    [sign_in.me]\nprovider = \"outlook.com\"\nclient_id = \"app\"\n\
                    [sign_in.new]\nprovider = \"microsoft365\"\nclient_id = \"app\"\n";
    let account = |keys: &str| {
        let text = format!(
            "{profiles}{servers}[account.a]\naddress = \"a@x.com\"\nservers = \"s\"\n{keys}"
        );
        Config::check(&Paths::under(Path::new("/nowhere")), text.as_bytes())
    };
    let message = mistakes(account("sign_in = \"old\""));
    assert!(
        message.contains("account.a.sign_in: Microsoft 365 has taken no passwords"),
        "{message}"
    );
    account("sign_in = \"new\"\nsend_sign_in = \"old\"").unwrap();
    let message = mistakes(account("sign_in = \"me\"\nadditional_users = \"b@x.com\""));
    assert!(
        message.contains("account.a.additional_users: personal accounts"),
        "{message}"
    );
}
