//! The test command itself: what it says and how it ends on machines that lack something.
//!
//! It runs a copy of `tests/run` among programs that only pretend; nothing is installed, built or started.

#![cfg(test)]
#![cfg(target_os = "linux")]

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

/// Real programs the script may use; everything else on its path is ours.
const TOOLS: &[&str] = &[
    "awk", "bash", "cat", "dirname", "env", "grep", "mkdir", "printf", "readlink", "rm", "sed",
    "tail", "tee",
];

/// What `cargo test` says: two that pass, one that needs the servers.
const PLAIN: &str = "test one ... ok\ntest two ... ok\ntest lab::three ... ignored, needs the real servers\n\
    test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n";
/// The same where one breaks.
const BROKEN: &str = "test one ... ok\ntest two ... FAILED\ntest lab::three ... ignored, needs the real servers\n\
    test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out\n";
const REAL: &str = "test lab::three ... ok\n\
    test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out\n";

/// A machine as the script finds it.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    /// A machine that has everything.
    fn whole() -> Self {
        let machine = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for folder in ["bin", "tests/servers"] {
            std::fs::create_dir_all(machine.path(folder)).unwrap();
        }
        for tool in TOOLS {
            let found = ["/bin", "/usr/bin"].map(|place| Path::new(place).join(tool));
            let found = found.iter().find(|path| path.exists());
            symlink(found.expect(tool), machine.path("bin").join(tool)).unwrap();
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run");
        std::fs::copy(script, machine.path("tests/run")).unwrap();
        machine
            // Never root, so that nothing outside of this folder can be written.
            .with("bin/id", "echo 1000")
            .with("bin/sudo", "shift; \"$@\"")
            .with("bin/dpkg-query", "echo 'install ok installed'")
            .with("bin/apt-get", "exit 0")
            .with("bin/debconf-set-selections", "cat > /dev/null")
            .with("bin/node", "exit 0")
            .with("bin/npm", "exit 0")
            .with("tests/servers/up", "echo /nowhere/env")
            .with("tests/servers/down", "exit 0")
            .cargo(PLAIN, 0)
    }

    /// A machine without the packages; `apt_get` is what its installer does.
    fn bare(apt_get: &str) -> Self {
        Self::whole()
            .with("bin/dpkg-query", "exit 1")
            .with(
                "bin/tee",
                "case $1 in /usr/*) cat > /dev/null ;; *) cat | /usr/bin/tee \"$@\" ;; esac",
            )
            .with("bin/chmod", "exit 0")
            .with("bin/apt-get", apt_get)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn with(self, name: &str, body: &str) -> Self {
        let path = self.path(name);
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, format!("#!/bin/bash\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        self
    }

    fn without(self, name: &str) -> Self {
        std::fs::remove_file(self.path(name)).unwrap();
        self
    }

    /// Sets what `cargo test` says and how it ends; what else cargo does succeeds.
    fn cargo(self, says: &str, code: u8) -> Self {
        let body = format!(
            "echo \"$@\" >> asked\ncase $* in\n  *--ignored*) printf '{REAL}' ;;\n  test*) printf '{says}'; exit {code} ;;\nesac"
        );
        self.with("bin/cargo", &body)
    }

    /// Runs the command; returns whether it succeeded and all it said.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("/bin/bash")
            .arg("tests/run")
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", self.path("bin"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }

    fn asked(&self) -> String {
        std::fs::read_to_string(self.path("asked")).unwrap_or_default()
    }
}

/// Checks that the rest was run, that it is said what was not, and that the command fails.
fn check_rest_runs(machine: &Machine, failed: &str) {
    let (is_good, said) = machine.run(&[]);
    assert!(!is_good, "{said}");
    let asked = machine.asked();
    for line in ["fmt --check", "test --no-fail-fast"] {
        assert!(asked.contains(line), "no cargo {line}: {asked}");
    }
    assert!(!asked.contains("--ignored"), "{asked}");
    assert!(
        said.contains("not run, because the real servers are not here:\n  lab::three"),
        "{said}"
    );
    assert!(said.contains(&format!("failed: {failed}\n")), "{said}");
    assert!(said.ends_with("2 passed, 1 failed, 1 skipped\n"), "{said}");
}

#[test]
fn a_whole_machine_runs_everything() {
    let machine = Machine::whole();
    let (is_good, said) = machine.run(&[]);
    assert!(is_good, "{said}");
    assert!(machine.asked().contains("--ignored"));
    assert!(!said.contains("not run"), "{said}");
    assert!(said.ends_with("3 passed, 0 failed, 0 skipped\n"), "{said}");
}

#[test]
fn packages_that_cannot_be_installed_leave_the_rest() {
    let machine = Machine::bare("echo 'E: no network'; exit 100");
    check_rest_runs(&machine, "packages");
    let (_, said) = machine.run(&[]);
    assert!(said.contains("E: no network"), "{said}");
}

#[test]
fn an_installer_that_lies_leaves_the_rest() {
    check_rest_runs(&Machine::bare("exit 0"), "packages");
}

#[test]
fn a_machine_without_installer_leaves_the_rest() {
    check_rest_runs(&Machine::bare("").without("bin/apt-get"), "packages");
}

#[test]
fn a_person_without_rights_leaves_the_rest() {
    check_rest_runs(
        &Machine::bare("exit 0").with("bin/sudo", "echo 'a password is required'; exit 1"),
        "packages",
    );
}

#[test]
fn servers_that_do_not_start_leave_the_rest() {
    check_rest_runs(
        &Machine::whole().with("tests/servers/up", "exit 1"),
        "servers",
    );
}

#[test]
fn quick_is_content_without_servers_and_says_so() {
    let machine = Machine::bare("exit 100");
    let (is_good, said) = machine.run(&["--quick"]);
    assert!(is_good, "{said}");
    assert!(said.contains("not run, because --quick"), "{said}");
    assert!(said.contains("  lab::three\n"), "{said}");
}

#[test]
fn a_broken_test_fails_the_command() {
    let (is_good, said) = Machine::whole().cargo(BROKEN, 101).run(&[]);
    assert!(!is_good && said.contains("failed: tests\n"), "{said}");
    assert!(said.ends_with("2 passed, 1 failed, 0 skipped\n"), "{said}");
}

#[test]
fn a_test_that_finds_the_machine_unfit_is_named_and_fails_the_command() {
    let says = format!("could not run here: a full disk, because of this\n{PLAIN}");
    let machine = Machine::whole().cargo(&says, 0);
    let (is_good, said) = machine.run(&[]);
    assert!(!is_good, "{said}");
    assert!(
        said.contains("not run: a full disk, because of this\n"),
        "{said}"
    );
    assert!(said.ends_with("3 passed, 1 failed, 0 skipped\n"), "{said}");
    let (is_good, said) = machine.run(&["--quick"]);
    assert!(is_good && said.contains("not run: a full disk"), "{said}");
}

#[test]
fn a_referee_that_could_not_come_is_named_and_fails_the_command() {
    let says = format!("could not run here: the referee ews, because of this\\n{BROKEN}");
    let body = format!(
        "case $* in *--ignored*) printf '{says}'; exit 101 ;; test*) printf '{PLAIN}' ;; esac"
    );
    let (is_good, said) = Machine::whole().with("bin/cargo", &body).run(&[]);
    assert!(!is_good, "{said}");
    assert!(
        said.contains("not run: the referee ews, because of this\n"),
        "{said}"
    );
    assert!(
        said.contains("failed: tests against real servers\n"),
        "{said}"
    );
}

#[test]
fn tests_that_do_not_even_build_are_no_success() {
    let (is_good, said) = Machine::whole()
        .cargo("error: could not compile\n", 101)
        .run(&[]);
    assert!(!is_good, "{said}");
    assert!(said.ends_with("1 passed, 1 failed, 0 skipped\n"), "{said}");
}
