//! A home of one's own, a tenant in this process, and the program as a person would call it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use pillarbox::config::Paths;
use pillarbox::demo::{Options, RegisteredApp, Tenant};
use serde_json::Value;

/// The tenant's domain, which names it as a GUID would.
pub const DOMAIN: &str = "harborvale.example";

/// A fresh home whose vault opens by itself, and the tenant that plays Microsoft.
pub struct Guide {
    folder: tempfile::TempDir,
    pub tenant: Tenant,
    // The tenant's servers run here, and end with it.
    _runtime: tokio::runtime::Runtime,
}

impl Guide {
    pub fn new() -> Self {
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
        let paths = Paths::under(folder.path());
        paths.prepare().unwrap();
        let vault = format!(
            "[vault]\nkind = \"file\"\nkey_file = \"{}\"\n",
            folder.path().join("vault.key").display()
        );
        std::fs::write(&paths.config, vault).unwrap();
        Self {
            folder,
            tenant,
            _runtime: runtime,
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn app(&self, key: &str) -> &RegisteredApp {
        let found = self.tenant.apps.iter().find(|app| app.key == key);
        found.unwrap_or_else(|| panic!("no app {key}"))
    }

    /// The host of the sign-in service, in the place of login.microsoftonline.com.
    pub fn login_host(&self) -> String {
        let parsed = url::Url::parse(&self.tenant.authority).unwrap();
        parsed.origin().ascii_serialization()
    }

    /// Flags that say where the demo is, in the place of what Pillarbox knows about Microsoft.
    pub fn places(&self) -> Vec<String> {
        vec![
            format!("--authority={}", self.login_host()),
            format!("--ca-file={}", self.tenant.ca_file.display()),
            format!("--imap=localhost:{}", self.tenant.imap_port),
            "--imap-tls=implicit".to_owned(),
            format!("--smtp=localhost:{}", self.tenant.smtp_port),
            "--smtp-tls=starttls".to_owned(),
        ]
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pillarbox"));
        command
            .args(arguments)
            .env("PILLARBOX_HOME", self.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command with lines on its standard input.
    pub fn given(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that refuses its arguments reads nothing.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().unwrap()
    }

    /// Runs two commands with a pipe between them, both at once, and returns what the second one did.
    pub fn piped(&self, first: &[&str], second: &[&str]) -> Output {
        let mut writer = self
            .command(first)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pipe = writer.stdout.take().unwrap();
        let output = self.command(second).stdin(pipe).output().unwrap();
        writer.wait().unwrap();
        output
    }

    /// Runs a command that must succeed and returns what it printed.
    pub fn text(&self, arguments: &[&str]) -> String {
        printed(arguments, &self.given(arguments, ""))
    }

    /// Runs a command that must succeed and print one JSON value.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.text(arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// Runs a command that must fail with `code` and returns what it said.
    pub fn fails(&self, arguments: &[&str], input: &str, code: i32) -> String {
        let output = self.given(arguments, input);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    /// `account add` with the places of the demo; returns what it printed, and what it said besides.
    pub fn add(&self, flags: &[&str], input: &str) -> (Value, String) {
        let places = self.places();
        let mut line = vec!["account", "add", "--name", "work", "--json"];
        line.extend(flags);
        line.extend(places.iter().map(String::as_str));
        let output = self.given(&line, input);
        let text = printed(&line, &output);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (serde_json::from_str(&text).unwrap(), said)
    }

    /// Starts a sign-in and returns it with its first line.
    pub fn begin_sign_in(&self) -> SignIn {
        let mut child = self
            .command(&["sign-in", "work", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let first = next_line(&mut lines);
        SignIn {
            child,
            lines,
            first,
        }
    }

    /// The application signs in as itself: nobody is asked.
    pub fn sign_in_as_app(&self) {
        let done = self.json(&["sign-in", "work", "--json"]);
        assert_eq!(done["event"], "done", "{done}");
    }

    /// Synchronises all mailboxes and checks that each lists mail.
    pub fn lists_mail(&self, mailboxes: &[&str]) {
        let synced = self.json(&["sync", "--json"]);
        assert_eq!(
            synced.as_array().unwrap().len(),
            mailboxes.len(),
            "{synced}"
        );
        for mailbox in mailboxes {
            let rows = self.json(&["list", mailbox, "--json", "--limit", "3"]);
            assert_eq!(rows.as_array().unwrap().len(), 3, "{mailbox}: {rows}");
        }
    }

    /// Sends a message from one mailbox to another and finds it there.
    pub fn sends(&self, from: &str, to: &str) {
        let subject = format!("From {from}");
        let line = [
            "send",
            "--from",
            from,
            "--to",
            to,
            "--subject",
            &subject,
            "--json",
        ];
        let sent = printed(&line, &self.given(&line, "Hello.\n"));
        let sent: Value = serde_json::from_str(&sent).unwrap();
        assert_eq!(sent["state"], "accepted", "{sent}");
        let inbox = self.tenant.control().messages(to, "INBOX");
        let arrived = inbox.iter().any(|message| {
            String::from_utf8_lossy(message).contains(&format!("Subject: {subject}"))
        });
        assert!(arrived, "{to} got nothing from {from}");
    }
}

/// A sign-in under way.
pub struct SignIn {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    /// What it printed first: a code or an address.
    pub first: Value,
}

impl SignIn {
    /// Pastes an address, as a person would.
    pub fn paste(&mut self, address: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{address}").unwrap();
    }

    /// Waits for the end and returns what was printed last, and what was said besides.
    pub fn end(mut self) -> (Value, String) {
        let last = next_line(&mut self.lines);
        let output = self.child.wait_with_output().unwrap();
        (last, String::from_utf8(output.stderr).unwrap())
    }
}

fn next_line(lines: &mut impl BufRead) -> Value {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

fn printed(arguments: &[&str], output: &Output) -> String {
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}
