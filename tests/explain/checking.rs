//! `check` as a person runs it, with a fault in each of its steps: which line fails, what it says, and the exit code.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use pillarbox::config::{Config, Paths};
use pillarbox::demo::{Endpoint, Tenant, Trouble};
use pillarbox::engine::{DeviceProgress, Engine, Options, SignInEvent, Unlock};
use serde_json::Value;

use crate::doors::Authorities;
use crate::home::{short_tenant, tenant};
use crate::scripted::{Door, Entry, Place, Said, Server, certificate};

const QUIET: Said = Said {
    place: Place::Never,
    text: "",
};

/// A home whose account is at servers of one's choice.
struct Home {
    folder: tempfile::TempDir,
    engine: Engine,
}

/// What differs from one home to the next.
struct Plan<'a> {
    /// Trusted by the account's servers, PEM.
    ca: &'a str,
    incoming: String,
    outgoing: String,
    /// Method and application, if another one than a person's device code.
    sign_in: Option<String>,
}

impl<'a> Plan<'a> {
    fn at(incoming: &Server, outgoing: &Server) -> Plan<'a> {
        Plan {
            ca: certificate(),
            incoming: place(("imap", "localhost", incoming.port), "implicit"),
            outgoing: place(("smtp", "localhost", outgoing.port), "implicit"),
            sign_in: None,
        }
    }
}

fn place((protocol, host, port): (&str, &str, u16), tls: &str) -> String {
    format!("{{ protocol = {protocol:?}, host = {host:?}, port = {port}, tls = {tls:?} }}")
}

impl Home {
    async fn new(tenant: &Tenant, plan: Plan<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, plan.ca).unwrap();
        let incoming = plan.incoming;
        let person = format!(
            "method = \"device-code\"\nclient_id = {:?}",
            tenant.client_id
        );
        let sign_in = plan.sign_in.unwrap_or(person);
        let outgoing = match plan.outgoing.as_str() {
            "" => String::new(),
            place => format!("outgoing = {place}"),
        };
        let text = format!(
            "[sign_in.one]\nprovider = \"custom\"\n{sign_in}\n\
             authority = {:?}\nca_file = {:?}\n\
             [servers.one]\nca_file = {ca_file:?}\nincoming = {incoming}\n{outgoing}\n\
             [account.work]\naddress = {:?}\nsign_in = \"one\"\nservers = \"one\"\n\
             [vault]\nkind = \"file\"\nkey_file = {:?}\n",
            tenant.authority,
            tenant.ca_file,
            tenant.user,
            folder.path().join("key"),
        );
        let paths = Paths::under(folder.path());
        paths.prepare().unwrap();
        std::fs::write(&paths.config, text).unwrap();
        paths.prepare().unwrap();
        let engine = Engine::start(Options {
            config: Config::load(&paths).unwrap(),
            paths,
            unlock: Unlock::Unattended,
            background: false,
        });
        Self {
            engine: engine.await.unwrap(),
            folder,
        }
    }

    async fn sign_in(&self, tenant: &Tenant) {
        let mut sign_in = self.engine.sign_in("work").await.unwrap();
        while let Some(event) = sign_in.events.recv().await {
            match event {
                SignInEvent::Device(DeviceProgress::Code(code)) => {
                    let control = tenant.control();
                    assert!(control.approve_as(&code.user_code, &tenant.user));
                }
                SignInEvent::Failed(error) => panic!("{error:?}"),
                _ => {}
            }
        }
    }

    /// Runs `check`; returns its lines and whether it says that all is well.
    fn check(&self, more: &[&str]) -> (Vec<Value>, bool) {
        let (text, is_well) = run(self.folder.path(), more, true);
        let lines: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        (lines.as_array().unwrap().clone(), is_well)
    }
}

fn run(home: &Path, more: &[&str], is_json: bool) -> (String, bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pillarbox"));
    command.args(["check", "work"]).args(more);
    if is_json {
        command.arg("--json");
    }
    let ended = command.env("PILLARBOX_HOME", home);
    let ended = tokio::task::block_in_place(|| ended.output().unwrap());
    let code = ended.status.code();
    assert!(matches!(code, Some(0 | 1)), "{ended:?}");
    let text = String::from_utf8_lossy(&ended.stdout).into_owned();
    (text, code == Some(0))
}

/// What the one line that fails says.
struct Wanted<'a> {
    step: &'a str,
    /// The title, or a cause, of the notice.
    said: &'a str,
    who: &'a str,
    /// The beginning of the line to copy.
    copy: &'a str,
}

fn check(what: &str, (lines, is_well): &(Vec<Value>, bool), wanted: &Wanted<'_>) {
    let failed: Vec<&Value> = lines.iter().filter(|line| line["ok"] == false).collect();
    let [line] = failed.as_slice() else {
        panic!("{what}: one line has to fail, not {failed:#?} of {lines:#?}");
    };
    let notice = &line["notice"];
    assert_eq!(line["step"], wanted.step, "{what}: {line:#}");
    let causes = notice["cause"].as_array().unwrap();
    let is_said = |text: &Value| text.as_str().unwrap().contains(wanted.said);
    assert!(
        is_said(&notice["title"]) || causes.iter().any(is_said),
        "{what}: {line:#}"
    );
    assert_eq!(notice["who"], wanted.who, "{what}: {line:#}");
    let copy = notice["copy"].as_str().unwrap();
    assert!(
        copy.starts_with(wanted.copy) && copy.is_empty() == wanted.copy.is_empty(),
        "{what}: {line:#}"
    );
    // No place is left for somebody else to fill in.
    for place in ["MAILBOX", "IDENTITY", "ACCOUNT", "CLIENT_ID"] {
        assert!(!copy.contains(place), "{what}: {copy}");
    }
    assert!(
        !notice["remedy"].as_array().unwrap().is_empty(),
        "{what}: {line:#}"
    );
    assert!(!is_well, "{what}: the exit code says that all is well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hinders_a_connection_is_told_at_its_step() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = tenant(folder.path()).await;
    let (imap, smtp) = (Server::imap(QUIET).await, Server::smtp(QUIET).await);
    let authorities = Authorities::new();
    let door = |days, entry| authorities.door(&["localhost"], days, entry);
    let old = Server::imap_behind(door(-30, Entry::Tls), QUIET).await;
    let bare = Server::imap_behind(door(300, Entry::Plain), QUIET).await;
    let bare_smtp = Server::smtp_behind(door(300, Entry::Plain), QUIET).await;
    let other_smtp = Server::smtp_behind(door(300, Entry::StartTls), QUIET).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = closed.local_addr().unwrap().port();
    drop(closed);
    let look = "openssl s_client -connect";
    let incoming = |host: &str, port: u16, tls: &str| (true, place(("imap", host, port), tls));
    let outgoing = |host: &str, port: u16, tls: &str| (false, place(("smtp", host, port), tls));
    let usual = certificate();
    #[rustfmt::skip]
    let rows: &[(&str, (bool, String), &str, Wanted<'_>)] = &[
        ("a name nobody knows", incoming("no-such-host.invalid", 993, "implicit"), usual,
            Wanted { step: "resolve", said: "The name no-such-host.invalid has no address", who: "you", copy: "" }),
        ("a closed port", incoming("localhost", nowhere, "implicit"), usual,
            Wanted { step: "tcp", said: "Nothing listens on that port", who: "you", copy: "" }),
        ("an authority nobody trusts", incoming("localhost", imap.port, "implicit"), &authorities.pem,
            Wanted { step: "tls", said: "Nobody this machine trusts has signed", who: "you", copy: look }),
        ("another name", incoming("127.0.0.1", imap.port, "implicit"), usual,
            Wanted { step: "tls", said: "is for another name than 127.0.0.1", who: "you", copy: look }),
        ("an old certificate", incoming("localhost", old.port, "implicit"), &authorities.pem,
            Wanted { step: "tls", said: "has expired", who: "provider", copy: look }),
        ("TLS where there is none", incoming("localhost", bare.port, "implicit"), usual,
            Wanted { step: "tls", said: "does not begin with TLS on this port", who: "you", copy: "" }),
        ("STARTTLS where there is none", incoming("localhost", bare.port, "starttls"), usual,
            Wanted { step: "tls", said: "does not offer STARTTLS on this port", who: "you", copy: "" }),
        ("sending: a name nobody knows", outgoing("no-such-host.invalid", 587, "starttls"), usual,
            Wanted { step: "send-tls", said: "The name no-such-host.invalid has no address", who: "you", copy: "" }),
        ("sending: a closed port", outgoing("localhost", nowhere, "starttls"), usual,
            Wanted { step: "send-tls", said: "Nothing listens on that port", who: "you", copy: "" }),
        ("sending: an authority nobody trusts", outgoing("localhost", other_smtp.port, "starttls"), usual,
            Wanted { step: "send-tls", said: "Nobody this machine trusts has signed", who: "you", copy: look }),
        ("sending: STARTTLS where there is none", outgoing("localhost", bare_smtp.port, "starttls"), usual,
            Wanted { step: "send-tls", said: "does not offer STARTTLS on this port", who: "you", copy: "" }),
    ];
    for (what, (is_incoming, server), ca, wanted) in rows {
        let mut plan = Plan::at(&imap, &smtp);
        plan.ca = ca;
        if *is_incoming {
            plan.incoming.clone_from(server);
            // What is not looked at cannot fail.
            plan.outgoing.clear();
        } else {
            plan.outgoing.clone_from(server);
        }
        let home = Home::new(&tenant, plan).await;
        home.sign_in(&tenant).await;
        check(what, &home.check(&[]), wanted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_refuses_is_told_at_its_step() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = tenant(folder.path()).await;
    let user = tenant.user.clone();
    let imap = |place, text| (true, Said { place, text });
    let smtp = |place, text| (false, Said { place, text });
    let grant = format!("Get-CASMailbox {user}");
    let send_as = format!("Add-RecipientPermission {user} -AccessRights SendAs");
    let for_mailbox = format!("Set-CASMailbox {user}");
    let exchange = "exchange-administrator";
    #[rustfmt::skip]
    let rows: &[((bool, Said), &[&str], Wanted<'_>)] = &[
        (imap(Place::SignIn, "NO AUTHENTICATE failed."), &[],
            Wanted { step: "login", said: "The server does not accept the token", who: "you", copy: &grant }),
        (imap(Place::List, "BAD User is authenticated but not connected."), &[],
            Wanted { step: "login", said: "is signed in, but localhost does not open the mailbox", who: exchange, copy: &grant }),
        (imap(Place::Challenge, r#"{"status":"403","schemes":"bearer"}"#), &[],
            Wanted { step: "login", said: "The token does not cover mail", who: "you", copy: "" }),
        (smtp(Place::SignIn, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."), &[],
            Wanted { step: "send", said: "switched off for the whole tenant", who: exchange, copy: &for_mailbox }),
        (smtp(Place::SignIn, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."), &[],
            Wanted { step: "send", said: "switched off for this mailbox", who: exchange, copy: &for_mailbox }),
        (smtp(Place::Sender, "550 5.7.60 SMTP; Client does not have permissions to send as this sender"), &[],
            Wanted { step: "sender", said: "may not send as", who: exchange, copy: &send_as }),
        (smtp(Place::Taken, "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message"), &["--send-test"],
            Wanted { step: "delivery", said: "may not send as", who: exchange, copy: &send_as }),
    ];
    for ((is_incoming, said), more, wanted) in rows {
        let (incoming, outgoing) = if *is_incoming {
            (*said, QUIET)
        } else {
            (QUIET, *said)
        };
        let (imap, smtp) = (Server::imap(incoming).await, Server::smtp(outgoing).await);
        let home = Home::new(&tenant, Plan::at(&imap, &smtp)).await;
        home.sign_in(&tenant).await;
        check(said.text, &home.check(more), wanted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_the_sign_in_is_told_at_its_step() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = short_tenant(folder.path(), Duration::from_secs(2)).await;
    let (imap, smtp) = (Server::imap(QUIET).await, Server::smtp(QUIET).await);
    let home = Home::new(&tenant, Plan::at(&imap, &smtp)).await;
    let never = Wanted {
        step: "token",
        said: "Nobody has signed in to this account yet",
        who: "you",
        copy: "",
    };
    check("never signed in", &home.check(&[]), &never);
    home.sign_in(&tenant).await;
    #[rustfmt::skip]
    let rows = [
        (50_173, "The sign-in was ended", "you", "https://login.microsoftonline.com/error?code=50173"),
        (65_001, "An administrator has to approve the app first", "tenant-administrator", "pillarbox admin consent-url work"),
        (7_000_218, "The app is not allowed to sign in without a secret", "tenant-administrator", "az ad app update --id"),
        (50_076, "A second factor is needed", "you", "https://login.microsoftonline.com/error?code=50076"),
    ];
    for (number, said, who, copy) in rows {
        // The token has to be over, so that it is renewed.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let control = tenant.control();
        control.trouble(Endpoint::Token, Trouble::Aadsts(number));
        let step = "token";
        let wanted = Wanted {
            step,
            said,
            who,
            copy,
        };
        check(&number.to_string(), &home.check(&[]), &wanted);
        let (text, _) = run(home.folder.path(), &[], false);
        assert!(text.contains("ok    "), "well again: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_over_is_told_and_a_near_end_is_only_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = tenant(folder.path()).await;
    let (imap, smtp) = (Server::imap(QUIET).await, Server::smtp(QUIET).await);
    let apps = &tenant.apps;
    let app = apps.iter().find(|app| app.key == "daemon-secret").unwrap();
    let home = async |day: jiff::civil::Date| {
        let sign_in = format!(
            "method = \"client-secret\"\nclient_id = {:?}\nsecret_expires = \"{day}\"\n\
             scopes = [\"https://outlook.office365.com/.default\"]",
            app.client_id
        );
        let plan = Plan {
            sign_in: Some(sign_in),
            outgoing: String::new(),
            ..Plan::at(&imap, &smtp)
        };
        let home = Home::new(&tenant, plan).await;
        let secret = std::fs::read_to_string(app.secret_file.as_ref().unwrap()).unwrap();
        let kept = home.engine.set_client_secret("one", secret.into()).await;
        kept.unwrap();
        home.check(&[])
    };
    let wanted = Wanted {
        step: "expiry",
        said: "The secret of the sign-in profile one ended on 2026-01-01",
        who: "tenant-administrator",
        copy: "pillarbox admin guide work",
    };
    let gone = home(jiff::civil::date(2026, 1, 1)).await;
    check("a day long gone", &gone, &wanted);
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    for (days, is_warned) in [(20, true), (200, false)] {
        let day = today.saturating_add(days.days());
        let (lines, is_well) = home(day).await;
        assert!(is_well, "{lines:#?}");
        let warning = line(&lines, "expiry")["warning"].clone();
        let expected = format!("make a new secret before {day}");
        assert_eq!(warning == expected.as_str(), is_warned, "{warning}");
    }
}

/// Returns the line of a step.
fn line<'l>(lines: &'l [Value], step: &str) -> &'l Value {
    let found = lines.iter().find(|line| line["step"] == step);
    found.unwrap_or_else(|| panic!("no {step} in {lines:#?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tls_of_both_servers_is_told_whole_and_a_near_end_is_warned_about() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = tenant(folder.path()).await;
    let authorities = Authorities::new();
    let names = ["mail.x.test", "localhost"];
    for (entry, mode, version) in [
        (Entry::Tls, "implicit", "TLS 1.3,"),
        (Entry::StartTls, "starttls", "TLS 1.3 by STARTTLS,"),
    ] {
        for days in [13, 15] {
            let door = || -> Door { authorities.door(&names, days, entry) };
            let imap = Server::imap_behind(door(), QUIET).await;
            let smtp = Server::smtp_behind(door(), QUIET).await;
            let plan = Plan {
                ca: &authorities.pem,
                incoming: place(("imap", "localhost", imap.port), mode),
                outgoing: place(("smtp", "localhost", smtp.port), mode),
                sign_in: None,
            };
            let home = Home::new(&tenant, plan).await;
            home.sign_in(&tenant).await;
            let (lines, is_well) = home.check(&[]);
            assert!(is_well, "{lines:#?}");
            for step in ["tls", "send-tls"] {
                let line = line(&lines, step);
                let expected = format!(
                    "{version} name localhost, {days} days left, chain mail.harbour < Harbour Middle < Harbour Root"
                );
                assert_eq!(line["detail"], expected, "{step} {mode}");
                let warning = line["warning"].as_str().unwrap_or_default();
                assert_eq!(warning.contains("ends in 13 days"), days == 13, "{line:#}");
            }
        }
    }
}
