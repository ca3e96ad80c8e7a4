//! The program under measurement: its own folder, a settings file, a sign-in, a full cache.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pillarbox::config::{Config, Paths};
use pillarbox::engine::{Engine, Options, Unlock};

use crate::lab::Lab;
use crate::{Failure, report, seconds};

/// A `PILLARBOX_HOME` with one account named `bench`.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// Writes the settings.
    pub fn new(lab: &Lab, name: &str) -> Result<Self, Failure> {
        Self::behind(lab, name, lab.port("IMAPS"))
    }

    /// The same with the mail server at another port of this machine.
    pub fn behind(lab: &Lab, name: &str, port: u16) -> Result<Self, Failure> {
        let ca = lab.value("LAB_CA_FILE");
        Self::with(&format!(
            "[sign_in.lab]\nprovider = \"custom\"\nmethod = \"device-code\"\nauthority = \"{}\"\nclient_id = \"lab-{name}\"\n\
             scopes = \"{}\"\nca_file = \"{ca}\"\n\n[servers.lab]\nca_file = \"{ca}\"\n\
             incoming = {{ protocol = \"imap\", host = \"localhost\", port = {}, tls = \"implicit\" }}\n\
             outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {}, tls = \"starttls\" }}\n\n\
             [account.bench]\naddress = \"{name}@contoso.test\"\nsign_in = \"lab\"\nservers = \"lab\"\n",
            lab.value("LAB_AUTHORITY"),
            crate::lab::SCOPES,
            port,
            lab.port("SMTP"),
        ))
    }

    /// Writes these settings, and that the vault is a file.
    pub fn with(settings: &str) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let settings = format!(
            "{settings}\n[vault]\nkind = \"file\"\nkey_file = \"{}\"\n",
            folder.path().join("vault.key").display(),
        );
        let path = folder.path().join("config.toml");
        std::fs::write(&path, settings)?;
        for (path, rights) in [(folder.path(), 0o700), (&path, 0o600)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(rights))?;
        }
        Ok(Self { folder })
    }

    /// Where the program is.
    pub fn program() -> PathBuf {
        PathBuf::from(env!("CARGO_BIN_EXE_pillarbox"))
    }

    /// The value for `PILLARBOX_HOME`.
    pub fn path(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Starts the engine of the program in this process.
    pub async fn engine(&self, has_workers: bool) -> Result<Engine, Failure> {
        let paths = Paths::under(self.path());
        let options = Options {
            config: Config::load(&paths)?,
            paths,
            unlock: Unlock::Unattended,
            background: has_workers,
        };
        Ok(Engine::start(options).await?)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Self::program());
        command
            .args(arguments)
            .env("PILLARBOX_HOME", self.path())
            .stdin(Stdio::null());
        command
    }

    /// Signs in by device code, as a script would.
    pub async fn sign_in(&self, lab: &Lab, person: &str) -> Result<(), Failure> {
        self.sign_in_by(async |code| lab.approve(code, person).await)
            .await
    }

    /// The same; `approve` does what the person does in a browser.
    pub async fn sign_in_by(&self, approve: impl AsyncFnOnce(&str)) -> Result<(), Failure> {
        let mut child = self
            .command(&["sign-in", "bench", "--json"])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(output).lines();
        let code: serde_json::Value = serde_json::from_str(&lines.next().ok_or("no code")??)?;
        let code = code
            .get("user_code")
            .and_then(|code| code.as_str())
            .ok_or("no user_code")?;
        approve(code).await;
        let outcome = lines.next().ok_or("no outcome")??;
        if !child.wait()?.success() {
            return Err(outcome.into());
        }
        Ok(())
    }

    /// Fills the cache, and reports how long that took and how much memory it wanted. Returns when all was stored.
    pub fn sync(&self, name: &str) -> Result<Duration, Failure> {
        let start = Instant::now();
        let mut child = self.command(&["sync"]).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        // The program says that everything is stored, and then goes on with its index.
        let told = std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(output).read_line(&mut line);
            read.map(|_| Instant::now())
        });
        let (mut memory, mut cpu, mut stored) = (0, 0.0, None);
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            memory = memory.max(peak_memory(&child));
            cpu = processor_time(&child).unwrap_or(cpu);
            if stored.is_none() && told.is_finished() {
                stored = Some(cpu);
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let all = start.elapsed();
        let told = told.join().map_err(|_| "no line")??;
        let what = format!("{name}: all headers stored");
        report(&what, seconds(told - start), "s");
        let what = format!("{name}: processor time of that");
        report(&what, format!("{:.2}", stored.unwrap_or(cpu)), "s");
        let what = format!("{name}: indexed too");
        report(&what, seconds(all), "s");
        let what = format!("{name}: processor time of all");
        report(&what, format!("{cpu:.2}"), "s");
        report(&format!("{name}: peak memory"), memory / 1024, "MiB");
        if status.success() {
            Ok(told - start)
        } else {
            Err("sync failed".into())
        }
    }
}

/// Peak resident memory so far, in KiB (`VmHWM` of proc(5)); 0 when the process is gone.
fn peak_memory(child: &Child) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// Processor time so far, in seconds (fields 14 and 15 of proc(5)'s stat, at 100 ticks a second).
fn processor_time(child: &Child) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok());
    Some(ticks.sum::<f64>() / 100.0)
}
