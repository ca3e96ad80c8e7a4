//! No room, and files in the way: the program says what and where, changes nothing it cannot finish, and goes on
//! when there is room again.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::home::{Copies, Home, House, check_cache_is_the_servers, said};

/// Says that a story could not be told; `tests/run` repeats it at the end and fails. Past the test's own output, which
/// nobody sees when it passes.
fn could_not_run(story: &str, why: &str) {
    let line = format!("\ncould not run here: {story}, because {why}\n");
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}

/// A small file system in memory, where this machine lets us make one.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size},mode=700"),
                "tmpfs",
            ])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(Self { folder })
    }

    fn home(&self) -> tempfile::TempDir {
        tempfile::tempdir_in(self.folder.path()).unwrap()
    }

    /// Fills what is left but so many bytes.
    fn fill(&self, but: u64) {
        let path = self.folder.path().join("ballast");
        let mut file = std::fs::File::create(&path).unwrap();
        while std::io::Write::write_all(&mut file, &[7; 4096]).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(but)).unwrap();
    }

    fn clear(&self) {
        std::fs::remove_file(self.folder.path().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let path = self.folder.path();
        let _ = Command::new("umount").arg("-l").arg(path).status();
    }
}

#[test]
fn a_full_disk_is_said_and_when_there_is_room_again_nothing_is_missing() {
    let Some(disk) = SmallDisk::mount("24m") else {
        could_not_run("a full disk", "no file system can be mounted");
        return;
    };
    let house = House::open(200);
    let home = Home::at(disk.home(), &house, Copies::Server);
    disk.fill(300 * 1024);
    let full = home.run(&["sync"]);
    assert!(!full.status.success(), "there was room");
    let told = said(&full).to_lowercase();
    assert!(
        told.contains("full") || told.contains("space"),
        "not said: {told}"
    );
    let queue = [
        "send",
        "--no-wait",
        "--from",
        house.user(),
        "--to",
        house.shared(),
        "--subject",
        "No room",
    ];
    let mut child = home.begin(&queue, &"a long text\n".repeat(50_000));
    assert!(!child.wait().unwrap().success(), "there was room");
    disk.clear();
    assert_eq!(home.outbox().len(), 0, "what was refused is not there");
    home.works(&["sync"]);
    check_cache_is_the_servers(&home, &house);
    let mut child = home.begin(&queue, "short\n");
    assert!(child.wait().unwrap().success());
    assert_eq!(home.outbox().len(), 1);
}

/// The same without a mount: no file may grow beyond a limit, which the system says with another error.
#[test]
fn a_file_that_may_not_grow_is_said_and_when_it_may_nothing_is_missing() {
    let house = House::open(200);
    let home = Home::new(&house, Copies::Server);
    let limited = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$0\" sync"])
        .arg(env!("CARGO_BIN_EXE_pillarbox"))
        .env("PILLARBOX_HOME", home.path())
        .stdin(Stdio::null())
        .output();
    let Ok(limited) = limited else {
        could_not_run("a limit of file sizes", "there is no bash");
        return;
    };
    assert!(!limited.status.success(), "the limit did not bite");
    let told = said(&limited);
    assert!(told.contains("error:"), "not said: {told}");
    assert!(!told.contains("damaged"), "{told}");
    let then = home.works(&["sync"]);
    assert!(!said(&then).contains("damaged"), "{}", said(&then));
    check_cache_is_the_servers(&home, &house);
}

fn in_the_way(path: &Path) {
    let _ = std::fs::remove_file(path);
    std::fs::create_dir_all(path.join("somebody's")).unwrap();
}

/// Rights do not stop everybody; a folder in its place does.
#[test]
fn settings_that_cannot_be_read_are_named_and_nothing_else_is_touched() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    home.works(&["sync"]);
    let config = home.paths().config;
    let text = std::fs::read(&config).unwrap();
    let before = std::fs::read(home.database()).unwrap();
    in_the_way(&config);
    for command in [&["sync"][..], &["account", "list"], &["outbox", "list"]] {
        let output = home.run(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let told = said(&output);
        assert!(told.contains(&*config.to_string_lossy()), "{told}");
    }
    assert!(std::fs::read(home.database()).unwrap() == before);
    std::fs::remove_dir_all(&config).unwrap();
    std::fs::write(&config, text).unwrap();
    home.works(&["sync"]);
    check_cache_is_the_servers(&home, &house);
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    let state = home.paths().state;
    in_the_way(&state.join("pillarbox.log"));
    home.works(&["sync"]);
    std::fs::remove_dir_all(&state).unwrap();
    std::fs::write(&state, "a file where the log's folder should be").unwrap();
    home.works(&["sync"]);
    check_cache_is_the_servers(&home, &house);
}
