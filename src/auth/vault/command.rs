//! Secrets kept by programs of the user's choice, such as `pass`. A secret goes over standard input and output only:
//! never into arguments or the environment, which other users of the machine can see.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::auth::VaultError;
use crate::config::VaultCommands;
use crate::model::sanitize_line;
use crate::net::redact_line;

/// How long a program may take: a person may have to unlock a key for it.
const LIMIT: Duration = Duration::from_secs(60);

/// The most bytes of a secret.
const SECRET_LIMIT: u64 = 1 << 20;

/// The most bytes of what a program says when it fails, and the most characters of it that are shown.
const WORDS_LIMIT: u64 = 4096;
const WORDS_SHOWN: usize = 200;

/// As many bytes of a secret in a program's words make them unfit to be shown.
const TELLING: usize = 6;

/// The programs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Programs(VaultCommands);

/// Whether a secret is known to be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum IsKnown {
    Yes,
    No,
}

/// How a program ended.
struct Ended {
    status: ExitStatus,
    output: Zeroizing<Vec<u8>>,
    words: Zeroizing<Vec<u8>>,
    /// Whether it read all that it was given.
    has_read_all: bool,
}

impl Programs {
    /// Takes what is configured; the error says that nothing is.
    pub(super) fn new(commands: Option<&VaultCommands>) -> Result<Self, VaultError> {
        commands.cloned().map(Self).ok_or_else(|| {
            failed(
                &[],
                "read, write and remove are not all set in [vault]".to_owned(),
            )
        })
    }

    pub(super) fn describe(&self) -> String {
        format!("command {}", program(&self.0.read))
    }

    /// Reads a secret. A program that fails for what is not known to be there has nothing.
    pub(super) async fn get(
        &self,
        key: &str,
        is_known: IsKnown,
    ) -> Result<Option<SecretString>, VaultError> {
        let line = &self.0.read;
        let ended = run(line, key, None).await?;
        if !ended.status.success() {
            if is_known == IsKnown::No {
                return Ok(None);
            }
            return Err(failed(line, ended.reason(&ended.output)));
        }
        let Ok(text) = std::str::from_utf8(&ended.output) else {
            return Err(failed(line, "it printed something unreadable".to_owned()));
        };
        // Most programs end their output with a new line.
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        Ok((!text.is_empty()).then(|| SecretString::from(text)))
    }

    /// Writes a secret.
    pub(super) async fn put(&self, key: &str, secret: &SecretString) -> Result<(), VaultError> {
        let line = &self.0.write;
        let ended = run(line, key, Some(secret)).await?;
        if !ended.status.success() {
            return Err(failed(
                line,
                ended.reason(secret.expose_secret().as_bytes()),
            ));
        }
        if !ended.has_read_all {
            return Err(failed(line, "it did not read the whole secret".to_owned()));
        }
        Ok(())
    }

    /// Forgets a secret. A program that fails for what is not known to be there is right.
    pub(super) async fn remove(&self, key: &str, is_known: IsKnown) -> Result<(), VaultError> {
        let line = &self.0.remove;
        let ended = run(line, key, None).await?;
        if ended.status.success() || is_known == IsKnown::No {
            return Ok(());
        }
        Err(failed(line, ended.reason(&ended.output)))
    }
}

impl Ended {
    /// Says how a program failed, in its own words unless those tell of the secret.
    fn reason(&self, secret: &[u8]) -> String {
        let words = String::from_utf8_lossy(&self.words);
        let first = words.lines().map(str::trim).find(|line| !line.is_empty());
        let line = sanitize_line(&redact_line(first.unwrap_or_default()));
        if line.is_empty() || is_telling(&self.words, secret) {
            return self.status.to_string();
        }
        let line: String = line.chars().take(WORDS_SHOWN).collect();
        format!("{}: {line}", self.status)
    }
}

/// Whether some of the secret stands in a program's words.
fn is_telling(words: &[u8], secret: &[u8]) -> bool {
    let length = TELLING.min(secret.len());
    length > 0
        && secret
            .windows(length)
            .any(|part| words.windows(length).any(|word| word == part))
}

/// Runs a program with the key in its arguments.
async fn run(
    line: &[String],
    key: &str,
    input: Option<&SecretString>,
) -> Result<Ended, VaultError> {
    let Some((program, arguments)) = line.split_first() else {
        return Err(failed(line, "the command is empty".to_owned()));
    };
    let name = file_name(key);
    let given = if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    };
    let mut child = Command::new(program)
        .args(arguments.iter().map(|part| part.replace("{key}", &name)))
        .stdin(given)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Away from our terminal: what it reads there would be keys meant for us.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(line, error.to_string()))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        let (Some(mut stdin), Some(secret)) = (stdin, input) else {
            return true;
        };
        let written = stdin.write_all(secret.expose_secret().as_bytes()).await;
        written.is_ok() && stdin.shutdown().await.is_ok()
    };
    let work = async {
        let (has_read_all, output, words) = tokio::join!(
            write,
            read_all(stdout, SECRET_LIMIT),
            read_all(stderr, WORDS_LIMIT)
        );
        let status = child.wait().await;
        status.map(|status| Ended {
            status,
            output,
            words,
            has_read_all,
        })
    };
    match timeout(LIMIT, work).await {
        Ok(Ok(ended)) if ended.output.len() as u64 >= SECRET_LIMIT => {
            Err(failed(line, "it printed too much".to_owned()))
        }
        Ok(Ok(ended)) => Ok(ended),
        Ok(Err(error)) => Err(failed(line, error.to_string())),
        Err(_) => {
            let reason = format!("no answer within {} s", LIMIT.as_secs());
            Err(failed(line, reason))
        }
    }
}

/// Reads up to a limit; what comes after is not waited for.
async fn read_all(from: Option<impl AsyncRead + Unpin>, limit: u64) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::new());
    if let Some(from) = from {
        // What was read until it broke counts; the exit status tells about the rest.
        let _ = from.take(limit).read_to_end(&mut bytes).await;
    }
    bytes
}

/// Makes a key fit for a path and for a shell the user named: anything but plain characters becomes `%` and hex, and
/// no part of it is a way up.
fn file_name(key: &str) -> String {
    use std::fmt::Write as _;
    let mut name = String::new();
    let mut is_start = true;
    for byte in key.bytes() {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'/' | b'@' | b'_' | b'+' | b'-' | b'.') && !is_start
            || byte == b'_';
        if is_plain {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "%{byte:02X}");
        }
        is_start = byte == b'/';
    }
    name
}

fn program(line: &[String]) -> String {
    sanitize_line(line.first().map_or("", String::as_str))
}

fn failed(line: &[String], reason: String) -> VaultError {
    VaultError::Command {
        command: program(line),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// Programs that keep secrets as files of a folder.
    fn in_folder(folder: &std::path::Path) -> VaultCommands {
        let folder = folder.display();
        let line = |script: &str| {
            let script = script.replace("DIR", &folder.to_string());
            ["sh", "-c", script.as_str(), "x", "{key}"]
                .map(str::to_owned)
                .to_vec()
        };
        VaultCommands {
            read: line(r#"cat "DIR/$1" 2>&1 >/dev/null | sed 's/^/lost: /' >&2; cat "DIR/$1""#),
            write: line(r#"mkdir -p "$(dirname "DIR/$1")" && cat > "DIR/$1""#),
            remove: line(r#"rm "DIR/$1""#),
        }
    }

    fn single(line: &str) -> Programs {
        let line = shell(line);
        Programs(VaultCommands {
            read: line.clone(),
            write: line.clone(),
            remove: line,
        })
    }

    fn shell(script: &str) -> Vec<String> {
        ["sh", "-c", script, "x", "{key}"]
            .map(str::to_owned)
            .to_vec()
    }

    fn secret() -> SecretString {
        SecretString::from("CANARY-\u{e9}-0123456789")
    }

    #[track_caller]
    fn check_failed<T: std::fmt::Debug>(outcome: Result<T, VaultError>, expected: &str) {
        let Err(VaultError::Command { command, reason }) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(command, "sh");
        assert!(reason.contains(expected), "{reason}");
        assert!(!reason.contains("CANARY"), "{reason}");
    }

    #[tokio::test]
    async fn secrets_come_back_and_go() {
        let folder = TempDir::new().unwrap();
        let programs = Programs(in_folder(folder.path()));
        let get = |is_known| programs.get("token/a", is_known);
        assert!(get(IsKnown::No).await.unwrap().is_none());
        programs.put("token/a", &secret()).await.unwrap();
        let found = get(IsKnown::Yes).await.unwrap().unwrap();
        assert_eq!(found.expose_secret(), secret().expose_secret());
        programs.remove("token/a", IsKnown::Yes).await.unwrap();
        programs.remove("token/a", IsKnown::No).await.unwrap();
        check_failed(get(IsKnown::Yes).await, "lost:");
        let outcome = programs.remove("token/a", IsKnown::Yes).await;
        check_failed(outcome, "exit status: 1");
    }

    #[tokio::test]
    async fn one_new_line_at_the_end_is_the_programs() {
        let read = |script| async move {
            let found = single(script).get("k", IsKnown::Yes).await.unwrap();
            found.map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(read("printf 'a\\n'").await.as_deref(), Some("a"));
        assert_eq!(read("printf 'a\\n\\n'").await.as_deref(), Some("a\n"));
        assert_eq!(read("printf 'a\\r\\n'").await.as_deref(), Some("a"));
        assert_eq!(read("printf a").await.as_deref(), Some("a"));
        assert_eq!(read("echo").await, None);
    }

    #[tokio::test]
    async fn a_program_that_repeats_the_secret_is_not_quoted() {
        let loud = single("cat >&2; exit 3");
        check_failed(loud.put("k", &secret()).await, "exit status: 3");
        let partly = single("cut -c 1-9 >&2; exit 3");
        check_failed(partly.put("k", &secret()).await, "exit status: 3");
        let read = single("echo CANARY-1; echo bad CANARY-1 >&2; exit 4");
        check_failed(read.get("k", IsKnown::Yes).await, "exit status: 4");
        let plain = single("cat >/dev/null; printf 'gpg: no \\033[2Jkey\\nmore' >&2; exit 2");
        check_failed(
            plain.put("k", &secret()).await,
            "exit status: 2: gpg: no [2Jkey",
        );
    }

    #[tokio::test]
    async fn no_secret_is_in_arguments_or_environment() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("seen").display().to_string();
        let script =
            format!("cat >/dev/null; (env; echo \"$@\"; tr '\\0' ' ' </proc/$$/cmdline) >{file}");
        single(&script).put("k", &secret()).await.unwrap();
        let seen = std::fs::read_to_string(&file).unwrap();
        assert!(seen.contains("PATH=") && !seen.contains("CANARY"), "{seen}");
    }

    #[tokio::test]
    async fn what_does_not_work_is_said() {
        let absent = Programs(VaultCommands {
            write: vec!["/nowhere/pass".into(), "{key}".into()],
            ..in_folder(std::path::Path::new("/nowhere"))
        });
        let outcome = absent.put("k", &secret()).await;
        assert!(
            matches!(&outcome, Err(VaultError::Command { command, .. }) if command == "/nowhere/pass"),
            "{outcome:?}"
        );
        check_failed(
            single("head -c 2000000 /dev/zero")
                .get("k", IsKnown::Yes)
                .await,
            "too much",
        );
        check_failed(
            single("printf '\\377'").get("k", IsKnown::Yes).await,
            "unreadable",
        );
        let long = SecretString::from("x".repeat(1 << 19));
        check_failed(
            single("exec true").put("k", &long).await,
            "did not read the whole secret",
        );
        assert!(Programs::new(None).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_hangs_is_given_up() {
        let outcome = single("exec sleep 1000").get("k", IsKnown::No).await;
        check_failed(outcome, "no answer within 60 s");
    }

    #[test]
    fn keys_become_harmless_names() {
        for (key, name) in [
            ("token/work", "token/work"),
            ("token/a+send", "token/a+send"),
            ("secret/a@b.c-d_e", "secret/a@b.c-d_e"),
            ("token/../../x", "token/%2E./%2E./x"),
            ("token/$(rm) ;'\"", "token/%24%28rm%29%20%3B%27%22"),
            ("-a/-b", "%2Da/%2Db"),
            ("/etc", "%2Fetc"),
            ("\u{e9}", "%C3%A9"),
            ("100%", "100%25"),
        ] {
            assert_eq!(file_name(key), name);
        }
    }
}
