//! Flags over accounts, and what is asked about foreign servers.

use clap::Parser;

use super::*;
use crate::cli::args::{Cli, Command};
use crate::config::Config;
use crate::engine::{Candidate, Origin};
use crate::model::{
    ClientKind, IncomingProtocol, IncomingServer, Method, OutgoingProtocol, OutgoingServer,
    Provider, ServerProfile, SignInProfile, TlsMode,
};

const HOST: &str = "mail.evil.example";

fn parsed(flags: &[&str]) -> Box<args::Add> {
    let line = ["pillarbox", "account", "add"];
    let line = line.into_iter().chain(flags.iter().copied());
    let Some(Command::Account(Account::Add(args))) = Cli::parse_from(line).command else {
        panic!("not account add")
    };
    args
}

fn account() -> crate::model::Account {
    let sign_in = SignInProfile::new("x", Provider::Microsoft365, Method::Password);
    crate::model::Account {
        name: "x".into(),
        address: crate::model::Address::bare("a@contoso.com"),
        send_sign_in: sign_in.clone(),
        sign_in,
        login: None,
        servers: ServerProfile {
            name: "x".into(),
            incoming: IncomingServer {
                protocol: IncomingProtocol::Imap,
                host: HOST.to_owned(),
                port: 993,
                tls: TlsMode::Implicit,
                path: None,
            },
            outgoing: Some(OutgoingServer {
                protocol: OutgoingProtocol::Smtp,
                host: HOST.to_owned(),
                port: 465,
                tls: TlsMode::Implicit,
                path: None,
            }),
            ca_file: None,
            files_sent_copy: None,
            fallback: None,
        },
        additional_users: Vec::new(),
        on_behalf: Vec::new(),
    }
}

fn consent(flags: &[&str], needs_consent: Option<&str>) -> bool {
    let candidate = Candidate {
        account: account(),
        sign_in_origin: Origin::Autoconfig,
        servers_origin: Origin::Autoconfig,
        missing: Vec::new(),
        needs_consent: needs_consent.map(str::to_owned),
        stands_for_ews: None,
        alternatives: Vec::new(),
    };
    ask::consent(&parsed(flags), &candidate).is_ok()
}

/// The account after flags, or what was said against them.
fn applied(flags: &[&str]) -> Result<crate::model::Account, String> {
    let mut account = account();
    let flags = parsed(flags).flags;
    apply::refuse_clashes(&flags)
        .and_then(|()| apply::refuse_vague_secret(&flags))
        .and_then(|()| apply::all(&flags, &Config::default(), &mut account))
        .map_err(|error| error.to_string())?;
    Ok(account)
}

#[test]
fn without_a_terminal_a_foreign_server_is_taken_only_when_it_was_given() {
    assert!(consent(&[], None));
    assert!(!consent(&[], Some("evil.example")));
    let (imap, smtp) = (
        "--imap=mail.evil.example:993",
        "--smtp=mail.evil.example:465",
    );
    assert!(!consent(&[imap], Some("evil.example")));
    assert!(!consent(&[smtp], Some("evil.example")));
    assert!(consent(&[imap, smtp], Some("evil.example")));
}

#[test]
fn servers_are_host_and_port() {
    assert_eq!(
        apply::reader("imap")("mail.example.com:993", "--imap").unwrap(),
        ("mail.example.com".to_owned(), 993, None)
    );
    for wrong in [
        "mail.example.com",
        ":993",
        "mail:0",
        "mail:99999",
        "mail:imap",
    ] {
        assert!(apply::reader("imap")(wrong, "--imap").is_err(), "{wrong}");
    }
    let ews = apply::reader("ews");
    assert_eq!(
        ews("https://proxy.example.com/Mail/ews", "--imap").unwrap(),
        (
            "proxy.example.com".to_owned(),
            443,
            Some("/Mail/ews".to_owned())
        )
    );
    assert!(ews("http://proxy.example.com/Mail/ews", "--imap").is_err());
    assert!(ews("proxy.example.com", "--imap").is_err());
}

#[test]
fn the_method_follows_from_what_is_given() {
    let check = |flags: &[&str], method: Method, client: ClientKind| {
        let profile = applied(flags).unwrap().sign_in;
        assert_eq!(
            (profile.method, profile.client),
            (method, client),
            "{flags:?}"
        );
    };
    check(&[], Method::Password, ClientKind::Public);
    check(&["--client-id=1"], Method::DeviceCode, ClientKind::Public);
    check(
        &["--client-id=1", "--certificate=c.pem"],
        Method::ClientCertificate,
        ClientKind::Public,
    );
    check(
        &["--method=browser", "--secret-stdin"],
        Method::Browser,
        ClientKind::Confidential,
    );
    check(
        &["--method=client-secret", "--secret-stdin"],
        Method::ClientSecret,
        ClientKind::Public,
    );
}

#[test]
fn sending_follows_reading_unless_it_has_its_own_way() {
    let account = applied(&["--method=browser"]).unwrap();
    assert_eq!(account.send_sign_in, account.sign_in);
    let account = applied(&["--method=browser", "--send-method=password"]).unwrap();
    assert_eq!(account.send_sign_in.method, Method::Password);
    assert_eq!(account.sign_in.method, Method::Browser);
    let account = applied(&["--send-method=same"]).unwrap();
    assert_eq!(account.send_sign_in, account.sign_in);
}

#[test]
fn an_empty_value_takes_a_setting_out() {
    let account = applied(&["--redirect-uri=", "--smtp=", "--scopes=", "--login="]).unwrap();
    assert_eq!(account.sign_in.redirect_uri, None);
    assert_eq!(account.servers.outgoing, None);
    assert!(account.sign_in.scopes.is_empty() && account.login.is_none());
}

#[test]
fn mistakes_name_their_flag() {
    let check = |flags: &[&str], part: &str| {
        let said = applied(flags).unwrap_err();
        assert!(said.contains(part), "{flags:?}: {said}");
    };
    check(&["--secret-expires=31.5.2027"], "--secret-expires");
    check(&["--additional-users=a@x.com; b"], "--additional-users");
    check(&["--on-behalf=nobody"], "--on-behalf");
    check(&["--secret-stdin"], "--method");
    check(&["--profile=a", "--tenant=b"], "--profile");
    check(&["--profile=nowhere"], "nowhere");
    check(&["--servers=nowhere"], "nowhere");
    check(&["--send-sign-in=nowhere"], "nowhere");
}
