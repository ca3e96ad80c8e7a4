//! Our own edits, which must leave the rest of a file alone.

use super::*;

#[test]
fn a_saved_account_reads_back_the_same() {
    let (_home, paths) = home("", "");
    let account = work_account();
    save_account(&paths, &account).unwrap();
    assert_eq!(Config::load(&paths).unwrap().accounts, vec![account]);
    insta::assert_snapshot!(text(&paths), @r#"
    # Made together with an account; goes with the last one that uses it.
    [sign_in.contoso]
    provider = "microsoft365"
    method = "device-code"
    tenant = "contoso.com"
    client_id = "app"

    # Made together with an account; goes with the last one that uses it.
    [servers.contoso]
    incoming = { protocol = "imap", host = "outlook.office365.com", port = 993, tls = "implicit" }
    outgoing = { protocol = "smtp", host = "smtp.office365.com", port = 587, tls = "starttls" }

    [account.work]
    address = "alice@contoso.com"
    name = "Alice"
    sign_in = "contoso"
    servers = "contoso"
    additional_users = "sales@contoso.com"
    "#);
}

#[test]
fn comments_order_and_notation_survive_our_edits() {
    let before = r#"# Our house rules:
# ask Jo before changing anything.

[account.work]   # the day job
servers = "contoso" # shared
# who I am
address = 'alice@contoso.com'
sign_in="contoso"
additional_users = [
    "sales@contoso.com", # loud
    # quiet
    "desk@contoso.com",
]

[servers.contoso]
# typed by hand
incoming = { host = "outlook.office365.com", protocol = "imap", port = 993, tls = "implicit" } # in
outgoing.protocol = "smtp"
outgoing.host = "smtp.office365.com"

# profiles
[sign_in.contoso]
client_id = "app"
tenant = "contoso.com"
provider = "microsoft365"
# the end
"#;
    let (_home, paths) = home(before, "");
    let mut account = Config::load(&paths).unwrap().accounts.remove(0);
    save_account(&paths, &account).unwrap();
    assert_eq!(
        text(&paths),
        before,
        "nothing changed, so nothing is written"
    );

    account.address.email = "alice.example@contoso.com".into();
    account.servers.incoming.port = 1993;
    account.sign_in.tenant = "common".into();
    account.send_sign_in = account.sign_in.clone();
    account.additional_users.remove(1);
    account
        .additional_users
        .push(Address::bare("new@contoso.com"));
    save_account(&paths, &account).unwrap();
    let expected = before
        .replace("'alice@contoso.com'", "\"alice.example@contoso.com\"")
        .replace("port = 993", "port = 1993")
        .replace("tenant = \"contoso.com\"", "tenant = \"common\"")
        .replace(
            "    # quiet\n    \"desk@contoso.com\",\n",
            "    \"new@contoso.com\",\n",
        );
    assert_eq!(text(&paths), expected);
    assert_eq!(Config::load(&paths).unwrap().accounts, vec![account]);
}

#[test]
fn a_comment_that_was_the_whole_file_stays_on_top() {
    let (_home, paths) = home("# hands off\n", "");
    save_account(&paths, &work_account()).unwrap();
    assert!(
        text(&paths).starts_with("# hands off\n\n"),
        "{}",
        text(&paths)
    );
}

#[test]
fn profiles_of_the_system_file_are_used_not_copied() {
    let (_other, ours) = home("", "");
    save_account(&ours, &work_account()).unwrap();
    let system = text(&ours);
    let profiles = system.split("[account.work]").next().unwrap();
    let (_home, paths) = home("", profiles);
    save_account(&paths, &work_account()).unwrap();
    assert!(!text(&paths).contains("client_id"), "{}", text(&paths));
    assert_eq!(Config::load(&paths).unwrap().accounts, vec![work_account()]);
}

#[test]
fn a_profile_others_use_is_not_changed_under_them() {
    let (_home, paths) = home("", "");
    save_account(&paths, &work_account()).unwrap();
    let mut other = work_account();
    other.name = "other".into();
    other.sign_in.client_id = "another app".into();
    other.send_sign_in = other.sign_in.clone();
    save_account(&paths, &other).unwrap();
    let config = Config::load(&paths).unwrap();
    assert_eq!(config.accounts[0], work_account());
    assert_eq!(config.accounts[1].sign_in.name, "contoso-2");
    assert_eq!(config.accounts[1].sign_in.client_id, "another app");
    assert_eq!(config.servers.len(), 1);
}

#[test]
fn a_removed_account_takes_only_our_own_unused_profiles_along() {
    let by_hand = "# mine\n\n[sign_in.hand]\nprovider = \"microsoft365\"\nclient_id = \"hand\"\n";
    let (_home, paths) = home(by_hand, "");
    let mut second = work_account();
    second.name = "second".into();
    second.send_sign_in = Config::load(&paths).unwrap().sign_in["hand"].clone();
    save_account(&paths, &work_account()).unwrap();
    save_account(&paths, &second).unwrap();
    remove_account(&paths, "work").unwrap();
    assert_eq!(Config::load(&paths).unwrap().accounts, vec![second]);
    remove_account(&paths, "second").unwrap();
    assert_eq!(text(&paths), by_hand);
    let error = remove_account(&paths, "second").unwrap_err();
    assert!(matches!(error, ConfigError::NoSuchAccount(name) if name == "second"));
}

#[test]
fn comments_that_stand_apart_survive_a_removal() {
    let mut account = work_account();
    let rest = "[vault]\nkind = \"file\"\n";
    let (_home, paths) = home(
        &format!(
            "# about this file\n\n# about the account\n[account.work]\naddress = \"a@contoso.com\"\nsign_in=\"s\"\nservers=\"s\"\n\n# the vault\n{rest}"
        ),
        "[sign_in.s]\nprovider=\"microsoft365\"\nclient_id=\"x\"\n[servers.s]\nincoming={protocol=\"imap\",host=\"h.example\"}\n",
    );
    remove_account(&paths, "work").unwrap();
    assert_eq!(
        text(&paths),
        format!("# about this file\n\n# the vault\n{rest}")
    );
    account.name = "later".into();
    save_account(&paths, &account).unwrap();
    assert!(text(&paths).starts_with("# about this file\n\n# the vault\n"));
}

#[test]
fn an_account_of_the_system_file_is_not_ours_to_remove() {
    let (_other, ours) = home("", "");
    save_account(&ours, &work_account()).unwrap();
    let (_home, paths) = home("", &text(&ours));
    let Err(ConfigError::Mistakes(found)) = remove_account(&paths, "work") else {
        panic!("expected a mistake");
    };
    assert_eq!(found[0].file, paths.system_config);
    assert!(found[0].line > 0);
}

#[test]
fn the_interface_keeps_its_comments() {
    let (_home, paths) = home(
        "[interface]\ntheme = \"dark\" # like it\n[keys]\nstar = \"s\"\nmove = \"m\"\n",
        "",
    );
    let mut interface = Config::load(&paths).unwrap().interface;
    interface.theme = "mono".into();
    interface.keys.remove("star");
    interface
        .keys
        .insert("archive".into(), vec!["e".into(), "E".into()]);
    save_interface(&paths, &interface).unwrap();
    let expected =
        "[interface]\ntheme = \"mono\" # like it\n[keys]\nmove = \"m\"\narchive = [\"e\", \"E\"]\n";
    assert_eq!(text(&paths), expected);
    assert_eq!(Config::load(&paths).unwrap().interface, interface);
}

#[test]
fn a_file_with_mistakes_is_never_rewritten() {
    let broken = "[vault]\nkind = \"atuo\"\n";
    let (_home, paths) = home(broken, "");
    let error = save_account(&paths, &work_account()).unwrap_err();
    assert!(matches!(error, ConfigError::Mistakes(_)));
    let mut nameless = work_account();
    nameless.address.email = "nobody".into();
    let (_home, paths) = home("", "");
    assert!(matches!(
        save_account(&paths, &nameless),
        Err(ConfigError::Mistakes(_))
    ));
    assert_eq!(
        text(&paths),
        "",
        "what could not be read back is not written"
    );
}

#[cfg(unix)]
#[test]
fn a_linked_file_stays_a_link_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let (home, paths) = home("", "");
    let real = home.path().join("dotfiles.toml");
    std::fs::rename(&paths.config, &real).unwrap();
    std::os::unix::fs::symlink(&real, &paths.config).unwrap();
    save_account(&paths, &work_account()).unwrap();
    assert!(
        std::fs::symlink_metadata(&paths.config)
            .unwrap()
            .is_symlink()
    );
    let mode = std::fs::metadata(&real).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(text(&paths).contains("[account.work]"));
}

#[test]
fn two_programs_that_save_at_once_both_get_through() {
    let (_home, paths) = home("", "");
    std::thread::scope(|scope| {
        for number in 0..4 {
            let paths = &paths;
            scope.spawn(move || {
                let mut account = work_account();
                account.name = format!("account {number}");
                save_account(paths, &account).unwrap();
            });
        }
    });
    assert_eq!(Config::load(&paths).unwrap().accounts.len(), 4);
}

/// The profile is the same whatever its name and whoever wrote it.
#[test]
fn a_profile_known_under_another_name_is_reused() {
    let (_home, paths) = home("", "");
    save_account(&paths, &work_account()).unwrap();
    let mut other = work_account();
    other.name = "other".into();
    let rename = |profile: &mut ServerProfile| profile.name = "elsewhere".into();
    rename(&mut other.servers);
    save_account(&paths, &other).unwrap();
    assert_eq!(
        Config::load(&paths).unwrap().accounts[1].servers.name,
        "contoso"
    );
}

/// What `[vault]` says after a change, and that nothing else is different.
#[track_caller]
fn check_vault_edit(before: &str, setting: &VaultSetting, expected: &str) {
    let (_home, paths) = home(before, "");
    let checked = check_vault(&paths, setting).unwrap();
    assert_eq!(text(&paths), before, "looking changes nothing");
    save_vault(&paths, setting).unwrap();
    assert_eq!(text(&paths), expected);
    assert_eq!(Config::load(&paths).unwrap().vault, checked);
}

#[test]
fn a_vault_that_moved_says_where_it_is_and_not_where_it_was() {
    let setting = |kind: &str| VaultSetting {
        kind: kind.to_owned(),
        ..VaultSetting::default()
    };
    check_vault_edit("", &setting("keyring"), "[vault]\nkind = \"keyring\"\n");
    check_vault_edit(
        "# mine\n[vault]\nkind = \"file\" # for now\nkey_file = \"/k\"\n",
        &setting("file"),
        "# mine\n[vault]\nkind = \"file\" # for now\n",
    );
    let programs = VaultSetting {
        read: Some("pass show {key}".to_owned()),
        write: Some("pass insert -mf {key}".to_owned()),
        remove: Some("pass rm -f {key}".to_owned()),
        ..setting("command")
    };
    check_vault_edit(
        "[vault]\nkind = \"keyring\"\n",
        &programs,
        "[vault]\nkind = \"command\"\nread = \"pass show {key}\"\nwrite = \"pass insert -mf {key}\"\n\
         remove = \"pass rm -f {key}\"\n",
    );
}

#[test]
fn a_vault_that_could_not_be_read_back_is_not_written() {
    let wrong = VaultSetting {
        kind: "command".to_owned(),
        ..VaultSetting::default()
    };
    let (_home, paths) = home("", "");
    assert!(save_vault(&paths, &wrong).is_err());
    assert_eq!(text(&paths), "");
    // A passphrase cannot be chosen where the system's file names a key.
    let (_home, paths) = home("", "[vault]\nkey_file = \"/k\"\n");
    let file = VaultSetting {
        kind: "file".to_owned(),
        ..VaultSetting::default()
    };
    assert!(check_vault(&paths, &file).is_err());
}
