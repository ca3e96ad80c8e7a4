//! Shared profiles: changed for all who use them, the system's file left alone.

use super::*;

const SHARED: &str = r#"# ours
[sign_in.contoso] # everybody's
provider = "microsoft365"
tenant = "contoso.com" # by id one day
client_id = "app"

# theirs
[sign_in.spare]
provider = "microsoft365"
client_id = "spare"

[servers.contoso]
incoming = { protocol = "imap", host = "outlook.office365.com" } # in

[servers.spare]
incoming = { protocol = "imap", host = "mail.example.org" }

[account.one]
address = "one@contoso.com"
sign_in = "contoso" # as everybody
servers = "contoso"

[account.two]
address = "two@contoso.com"
sign_in = "contoso"
servers = "contoso"
"#;

#[test]
fn a_saved_profile_changes_every_account_that_uses_it_and_only_its_keys() {
    let (_home, paths) = home(SHARED, "");
    let mut profile = Config::load(&paths).unwrap().sign_in["contoso"].clone();
    save_sign_in(&paths, &profile).unwrap();
    assert_eq!(
        text(&paths),
        SHARED,
        "nothing changed, so nothing is written"
    );
    profile.tenant = "contoso.example".into();
    profile.secret_expires = "2027-05-31".parse().ok();
    save_sign_in(&paths, &profile).unwrap();
    let expected = SHARED
        .replace("\"contoso.com\" # by", "\"contoso.example\" # by")
        .replace("\"app\"\n", "\"app\"\nsecret_expires = \"2027-05-31\"\n");
    assert_eq!(text(&paths), expected);
    let config = Config::load(&paths).unwrap();
    assert!(
        config
            .accounts
            .iter()
            .all(|account| account.sign_in == profile)
    );

    let mut servers = config.servers["contoso"].clone();
    servers.incoming.host = "imap.contoso.com".into();
    save_servers(&paths, &servers).unwrap();
    assert!(text(&paths).contains("host = \"imap.contoso.com\""));
    assert!(text(&paths).contains(" } # in"), "{}", text(&paths));
    assert_eq!(Config::load(&paths).unwrap().accounts[1].servers, servers);
}

#[test]
fn a_new_profile_is_added_at_the_end_of_its_kind() {
    let (_home, paths) = home(SHARED, "");
    let mut profile = Config::load(&paths).unwrap().sign_in["spare"].clone();
    profile.name = "third".into();
    save_sign_in(&paths, &profile).unwrap();
    assert_eq!(Config::load(&paths).unwrap().sign_in["third"], profile);
}

#[test]
fn a_profile_of_the_system_is_overridden_in_the_users_file() {
    let (_home, paths) = home("# mine\n", SHARED);
    let mut profile = Config::load(&paths).unwrap().sign_in["contoso"].clone();
    profile.tenant = "contoso.example".into();
    save_sign_in(&paths, &profile).unwrap();
    let own = text(&paths);
    assert!(own.contains("tenant = \"contoso.example\""), "{own}");
    assert!(!own.contains("client_id"), "only what differs: {own}");
    assert_eq!(
        std::fs::read_to_string(&paths.system_config).unwrap(),
        SHARED
    );
    assert_eq!(Config::load(&paths).unwrap().sign_in["contoso"], profile);
}

#[test]
fn a_key_of_the_systems_file_cannot_be_left_out_and_that_is_said() {
    let system = SHARED.replace(
        "client_id = \"app\"\n",
        "client_id = \"app\"\nscopes = \"openid\"\n",
    );
    let (_home, paths) = home("", &system);
    let mut profile = Config::load(&paths).unwrap().sign_in["contoso"].clone();
    profile.scopes.clear();
    let error = save_sign_in(&paths, &profile).unwrap_err();
    let ConfigError::Mistakes(mistakes) = error else {
        panic!("{error:?}");
    };
    assert_eq!(mistakes[0].key, "sign_in.contoso.scopes");
    assert_eq!(
        (mistakes[0].line, &mistakes[0].file),
        (6, &paths.system_config)
    );
    assert_eq!(text(&paths), "");
}

#[test]
fn a_profile_that_could_not_be_read_back_is_not_written() {
    let (_home, paths) = home(SHARED, "");
    let mut profile = Config::load(&paths).unwrap().sign_in["contoso"].clone();
    profile.method = Method::ClientCertificate;
    let error = save_sign_in(&paths, &profile).unwrap_err();
    assert!(matches!(error, ConfigError::Mistakes(_)), "{error:?}");
    assert_eq!(text(&paths), SHARED);
}

#[test]
fn only_unused_profiles_are_removed_or_renamed() {
    let (_home, paths) = home(SHARED, "");
    let error = remove_sign_in(&paths, "contoso").unwrap_err();
    assert!(
        matches!(&error, ConfigError::ProfileInUse { accounts, .. } if *accounts == ["one", "two"]),
        "{error:?}"
    );
    let error = rename_servers(&paths, "contoso", "x").unwrap_err();
    assert!(matches!(error, ConfigError::ProfileInUse { .. }));
    let error = rename_sign_in(&paths, "spare", "contoso").unwrap_err();
    assert!(matches!(&error, ConfigError::NameTaken(name) if name == "contoso"));
    let error = remove_servers(&paths, "nobody").unwrap_err();
    assert!(matches!(&error, ConfigError::NoSuchProfile(name) if name == "nobody"));

    rename_sign_in(&paths, "spare", "third").unwrap();
    assert_eq!(
        text(&paths),
        SHARED.replace("[sign_in.spare]", "[sign_in.third]")
    );
    remove_sign_in(&paths, "third").unwrap();
    remove_servers(&paths, "spare").unwrap();
    let config = Config::load(&paths).unwrap();
    assert_eq!((config.sign_in.len(), config.servers.len()), (1, 1));
}

#[test]
fn a_profile_of_the_system_is_not_removed() {
    let (_home, paths) = home("", SHARED);
    let error = remove_sign_in(&paths, "spare").unwrap_err();
    assert!(
        matches!(&error, ConfigError::Mistakes(mistakes) if mistakes[0].file == paths.system_config),
        "{error:?}"
    );
}

#[test]
fn a_duplicate_has_the_same_profiles_and_its_own_name() {
    let (_home, paths) = home(SHARED, "");
    let copy = duplicate_account(&paths, "one", "three").unwrap();
    let config = Config::load(&paths).unwrap();
    assert_eq!(config.accounts.last(), Some(&copy));
    assert_eq!(copy.sign_in, config.accounts[0].sign_in);
    assert_eq!(
        (copy.name.as_str(), copy.address.email.as_str()),
        ("three", "one@contoso.com")
    );
    assert!(matches!(
        duplicate_account(&paths, "one", "two"),
        Err(ConfigError::NameTaken(_))
    ));
    assert!(matches!(
        duplicate_account(&paths, "x", "y"),
        Err(ConfigError::NoSuchAccount(_))
    ));
}
