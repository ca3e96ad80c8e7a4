//! The commands as other programs use them: the real binary, a fresh home, the demo tenant in this process.

#![cfg(test)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use pillarbox::demo::{Options, Tenant};
use serde_json::Value;

/// A fresh home with its own key file, so that no passphrase is ever asked for.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Self { folder };
        let key = home.path().join("vault.key");
        let vault = format!(
            "[vault]\nkind = \"file\"\nkey_file = \"{}\"\n",
            key.display()
        );
        let paths = pillarbox::config::Paths::under(home.path());
        paths.prepare().unwrap();
        std::fs::write(&paths.config, vault).unwrap();
        home
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pillarbox"));
        command
            .args(arguments)
            .env("PILLARBOX_HOME", self.path())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed and print one JSON value.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }

    /// Runs a command that must fail with `code` and returns what it said.
    fn fails(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    fn send(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    fn add_account(&self, tenant: &Tenant) {
        let imap = format!("localhost:{}", tenant.imap_port);
        let smtp = format!("localhost:{}", tenant.smtp_port);
        let users = tenant.shared.join("; ");
        let output = self.run(&[
            "account",
            "add",
            "--address",
            &tenant.user,
            "--name",
            "work",
            "--provider",
            "custom",
            "--authority",
            &tenant.authority,
            "--client-id",
            &tenant.client_id,
            "--imap",
            &imap,
            "--smtp",
            &smtp,
            "--smtp-tls",
            "starttls",
            "--imap-tls",
            "implicit",
            "--ca-file",
            &tenant.ca_file.to_string_lossy(),
            "--additional-users",
            &users,
        ]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Signs in as a person with another device would: reads the code, approves it.
    fn sign_in(&self, tenant: &Tenant) -> Value {
        let mut child = self
            .command(&["sign-in", "work", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let code: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(code["event"], "code");
        assert!(
            code["verification_uri"]
                .as_str()
                .unwrap()
                .starts_with("https://")
        );
        assert!(code["expires_in"].as_i64().unwrap() > 0);
        tenant
            .approve
            .send(code["user_code"].as_str().unwrap().to_owned())
            .unwrap();
        let outcome = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert!(child.wait().unwrap().success());
        outcome
    }
}

/// The tenant runs on its own runtime, so that the tests stay plain functions.
fn with_tenant(story: impl FnOnce(&Tenant)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        messages: 200,
        chatter: false,
        ..Options::new(folder.path())
    };
    let tenant = runtime.block_on(Tenant::start(options)).unwrap();
    story(&tenant);
}

fn texts(rows: &Value, field: &str) -> Vec<String> {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| row[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_day_of_mail_by_commands_alone() {
    with_tenant(|tenant| {
        let home = Home::new();
        home.add_account(tenant);
        let done = home.sign_in(tenant);
        assert_eq!(done["event"], "done");
        assert_eq!(done["identity"], tenant.user);

        let synced = home.json(&["sync", "--json"]);
        assert_eq!(synced.as_array().unwrap().len(), 1 + tenant.shared.len());
        assert!(
            synced
                .as_array()
                .unwrap()
                .iter()
                .all(|line| line["ok"] == true),
            "{synced}"
        );

        let folders = home.json(&["folders", &tenant.user, "--json"]);
        assert!(texts(&folders, "role").contains(&"inbox".to_owned()));

        let shared = &tenant.shared[0];
        let rows = home.json(&["list", shared, "--json", "--limit", "5"]);
        assert_eq!(rows.as_array().unwrap().len(), 5);
        let mut dates = texts(&rows, "date");
        let listed = dates.clone();
        dates.sort_by(|a, b| b.cmp(a));
        assert_eq!(listed, dates, "newest first");

        let id = rows[0]["id"].to_string();
        let shown = home.json(&["show", &id, "--json"]);
        assert_eq!(shown["subject"], rows[0]["subject"]);
        assert!(!shown["headers"].as_array().unwrap().is_empty());
        let raw = home.run(&["show", &id, "--raw"]);
        assert!(String::from_utf8_lossy(&raw.stdout).contains("Subject:"));

        assert!(home.run(&["mark", "starred", &id]).status.success());
        let starred = home.json(&["search", "is:starred", "--mailbox", shared, "--json"]);
        assert!(
            texts(&starred, "subject").contains(&rows[0]["subject"].as_str().unwrap().to_owned())
        );

        assert!(home.run(&["move", &id, "--to", "archive"]).status.success());
        let archived = home.json(&["list", shared, "--folder", "archive", "--json"]);
        assert!(
            archived
                .as_array()
                .unwrap()
                .iter()
                .any(|row| row["id"] == rows[0]["id"])
        );
    });
}

#[test]
fn a_message_sent_by_command_arrives_once_and_is_filed_once() {
    with_tenant(|tenant| {
        let home = Home::new();
        home.add_account(tenant);
        home.sign_in(tenant);
        let shared = &tenant.shared[0];
        let output = home.send(
            &[
                "send",
                "--from",
                &tenant.user,
                "--to",
                shared,
                "--subject",
                "From the command line",
                "--json",
            ],
            "Hello,\nthis is text.\n",
        );
        let sent: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(sent["state"], "accepted");
        assert_eq!(
            home.json(&["outbox", "list", "--json"])
                .as_array()
                .unwrap()
                .len(),
            0
        );
        home.json(&["sync", "--json"]);
        let count = |mailbox: &str, folder: &str| {
            let rows = home.json(&[
                "list", mailbox, "--folder", folder, "--json", "--limit", "20",
            ]);
            texts(&rows, "subject")
                .iter()
                .filter(|subject| *subject == "From the command line")
                .count()
        };
        assert_eq!(count(shared, "inbox"), 1);
        assert_eq!(count(&tenant.user, "sent"), 1);
    });
}

#[test]
fn a_refused_sender_is_explained_and_the_message_kept() {
    with_tenant(|tenant| {
        let home = Home::new();
        home.add_account(tenant);
        home.sign_in(tenant);
        let message = format!(
            "From: {}\r\nTo: {}\r\nSubject: no right\r\n\r\ntext\r\n",
            tenant.forbidden, tenant.user
        );
        let output = home.send(&["send", "--from", &tenant.user, "--json"], &message);
        // The mailbox sent from decides who the sender is; a foreign From inside the message is refused by the server.
        assert_eq!(
            output.status.code(),
            Some(1),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let kept = home.json(&["outbox", "list", "--json"]);
        assert_eq!(kept[0]["state"], "failed", "{kept}");
        assert!(!kept[0]["notice"]["title"].as_str().unwrap().is_empty());
        let id = kept[0]["outbox_id"].to_string();
        assert!(home.run(&["outbox", "cancel", &id]).status.success());
        assert_eq!(
            home.json(&["outbox", "list", "--json"])
                .as_array()
                .unwrap()
                .len(),
            0
        );
    });
}

#[test]
fn check_passes_on_a_good_account_and_names_what_is_wrong_on_a_bad_one() {
    with_tenant(|tenant| {
        let home = Home::new();
        home.add_account(tenant);
        home.sign_in(tenant);
        let lines = home.json(&["check", "--json"]);
        assert!(
            lines
                .as_array()
                .unwrap()
                .iter()
                .all(|line| line["ok"] == true),
            "{lines}"
        );
        let steps = texts(&lines, "step");
        for step in [
            "resolve", "tcp", "tls", "token", "login", "folders", "send-tls", "send",
        ] {
            assert!(
                steps.contains(&step.to_owned()),
                "{step} is missing in {steps:?}"
            );
        }
        assert!(
            home.run(&[
                "account",
                "edit",
                "work",
                "--additional-users",
                &tenant.forbidden
            ])
            .status
            .success()
        );
        let output = home.run(&["check", "--json"]);
        assert_eq!(output.status.code(), Some(1));
        let lines: Value = serde_json::from_slice(&output.stdout).unwrap();
        let failed = lines
            .as_array()
            .unwrap()
            .iter()
            .find(|line| line["ok"] == false)
            .unwrap();
        assert_eq!(failed["mailbox"], tenant.forbidden);
        assert!(
            failed["notice"]["copy"]
                .as_str()
                .unwrap()
                .contains("Add-MailboxPermission"),
            "{failed}"
        );
    });
}

#[test]
fn the_token_is_described_and_only_printed_when_asked_for() {
    with_tenant(|tenant| {
        let home = Home::new();
        home.add_account(tenant);
        home.sign_in(tenant);
        let facts = home.json(&["token", "work", "--json"]);
        assert_eq!(facts["identity"], tenant.user);
        assert_eq!(facts["has_refresh_token"], true);
        let printed = home.run(&["token", "work", "--print"]);
        let token = String::from_utf8(printed.stdout).unwrap().trim().to_owned();
        assert!(token.len() > 20);
        assert!(!facts.to_string().contains(&token));
        assert!(home.run(&["sign-out", "work"]).status.success());
        let said = home.fails(&["token", "work"], 3);
        assert!(said.contains("hint:"), "{said}");
    });
}

#[test]
fn no_secret_is_found_in_any_file_but_the_vault() {
    with_tenant(|tenant| {
        let home = Home::new();
        home.add_account(tenant);
        home.sign_in(tenant);
        let printed = home
            .command(&["token", "work", "--print"])
            .env("PILLARBOX_LOG", "trace")
            .output()
            .unwrap();
        let token = String::from_utf8(printed.stdout).unwrap().trim().to_owned();
        let synced = home
            .command(&["sync"])
            .env("PILLARBOX_LOG", "trace")
            .output()
            .unwrap();
        assert!(synced.status.success());
        let mut files = 0;
        for entry in walk(home.path()) {
            let bytes = std::fs::read(&entry).unwrap();
            files += 1;
            assert!(
                !contains(&bytes, token.as_bytes()),
                "the access token is in {}",
                entry.display()
            );
        }
        assert!(files > 3, "the search looked at {files} files only");
    });
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[test]
fn wrong_usage_is_2_and_a_missing_sign_in_is_3() {
    with_tenant(|tenant| {
        let home = Home::new();
        home.fails(&["frobnicate"], 2);
        home.fails(&["account", "add", "--address", "not an address"], 2);
        home.fails(&[], 2);
        home.add_account(tenant);
        let said = home.fails(&["list", &tenant.user], 3);
        assert!(said.contains("signed in"), "{said}");
        home.fails(&["list", "nobody@example.com"], 1);
        home.fails(&["show", "4711"], 1);
    });
}

#[test]
fn a_mistake_in_the_settings_names_file_line_and_key() {
    let home = Home::new();
    let config = pillarbox::config::Paths::under(home.path()).config;
    std::fs::write(
        &config,
        "[account.work]\naddress = \"ada@example.com\"\nsign_in = \"nowhere\"\nservres = \"x\"\n",
    )
    .unwrap();
    let said = home.fails(&["account", "list"], 1);
    assert!(said.contains("config.toml:4"), "{said}");
    assert!(said.contains("servres"), "{said}");
    assert!(said.contains("nowhere"), "{said}");
}

#[test]
fn explain_knows_codes_and_texts_without_any_account() {
    let home = Home::new();
    let notice = home.json(&["explain", "AADSTS7000215", "--json"]);
    assert!(notice["remedy"][0].as_str().unwrap().contains("value"));
    let notice = home.json(&["explain", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", "--json"]);
    assert_eq!(notice["who"], "exchange-administrator");
    home.fails(&["explain", "good morning"], 1);
}

#[test]
fn completions_are_written_for_every_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let output = home.run(&["completions", shell]);
        assert!(output.status.success());
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("sign-in"),
            "{shell}"
        );
    }
}

const ACCOUNT: &str = "[sign_in.x]\nprovider = \"custom\"\nmethod = \"device-code\"\nclient_id = \"app\"\n\
    authority = \"https://localhost:1\"\n[servers.x]\n\
    incoming = { protocol = \"imap\", host = \"localhost\", port = 1, tls = \"implicit\" }\n\
    [account.work]\naddress = \"ada@contoso.test\"\nsign_in = \"x\"\nservers = \"x\"\n";

/// Asks for a token where the keyring is to be looked for at `bus`; returns what was said.
fn without_keyring(bus: &str, kind: &str) -> String {
    let home = Home::new();
    let paths = pillarbox::config::Paths::under(home.path());
    let text = format!("{ACCOUNT}[vault]\nkind = \"{kind}\"\n");
    std::fs::write(&paths.config, text).unwrap();
    let mut command = home.command(&["token", "work"]);
    let output = command.env("DBUS_SESSION_BUS_ADDRESS", bus).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for name in ["vault", "vault.keyring"] {
        assert!(!paths.data.join(name).exists(), "{name} was made: {said}");
    }
    said
}

#[track_caller]
fn check_keyring_is_missed(bus: &str) {
    let free = without_keyring(bus, "auto");
    assert!(free.contains("A passphrase is needed"), "{free}");
    assert!(free.contains("The keyring cannot be used"), "{free}");
    let bound = without_keyring(bus, "keyring");
    assert!(bound.contains("The keyring does not work"), "{bound}");
    assert!(!bound.contains("passphrase"), "{bound}");
}

#[test]
fn without_a_session_bus_a_passphrase_is_asked_for_or_the_keyring_missed() {
    check_keyring_is_missed("unix:path=/nonexistent/bus");
}

/// Whatever hangs there, a person learns of it within seconds.
#[cfg(target_os = "linux")]
#[test]
fn a_session_bus_that_says_nothing_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok((socket, _)) = listener.accept() {
            held.push(socket);
        }
    });
    let started = std::time::Instant::now();
    check_keyring_is_missed(&format!("unix:path={}", path.display()));
    // Twice five seconds, and room for a busy machine.
    assert!(started.elapsed() < std::time::Duration::from_secs(60));
}
