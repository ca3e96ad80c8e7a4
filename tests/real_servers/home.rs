//! Homes of the program with an account at the real servers, and the program run on them.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use pillarbox::config::Paths;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::lab::{Lab, SCOPES, fresh_name};

/// Nothing that a command does may take longer, with room for a busy machine.
const BOUND: Duration = Duration::from_secs(75);

/// A home with one account at the lab's servers.
pub struct Home {
    folder: tempfile::TempDir,
    pub lab: Lab,
    /// The account's address.
    pub address: String,
    /// The app it signs in with, its own, so that the provider's habits can be set for it alone.
    pub client_id: String,
    /// Where the program looks for a keyring.
    pub bus: String,
}

impl Home {
    /// `vault` is what stands under `[vault]`.
    pub fn new(bus: &str, vault: &str) -> Self {
        let (lab, name) = (Lab::find(), fresh_name());
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
            address: format!("{name}@contoso.test"),
            client_id: format!("lab-{name}"),
            bus: bus.to_owned(),
            lab,
        };
        let scopes: Vec<&str> = SCOPES.split_whitespace().collect();
        let text = format!(
            "[sign_in.lab]\nprovider = \"custom\"\nmethod = \"device-code\"\nclient_id = \"lab-{name}\"\n\
             authority = {authority:?}\nca_file = {ca:?}\nscopes = {scopes:?}\n\
             [servers.lab]\nca_file = {ca:?}\n\
             incoming = {{ protocol = \"imap\", host = \"localhost\", port = {imap}, tls = \"implicit\" }}\n\
             outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {smtp}, tls = \"starttls\" }}\n\
             [account.work]\naddress = {address:?}\nsign_in = \"lab\"\nservers = \"lab\"\n\
             [vault]\n{vault}\n",
            authority = home.lab.value("LAB_AUTHORITY"),
            ca = home.lab.value("LAB_CA_FILE"),
            imap = home.lab.port("IMAPS"),
            smtp = home.lab.port("SMTP"),
            address = home.address,
        );
        let paths = home.paths();
        paths.prepare().unwrap();
        std::fs::write(&paths.config, text).unwrap();
        paths.prepare().unwrap();
        home
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn paths(&self) -> Paths {
        Paths::under(self.folder.path())
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pillarbox"));
        command
            .args(arguments)
            .env("PILLARBOX_HOME", self.folder.path())
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end, whatever that is.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        let run = self.command(arguments).output();
        let ended = tokio::time::timeout(BOUND, run).await;
        ended
            .unwrap_or_else(|_| panic!("{arguments:?} hangs"))
            .unwrap()
    }

    /// Runs a command that needs the vault and must fail; returns what it said.
    pub async fn fails(&self) -> String {
        let output = self.run(&["token", "work"]).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{said}");
        said
    }

    /// Signs in; the person approves at once.
    pub async fn sign_in(&self) {
        let mut child = self
            .command(&["sign-in", "work", "--json"])
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap().expect("a code");
        let code: Value = serde_json::from_str(&first).unwrap();
        self.lab
            .approve(code["user_code"].as_str().unwrap(), &self.address)
            .await;
        let last = lines.next_line().await.unwrap().expect("an outcome");
        assert!(last.contains("\"done\""), "{last}");
        assert!(child.wait().await.unwrap().success());
    }

    /// Whether there is such a file among the data.
    pub fn has(&self, name: &str) -> bool {
        self.paths().data.join(name).exists()
    }
}
