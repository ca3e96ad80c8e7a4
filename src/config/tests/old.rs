//! Settings of former days: recognised with their place, and replaced without touching anything else.

use super::*;
use crate::model::{IncomingProtocol, OutgoingProtocol, ServerProfile};

const OLD: &str = r#"# carried over from the old program
[sign_in.contoso]
provider = "microsoft365"
client_id = "app"
tenant = "contoso.com"
# typed from a guide
token_endpoint = "https://login.microsoftonline.com/contoso.com/oauth2/token" # v1
scopes = "offline_access https://graph.microsoft.com/IMAP.AccessAsUser.All SMTP.Send"

[sign_in.me]
provider = "outlook.com"
client_id = "app"
scopes = [
    "offline_access",
    "https://outlook.office365.com/IMAP.AccessAsUser.All", # read
    # send
    "https://outlook.office.com/SMTP.Send",
]

[sign_in.basic]
provider = "custom"
method = "password"
client_id = "app"

[servers.contoso]
incoming = "EWS:outlook.office365.com/ews/Exchange.asmx" # in
outgoing = { host = "https://outlook.office365.com/ews/exchange.asmx" }

[servers.basic]
incoming = { protocol = "imap", host = "outlook.office365.com" }

[account.work]
address = "alice@contoso.com"
sign_in = "contoso"
servers = "contoso"

[account.basic]
address = "bob@contoso.com"
sign_in = "basic"
servers = "basic"
"#;

const NEW: &str = r#"# carried over from the old program
[sign_in.contoso]
provider = "microsoft365"
client_id = "app"
tenant = "contoso.com"
# typed from a guide
token_endpoint = "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token" # v1
scopes = "offline_access https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send"

[sign_in.me]
provider = "outlook.com"
client_id = "app"
scopes = [
    "offline_access",
    "https://outlook.office.com/IMAP.AccessAsUser.All", # read
    # send
    "https://outlook.office.com/SMTP.Send",
]

[sign_in.basic]
provider = "microsoft365"
method = "device-code"
client_id = "app"

[servers.contoso]
incoming = { protocol = "imap", host = "outlook.office365.com", port = 993, tls = "implicit" } # in
outgoing = { protocol = "smtp", host = "smtp.office365.com", port = 587, tls = "starttls" }

[servers.basic]
incoming = { protocol = "imap", host = "outlook.office365.com" }

[account.work]
address = "alice@contoso.com"
sign_in = "contoso"
servers = "contoso"

[account.basic]
address = "bob@contoso.com"
sign_in = "basic"
servers = "basic"
"#;

fn lines(paths: &Paths) -> Vec<String> {
    let old = Config::old_settings(paths).unwrap();
    let line = |old: &OldSetting| {
        format!(
            "{} {} {:?} {:?}",
            old.line,
            old.key.join("."),
            old.kind,
            old.replacement
        )
    };
    old.iter().map(line).collect()
}

#[test]
fn former_settings_are_found_with_their_place_and_replacement() {
    let (_home, paths) = home(OLD, "");
    insta::assert_snapshot!(lines(&paths).join("\n"), @r#"
    7 sign_in.contoso.token_endpoint V1Endpoint Text("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token")
    8 sign_in.contoso.scopes ForeignScope Text("https://outlook.office.com/IMAP.AccessAsUser.All")
    8 sign_in.contoso.scopes ForeignScope Text("https://outlook.office.com/SMTP.Send")
    15 sign_in.me.scopes PersonalScope Text("https://outlook.office.com/IMAP.AccessAsUser.All")
    21 sign_in.basic.provider Password Text("microsoft365")
    22 sign_in.basic.method Password Text("device-code")
    26 servers.contoso.incoming EwsAddress Imap("outlook.office365.com")
    27 servers.contoso.outgoing EwsAddress Smtp("smtp.office365.com")
    "#);
}

#[test]
fn migration_replaces_them_and_keeps_everything_else() {
    let (_home, paths) = home(OLD, "");
    migrate(&paths, &Config::old_settings(&paths).unwrap()).unwrap();
    assert_eq!(text(&paths), NEW);
    assert_eq!(lines(&paths), [""; 0]);
    Config::load(&paths).unwrap();
}

#[test]
fn former_settings_of_the_system_are_overridden() {
    let (_home, paths) = home("", OLD);
    migrate(&paths, &Config::old_settings(&paths).unwrap()).unwrap();
    assert_eq!(std::fs::read_to_string(&paths.system_config).unwrap(), OLD);
    assert_eq!(lines(&paths), [""; 0]);
    Config::load(&paths).unwrap();
}

#[test]
fn an_ews_address_is_understood_and_offered_as_what_stays() {
    for address in [
        "EWS:outlook.office365.com/ews/Exchange.asmx",
        "ews:outlook.office365.com",
        "https://outlook.office365.com/EWS/Exchange.asmx",
        "ews:https://outlook.office365.com/EWS/Exchange.asmx",
    ] {
        let (_home, paths) = home(&format!("[servers.a]\nincoming = \"{address}\"\n"), "");
        let incoming = Config::load(&paths).unwrap().servers["a"].incoming.clone();
        assert_eq!(incoming.protocol, IncomingProtocol::Ews, "{address}");
        assert_eq!(
            (incoming.host.as_str(), incoming.port),
            ("outlook.office365.com", 443)
        );
        migrate(&paths, &Config::old_settings(&paths).unwrap()).unwrap();
        let incoming = Config::load(&paths).unwrap().servers["a"].incoming.clone();
        assert_eq!(incoming.protocol, IncomingProtocol::Imap, "{address}");
        assert_eq!(incoming.host, "outlook.office365.com", "{address}");
    }
}

#[test]
fn a_server_of_ones_own_keeps_its_ews_address() {
    let text = "[servers.a]\nincoming = \"EWS:mail.contoso.example/ews/Exchange.asmx\"\n\
                outgoing = { protocol = \"ews\", host = \"mail.contoso.example\" }\n";
    let (_home, paths) = home(text, "");
    assert_eq!(Config::old_settings(&paths).unwrap(), []);
    let servers = Config::load(&paths).unwrap().servers["a"].clone();
    assert_eq!(servers.incoming.protocol, IncomingProtocol::Ews);
    let outgoing = servers.outgoing.unwrap();
    assert_eq!(
        (outgoing.protocol, outgoing.port),
        (OutgoingProtocol::Ews, 443)
    );
}

#[test]
fn the_path_of_an_ews_server_is_kept_wherever_it_stands() {
    let check = |incoming: &str, expected: (&str, u16, Option<&str>)| {
        let text = format!("[servers.a]\nincoming = {incoming}\noutgoing = {incoming}\n");
        let (_home, paths) = home(&text, "");
        assert_eq!(Config::old_settings(&paths).unwrap(), [], "{incoming}");
        let servers = Config::load(&paths).unwrap().servers["a"].clone();
        let read = &servers.incoming;
        let seen = (read.host.as_str(), read.port, read.path.as_deref());
        assert_eq!(seen, expected, "{incoming}");
        assert_eq!(read.protocol, IncomingProtocol::Ews);
        let outgoing = servers.outgoing.clone().unwrap();
        assert_eq!(
            (outgoing.port, outgoing.path.as_deref()),
            (expected.1, expected.2)
        );
        let other = ServerProfile {
            name: "b".to_owned(),
            ..servers.clone()
        };
        save_servers(&paths, &other).unwrap();
        assert_eq!(Config::load(&paths).unwrap().servers["b"], other);
    };
    let proxied = ("mail.firma.example", 443, Some("/Mail/ews"));
    check("\"EWS:mail.firma.example/Mail/ews\"", proxied);
    check(
        "{ protocol = \"ews\", host = \"mail.firma.example\", path = \"/Mail/ews\" }",
        proxied,
    );
    check(
        "{ protocol = \"ews\", host = \"https://mail.firma.example/Mail/ews\" }",
        proxied,
    );
    check(
        "{ host = \"EWS:mail.firma.example:443/Mail/ews\" }",
        proxied,
    );
    let other_port = ("mail.firma.example", 8443, None);
    check(
        "{ protocol = \"ews\", host = \"https://mail.firma.example:8443/ews/exchange.asmx\" }",
        other_port,
    );
    check(
        "{ protocol = \"ews\", host = \"mail.firma.example\", port = 8443, path = \"/ews/exchange.asmx\" }",
        other_port,
    );
}

#[test]
fn what_is_no_path_of_ews_is_a_mistake() {
    let check = |incoming: &str, key: &str, part: &str| {
        let (_home, paths) = home(&format!("[servers.a]\nincoming = {incoming}\n"), "");
        let Err(ConfigError::Mistakes(mistakes)) = Config::load(&paths) else {
            panic!("{incoming}");
        };
        assert_eq!(mistakes[0].key, format!("servers.a.{key}"), "{incoming}");
        assert!(
            mistakes[0].message.contains(part),
            "{incoming}: {}",
            mistakes[0].message
        );
    };
    let ews = |rest: &str| format!("{{ protocol = \"ews\", {rest} }}");
    check(
        &ews("host = \"a.example\", path = \"/a b\""),
        "incoming.path",
        "no blanks",
    );
    check(
        &ews("host = \"a.example\", path = \"ews\""),
        "incoming.path",
        "a path such as",
    );
    check(
        &ews("host = \"https://a.example/a?b\""),
        "incoming.host",
        "no ?",
    );
    check(
        &ews("host = \"http://a.example/a\""),
        "incoming.host",
        "only https",
    );
    check("\"EWS:a.example/a b\"", "incoming", "no blanks");
    check(
        "{ protocol = \"imap\", host = \"a.example\", path = \"/ews\" }",
        "incoming.path",
        "only a server of protocol ews",
    );
}

#[test]
fn an_address_without_a_host_is_left_for_a_person() {
    let before = "[servers.a]\nincoming = \"EWS:/ews/exchange.asmx\"\n";
    let (_home, paths) = home(before, "");
    let old = Config::old_settings(&paths).unwrap();
    assert_eq!(old[0].replacement, Replacement::Unknown);
    assert!(!old[0].is_replaceable());
    assert!(migrate(&paths, &old).is_err());
    assert_eq!(text(&paths), before);
}

#[test]
fn a_password_without_a_registered_application_needs_a_person() {
    let before = OLD.replace(
        "method = \"password\"\nclient_id = \"app\"",
        "method = \"password\"",
    );
    let (_home, paths) = home(&before, "");
    let old = Config::old_settings(&paths).unwrap();
    let password = old
        .iter()
        .find(|old| old.kind == OldKind::Password)
        .unwrap();
    assert_eq!(password.replacement, Replacement::NeedsClientId);
}

#[test]
fn what_still_works_is_no_former_setting() {
    let fine = r#"
[sign_in.china]
provider = "microsoft365"
cloud = "china"
client_id = "app"
token_endpoint = "https://login.partner.microsoftonline.cn/common/oauth2/token"
scopes = "https://partner.outlook.cn/IMAP.AccessAsUser.All"
[sign_in.work]
provider = "microsoft365"
client_id = "app"
scopes = "https://outlook.office365.com/IMAP.AccessAsUser.All https://graph.microsoft.com/User.Read offline_access"
[sign_in.relay]
provider = "custom"
method = "password"
[servers.work]
incoming = { protocol = "imap", host = "outlook.office365.com" }
outgoing = { protocol = "smtp", host = "smtp.office365.com" }
[account.a]
address = "a@contoso.com"
sign_in = "work"
send_sign_in = "relay"
servers = "work"
"#;
    let (_home, paths) = home(fine, "");
    assert_eq!(lines(&paths), [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_stops_the_search(text in pieces()) {
        let (_home, paths) = home(&text, "");
        if let Ok(old) = Config::old_settings(&paths) {
            let _ = migrate(&paths, &old);
        }
    }
}
