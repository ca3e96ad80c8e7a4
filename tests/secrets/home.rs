//! A home of the program with an account for each way to sign in, and everything that the program says and shows of
//! itself to others while it runs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pillarbox::config::Paths;
use url::Url;

use crate::leaks::{Written, files};
use crate::scripted::{Place, Said, Server, certificate};
use crate::sign_in_service::Service;

const SCOPES: &str = r#"scopes = ["offline_access", "IMAP.AccessAsUser.All", "SMTP.Send"]"#;

/// Keeps secrets in a folder of its own, and notes what its caller handed it besides standard input.
const KEEPER: &str = r#"
tr '\0' '\n' < /proc/$$/environ >> "$1/environ"
echo "$@" >> "$1/arguments"
file="$2/$(echo "$4" | tr '/' '_')"
case $3 in
  read) [ -e "$file" ] && cat "$file" || exit 0 ;;
  write) cat > "$file" ;;
  remove) rm -f "$file" ;;
esac
"#;

/// Returns the `state` of a sign-in's address.
pub fn state_in(address: &str) -> String {
    let address = Url::parse(address).unwrap();
    let mut pairs = address.query_pairs();
    let (_, state) = pairs.find(|(name, _)| name == "state").unwrap();
    state.into_owned()
}

/// Finds the `state` of a sign-in in what the program says of it.
fn state_of(line: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    state_in(event["address"].as_str().unwrap())
}

/// What others on the machine can see of running programs.
type Seen = Arc<Mutex<Vec<u8>>>;

pub struct Home {
    folder: tempfile::TempDir,
    /// Where secrets belong; not searched.
    safe: tempfile::TempDir,
    said: Mutex<Vec<Written>>,
    seen: Seen,
    servers: [Server; 3],
}

impl Home {
    /// `vault` is what stands under `[vault]`; empty for the program that keeps secrets.
    pub async fn new(service: &Service, vault: &str) -> Self {
        let quiet = Said {
            place: Place::Never,
            text: "",
        };
        let refusing = Said {
            place: Place::SignIn,
            text: "NO AUTHENTICATE failed.",
        };
        let servers = [
            Server::imap(quiet).await,
            Server::smtp(quiet).await,
            Server::imap(refusing).await,
        ];
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
            safe: tempfile::tempdir().unwrap(),
            said: Mutex::default(),
            seen: Seen::default(),
            servers,
        };
        let paths = home.paths();
        paths.prepare().unwrap();
        std::fs::create_dir(home.folder.path().join("tmp")).unwrap();
        std::fs::write(home.ca_file(), certificate()).unwrap();
        let text = home.config(service, vault);
        std::fs::write(&paths.config, text).unwrap();
        paths.prepare().unwrap();
        home
    }

    fn config(&self, service: &Service, vault: &str) -> String {
        let (authority, ca) = (&service.authority, self.ca_file());
        let mut text = String::new();
        for (name, lines) in [
            ("device", "method = \"device-code\"".to_owned()),
            (
                "web",
                "method = \"browser\"\nclient = \"confidential\"\nredirect_uri = \"https://own.example/back\""
                    .to_owned(),
            ),
            ("app", "method = \"client-secret\"".to_owned()),
            ("certified", self.certified(service)),
        ] {
            let part = format!(
                "[sign_in.{name}]\nprovider = \"custom\"\nclient_id = \"an-app\"\n\
                 authority = {authority:?}\nca_file = {ca:?}\n{SCOPES}\n{lines}\n"
            );
            text += &part;
        }
        text += "[sign_in.pass]\nprovider = \"custom\"\nmethod = \"password\"\n";
        let [good, out, bad] = &self.servers;
        for (name, port) in [("good", good.port), ("bad", bad.port)] {
            let part = format!(
                "[servers.{name}]\nca_file = {ca:?}\n\
                 incoming = {{ protocol = \"imap\", host = \"localhost\", port = {port}, tls = \"implicit\" }}\n\
                 outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {}, tls = \"implicit\" }}\n",
                out.port
            );
            text += &part;
        }
        for name in ["device", "web", "app", "certified", "pass"] {
            let servers = if name == "certified" { "bad" } else { "good" };
            let part = format!(
                "[account.{name}]\naddress = \"{name}@x.test\"\nsign_in = \"{name}\"\nservers = \"{servers}\"\n"
            );
            text += &part;
        }
        text + &self.vault(vault)
    }

    fn vault(&self, vault: &str) -> String {
        if !vault.is_empty() {
            return format!("[vault]\n{vault}\n");
        }
        let script = self.folder.path().join("keeper.sh");
        std::fs::write(&script, KEEPER).unwrap();
        let (folder, safe) = (self.folder.path().display(), self.safe.path().display());
        let line = |what: &str| {
            format!(
                "{what} = \"sh {} {folder} {safe} {what} {{key}}\"\n",
                script.display()
            )
        };
        format!(
            "[vault]\nkind = \"command\"\n{}{}{}",
            line("read"),
            line("write"),
            line("remove")
        )
    }

    /// A key and its certificate, where the program reads them; the key is a secret, line by line.
    fn certified(&self, service: &Service) -> String {
        let (certificate, key) = (
            self.safe.path().join("app.pem"),
            self.safe.path().join("app.key"),
        );
        let made = Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=app",
            ])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let text = std::fs::read_to_string(&key).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('-')) {
            service.canaries.add("certificate key", line);
        }
        format!(
            "method = \"client-certificate\"\ncertificate = {certificate:?}\ncertificate_key = {key:?}"
        )
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn paths(&self) -> Paths {
        Paths::under(self.folder.path())
    }

    /// Variables of the program.
    pub fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("PILLARBOX_HOME", self.folder.path().display().to_string()),
            ("PILLARBOX_LOG", "trace".to_owned()),
            (
                "TMPDIR",
                self.folder.path().join("tmp").display().to_string(),
            ),
            ("RUST_BACKTRACE", "full".to_owned()),
        ]
    }

    /// Runs a command with lines of standard input; `reply` makes another line of its first line.
    pub fn run(
        &self,
        arguments: &[&str],
        lines: &str,
        reply: Option<&dyn Fn(&str) -> String>,
    ) -> bool {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pillarbox"))
            .args(arguments)
            .envs(self.variables())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let watched = self.watch();
        let mut input = child.stdin.take().unwrap();
        // A program that wants nothing may be gone already.
        let _ = input.write_all(lines.as_bytes());
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut text = Vec::new();
        if let Some(reply) = reply {
            output.read_until(b'\n', &mut text).unwrap();
            let line = reply(&String::from_utf8_lossy(&text));
            input.write_all(line.as_bytes()).unwrap();
        }
        drop(input);
        output.read_to_end(&mut text).unwrap();
        self.end(child, watched, (arguments, text))
    }

    /// Signs in to every account, each in its own way.
    pub fn sign_in_everywhere(&self, service: &Service) {
        let canaries = &service.canaries;
        let secret = format!("{}\n", canaries.plant("client_secret"));
        let password = format!("{}\n", canaries.plant("password"));
        let code = canaries.plant("code");
        let paste = |line: &str| {
            let state = state_of(line);
            format!("https://own.example/back?code={code}&state={state}\n")
        };
        for (name, typed) in [
            ("device", ""),
            ("web", &secret),
            ("app", &secret),
            ("certified", ""),
            ("pass", &password),
        ] {
            let reply: Option<&dyn Fn(&str) -> String> = (name == "web").then_some(&paste);
            let mut arguments = vec!["sign-in", name];
            arguments.extend((name != "pass").then_some("--json"));
            let signed_in = self.run(&arguments, typed, reply);
            assert!(signed_in, "{}", self.words());
        }
    }

    fn end(
        &self,
        mut child: Child,
        watched: Watch,
        (arguments, mut text): (&[&str], Vec<u8>),
    ) -> bool {
        child.stderr.take().unwrap().read_to_end(&mut text).unwrap();
        let ended = child.wait().unwrap();
        watched.end();
        self.say(&format!("{arguments:?}"), text);
        ended.success()
    }

    pub fn say(&self, place: &str, bytes: Vec<u8>) {
        let place = format!("the output of {place}");
        self.said.lock().unwrap().push(Written { place, bytes });
    }

    /// Returns what commands said, for messages of tests.
    pub fn words(&self) -> String {
        let said = self.said.lock().unwrap();
        let words = said
            .iter()
            .map(|one| format!("{}:\n{}", one.place, String::from_utf8_lossy(&one.bytes)));
        words.collect::<Vec<_>>().join("\n")
    }

    /// Starts to note what `ps` and `/proc` tell of the program and all that it starts.
    pub fn watch(&self) -> Watch {
        let (is_over, seen) = (Arc::new(AtomicBool::new(false)), Arc::clone(&self.seen));
        let (over, home) = (
            Arc::clone(&is_over),
            self.folder.path().display().to_string(),
        );
        let task = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                look(home.as_bytes(), &seen);
                std::thread::sleep(Duration::from_millis(3));
            }
        });
        Watch { is_over, task }
    }

    /// Everything that was written, said or shown.
    pub fn written(&self) -> Vec<Written> {
        let mut written = std::mem::take(&mut *self.said.lock().unwrap());
        files(self.folder.path(), &mut written);
        written.push(Written {
            place: "command lines and environments".to_owned(),
            bytes: self.seen.lock().unwrap().clone(),
        });
        written
    }
}

pub struct Watch {
    is_over: Arc<AtomicBool>,
    task: std::thread::JoinHandle<()>,
}

impl Watch {
    pub fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.task.join().unwrap();
    }
}

/// Notes command line, environment and limits of every program that belongs to this home.
fn look(home: &[u8], seen: &Seen) {
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let of =
            |name: &str| std::fs::read(Path::new(&entry.path()).join(name)).unwrap_or_default();
        let environment = of("environ");
        if environment.windows(home.len()).any(|window| window == home) {
            let mut seen = seen.lock().unwrap();
            for bytes in [environment, of("cmdline"), of("limits")] {
                // The same over and over is kept once.
                if !seen
                    .windows(bytes.len().max(1))
                    .any(|window| window == bytes)
                {
                    seen.extend_from_slice(&bytes);
                }
            }
        }
    }
}
