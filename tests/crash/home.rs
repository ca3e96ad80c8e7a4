//! A tenant in this process, homes of the program with an account signed in, and what is where.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use pillarbox::config::{Config, Paths};
use pillarbox::demo::{Control, Options, Tenant};
use pillarbox::engine::{Engine, Options as EngineOptions, Unlock};
use serde_json::Value;

/// A running tenant; it lives on its own runtime, so that the tests stay plain functions.
pub struct House {
    pub tenant: Tenant,
    pub control: Control,
    pub runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl House {
    /// Starts a tenant with so many messages and nobody who writes unasked.
    pub fn open(messages: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            messages,
            chatter: false,
            ..Options::new(folder.path())
        };
        let tenant = runtime.block_on(Tenant::start(options)).unwrap();
        Self {
            control: tenant.control(),
            tenant,
            runtime,
            _folder: folder,
        }
    }

    /// Returns the main user's address.
    pub fn user(&self) -> &str {
        &self.tenant.user
    }

    /// Returns the first shared mailbox's address.
    pub fn shared(&self) -> &str {
        &self.tenant.shared[0]
    }

    /// Counts the messages of a folder with exactly this subject.
    pub fn count(&self, mailbox: &str, folder: &str, subject: &str) -> usize {
        let line = format!("Subject: {subject}");
        let messages = self.control.messages(mailbox, folder);
        let has_line = |message: &[u8]| {
            String::from_utf8_lossy(message)
                .lines()
                .any(|header| header == line)
        };
        messages
            .iter()
            .filter(|message| has_line(message.as_ref()))
            .count()
    }
}

/// Who files the copy of a sent message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Copies {
    /// The server, by itself.
    Server,
    /// The program.
    Program,
}

/// A home of the program with its own key file and one account, signed in.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// Makes a home and signs in.
    pub fn new(house: &House, copies: Copies) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::at(folder, house, copies)
    }

    /// Makes a home in this folder and signs in.
    pub fn at(folder: tempfile::TempDir, house: &House, copies: Copies) -> Self {
        let home = Self { folder };
        let paths = home.paths();
        paths.prepare().unwrap();
        std::fs::write(&paths.config, settings(home.path(), &house.tenant, copies)).unwrap();
        paths.prepare().unwrap();
        home.sign_in(house);
        home
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn paths(&self) -> Paths {
        Paths::under(self.path())
    }

    /// Returns the database's file.
    pub fn database(&self) -> PathBuf {
        self.paths().data.join("mail.db")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pillarbox"));
        command
            .args(arguments)
            .env("PILLARBOX_HOME", self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed.
    pub fn works(&self, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {:?} {}",
            output.status,
            said(&output)
        );
        output
    }

    /// Runs a command that must succeed and print one JSON value.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.works(arguments);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }

    /// Starts a command with a text as its input.
    pub fn begin(&self, arguments: &[&str], input: &str) -> Child {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // A program that was killed already reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child
    }

    fn sign_in(&self, house: &House) {
        let mut child = self
            .command(&["sign-in", "work", "--json"])
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let code: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let code = code["user_code"].as_str().unwrap().to_owned();
        house.tenant.approve.send(code).unwrap();
        assert!(lines.next().unwrap().unwrap().contains("\"done\""));
        assert!(child.wait().unwrap().success());
    }

    /// Returns the rows of the outbox.
    pub fn outbox(&self) -> Vec<Value> {
        let rows = self.json(&["outbox", "list", "--json"]);
        rows.as_array().unwrap().clone()
    }

    /// Returns every message of every mailbox as the cache has it, ids left out, in one order.
    pub fn everything(&self, house: &House) -> Vec<String> {
        let mut all = Vec::new();
        let shared = house.tenant.shared.iter();
        for mailbox in shared.chain([&house.tenant.user]) {
            for folder in self
                .json(&["folders", mailbox, "--json"])
                .as_array()
                .unwrap()
            {
                let path = folder["path"].as_str().unwrap();
                let limit = "100000";
                let list = [
                    "list", mailbox, "--folder", path, "--limit", limit, "--json",
                ];
                for row in self.json(&list).as_array().unwrap() {
                    let mut row = row.clone();
                    row.as_object_mut().unwrap().remove("id");
                    all.push(row.to_string());
                }
            }
        }
        all.sort();
        all
    }

    /// Starts the engine on this home without any worker, as a command would.
    pub fn engine(&self, house: &House) -> Engine {
        let paths = self.paths();
        let config = Config::load(&paths).unwrap();
        let start = Engine::start(EngineOptions {
            paths,
            config,
            unlock: Unlock::Unattended,
            background: false,
        });
        house.runtime.block_on(start).unwrap()
    }
}

/// What a command said on stderr.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Checks that a home's cache is what a program that starts afresh would have.
pub fn check_cache_is_the_servers(home: &Home, house: &House) {
    let fresh = Home::new(house, Copies::Server);
    fresh.works(&["sync"]);
    let expected = fresh.everything(house);
    let found = home.everything(house);
    let missing: Vec<_> = expected.iter().filter(|row| !found.contains(row)).collect();
    let surplus: Vec<_> = found.iter().filter(|row| !expected.contains(row)).collect();
    assert!(
        found == expected,
        "{} rows instead of {}; missing {missing:#?}, surplus {surplus:#?}",
        found.len(),
        expected.len()
    );
}

fn settings(home: &Path, tenant: &Tenant, copies: Copies) -> String {
    format!(
        "[sign_in.demo]\nprovider = \"custom\"\nmethod = \"device-code\"\nclient_id = {client:?}\n\
         authority = {authority:?}\nca_file = {ca:?}\n\n\
         [servers.demo]\nca_file = {ca:?}\nfiles_sent_copy = {files}\n\
         incoming = {{ protocol = \"imap\", host = \"localhost\", port = {imap}, tls = \"implicit\" }}\n\
         outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {smtp}, tls = \"starttls\" }}\n\n\
         [account.work]\naddress = {user:?}\nsign_in = \"demo\"\nservers = \"demo\"\nadditional_users = {users:?}\n\n\
         [vault]\nkind = \"file\"\nkey_file = {key:?}\n",
        client = tenant.client_id,
        authority = tenant.authority,
        ca = tenant.ca_file,
        files = copies == Copies::Server,
        imap = tenant.imap_port,
        smtp = tenant.smtp_port,
        user = tenant.user,
        users = tenant.shared,
        key = home.join("vault.key"),
    )
}
