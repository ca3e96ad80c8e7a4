//! Whole files in, settings or mistakes out; and our own edits, which must leave the rest of a file alone.

mod edits;
mod old;
mod profiles;
mod rules;

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::model::{Account, Address, Method, Provider, ServerProfile, SignInProfile, TlsMode};

/// A home with these texts as the user's and the system's file.
fn home(user: &str, system: &str) -> (TempDir, Paths) {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::under(folder.path());
    std::fs::create_dir_all(paths.system_config.parent().unwrap()).unwrap();
    std::fs::write(&paths.config, user).unwrap();
    std::fs::write(&paths.system_config, system).unwrap();
    (folder, paths)
}

fn data(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join(kind))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// The mistakes as lines `file:line key: message`.
fn mistakes(result: Result<Config, ConfigError>) -> String {
    let Err(ConfigError::Mistakes(mistakes)) = result else {
        panic!("expected mistakes, got {result:?}");
    };
    let line = |mistake: &Mistake| {
        let file = mistake.file.file_name().unwrap().to_string_lossy();
        let folder = mistake.file.parent().unwrap();
        let prefix = if folder.ends_with("etc") { "etc/" } else { "" };
        format!(
            "{prefix}{file}:{} {}: {}",
            mistake.line, mistake.key, mistake.message
        )
    };
    mistakes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn work_account() -> Account {
    let sign_in = SignInProfile {
        tenant: "contoso.com".into(),
        client_id: "app".into(),
        ..SignInProfile::new("contoso", Provider::Microsoft365, Method::DeviceCode)
    };
    let servers = Config::check(
        &Paths::under(Path::new("/nowhere")),
        br#"[servers.contoso]
incoming = { protocol = "imap", host = "outlook.office365.com" }
outgoing = { protocol = "smtp", host = "smtp.office365.com" }"#,
    );
    Account {
        name: "work".into(),
        address: Address::named("Alice", "alice@contoso.com"),
        send_sign_in: sign_in.clone(),
        sign_in,
        login: None,
        servers: servers.unwrap().servers["contoso"].clone(),
        additional_users: vec![Address::bare("sales@contoso.com")],
        on_behalf: Vec::new(),
    }
}

fn text(paths: &Paths) -> String {
    std::fs::read_to_string(&paths.config).unwrap()
}

#[test]
fn valid_files_are_read() {
    for file in data("valid") {
        let (_home, paths) = home(&std::fs::read_to_string(&file).unwrap(), "");
        Config::load(&paths).unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
    }
}

#[test]
fn every_mistake_of_a_file_is_named_with_its_place() {
    for file in data("invalid") {
        let (_home, paths) = home(&std::fs::read_to_string(&file).unwrap(), "");
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        insta::with_settings!({
            snapshot_path => "../../../tests/data/config/snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, mistakes(Config::load(&paths)));
        });
    }
}

#[test]
fn command_lines_are_split_as_a_shell_would_without_one() {
    let file = data("valid").remove(0);
    let (_home, paths) = home(&std::fs::read_to_string(file).unwrap(), "");
    let vault = Config::load(&paths).unwrap().vault;
    assert_eq!(vault.kind, VaultKind::Command);
    let commands = vault.commands.unwrap();
    assert_eq!(commands.read, ["pass", "show", "pill box/{key}"]);
    assert_eq!(commands.write.last().unwrap(), "pill box/{key}");
    assert_eq!(commands.remove, ["pass", "rm", "-f", "pill box/{key}"]);
}

#[test]
fn missing_files_are_empty() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::load(&Paths::under(folder.path())).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.interface.undo_seconds, 10);
}

#[test]
fn a_full_file_becomes_complete_accounts() {
    let file = data("valid").pop().unwrap();
    let (home, paths) = home(&std::fs::read_to_string(file).unwrap(), "");
    let config = Config::load(&paths).unwrap();
    let [work, own, short] = config.accounts.as_slice() else {
        panic!("{:?}", config.accounts);
    };
    assert_eq!(
        work.address,
        Address::named("Alice Example", "alice@contoso.com")
    );
    assert_eq!(
        (work.sign_in.name.as_str(), work.send_sign_in.method),
        ("contoso", Method::Password)
    );
    assert_eq!(work.identity(), "CONTOSO\\alice");
    let users: Vec<&str> = work
        .additional_users
        .iter()
        .map(|user| user.email.as_str())
        .collect();
    assert_eq!(
        users,
        [
            "support@contoso.com",
            "sales@contoso.com",
            "desk@contoso.com",
            "a@contoso.com",
            "b@contoso.com"
        ]
    );
    let sales = Address::bare("sales@contoso.com");
    assert_eq!(work.sender_for(&sales), Some("CONTOSO\\alice"));
    assert_eq!(work.sender_for(&work.address), None);
    assert_eq!(own.sign_in.scopes, ["openid", "offline_access", "mail"]);
    assert_eq!(
        own.sign_in.authority.as_deref(),
        Some("https://id.example.org/realms/staff")
    );
    assert_eq!(own.sign_in.ca_file, Some(home.path().join("own-ca.pem")));
    assert_eq!(
        own.servers.outgoing.as_ref().unwrap().tls,
        TlsMode::Implicit
    );
    assert_eq!(
        (own.servers.incoming.port, own.servers.files_sent_copy),
        (993, Some(true))
    );
    assert_eq!(
        (short.sign_in.name.as_str(), short.servers.name.as_str()),
        ("contoso", "contoso")
    );
    assert_eq!(config.vault.kind, VaultKind::File);
    assert_eq!(config.interface.signature, "-- \nAlice\n");
    assert_eq!(config.interface.keys["delete"], ["d", "delete"]);
}

#[test]
fn the_users_file_wins_key_by_key_and_mistakes_name_the_right_file() {
    let system = "[sign_in.contoso]\nprovider = \"microsoft365\"\nclient_id = \"theirs\"\ntenant = \"contoso.com\"\n\
                  [servers.contoso]\nincoming = { protocol = \"imap\", host = \"one.example\", tls = \"ssl\" }\n";
    let user = "[sign_in.contoso]\nclient_id = \"mine\"\n";
    let (_home, paths) = home(user, system);
    assert_eq!(
        mistakes(Config::load(&paths)),
        "etc/config.toml:6 servers.contoso.incoming.tls: unknown value \"ssl\"; expected implicit, starttls or none"
    );
    std::fs::write(
        &paths.config,
        format!("{user}[servers.contoso]\nincoming.tls = \"implicit\"\n"),
    )
    .unwrap();
    let config = Config::load(&paths).unwrap();
    let profile = &config.sign_in["contoso"];
    assert_eq!(
        (profile.client_id.as_str(), profile.tenant.as_str()),
        ("mine", "contoso.com")
    );
    assert_eq!(config.servers["contoso"].incoming.host, "one.example");
}

#[test]
fn an_unreadable_file_is_an_error_that_names_it() {
    let (_home, paths) = home("", "");
    std::fs::remove_file(&paths.config).unwrap();
    std::fs::create_dir(&paths.config).unwrap();
    let error = Config::load(&paths).unwrap_err();
    assert!(
        matches!(&error, ConfigError::Read { path, .. } if *path == paths.config),
        "{error:?}"
    );
}

#[test]
fn bytes_that_are_no_text_are_pointed_at() {
    let (_home, paths) = home("", "");
    std::fs::write(&paths.config, b"# fine\ntheme = \"\xff\"\n").unwrap();
    assert_eq!(
        mistakes(Config::load(&paths)),
        "config.toml:2 : expected UTF-8 text"
    );
}

#[test]
fn profiles_are_found_by_domain_then_by_tenant() {
    let file = data("valid").pop().unwrap();
    let (_home, paths) = home(&std::fs::read_to_string(file).unwrap(), "");
    let config = Config::load(&paths).unwrap();
    let found = |email: &str| {
        let found = config.profiles_for(&Address::bare(email));
        found.map(|(sign_in, servers)| (sign_in.name.clone(), servers.is_some()))
    };
    assert_eq!(found("x@CONTOSO.EXAMPLE"), Some(("contoso".into(), true)));
    assert_eq!(found("x@contoso.com"), Some(("contoso".into(), true)));
    assert_eq!(found("x@sub.contoso.com"), None);
    assert_eq!(found("x"), None);
}

#[test]
fn the_line_of_a_key_is_found_in_either_file() {
    let (_home, paths) = home("[keys]\narchive = \"e\"\n", "[keys]\n\ndelete = \"d\"\n");
    assert_eq!(
        place_of(&paths, &["keys", "archive"]),
        Some((paths.config.clone(), 2))
    );
    assert_eq!(
        place_of(&paths, &["keys", "delete"]),
        Some((paths.system_config.clone(), 3))
    );
    assert_eq!(place_of(&paths, &["keys", "move"]), None);
}

/// Pieces that look enough like settings to get past the first checks.
fn pieces() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "[a-z_.\\[\\]\"= {},#\u{1b}é-]{0,24}",
        "\\[(sign_in|servers|account|vault|keys)\\.?[a-c\"]{0,3}\\]",
        "(provider|address|incoming|servers|additional_users|scopes|kind|port) = (\"[ -~]{0,12}\"|[0-9-]{1,20}|true|\\[\"a@b.c\", 1\\]|\\{host=\"h\"\\}|1979-05-27)",
    ];
    proptest::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_loading_stop_the_program(text in pieces(), bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let paths = Paths::under(Path::new("/nowhere"));
        for input in [text.as_bytes(), bytes.as_slice()] {
            if let Err(ConfigError::Mistakes(mistakes)) = Config::check(&paths, input) {
                prop_assert!(!mistakes.is_empty());
                prop_assert!(mistakes.iter().all(|mistake| !mistake.message.contains(char::is_control)));
            }
        }
    }
}
