//! The program and its neighbours: the editor, the clipboard, the shell, the system that wants it to end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portable_pty::CommandBuilder;

use crate::console::{Console, program};
use crate::home::{Copies, Home, House};

const ENTERED: &str = "\x1b[?1049h";
const LEFT: &str = "\x1b[?1049l";

/// Writes a small program that is used as an editor.
fn editor(folder: &Path, text: &str) -> String {
    let path = folder.join("editor");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Opens a composer with a word in its text.
fn writing(home: &Home, editor: &str) -> Console {
    let mut console = Console::run(home, program(), &[("EDITOR", editor)]);
    console.sees("All inboxes");
    console.types("c\t\t\tWith an editor\tbefore");
    console.sees("before");
    console.forget();
    console
}

#[test]
fn an_editor_gets_the_terminal_and_the_text_and_both_come_back() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    let script = "test -t 0 && test -t 1 && stty -a | grep -q ' icanon' && cat \"$1\" > \"$0.seen\" \
                  && printf 'by the editor\\n' >> \"$1\"";
    let editor = editor(home.path(), script);
    let mut console = writing(&home, &editor);
    console.types("\x05");
    console.sees("by the editor");
    let record = console.record();
    let left = record.find(LEFT).expect("the terminal was not given away");
    let shown = record.find("\x1b[?25h").expect("the cursor was not shown");
    assert!(left < record.find(ENTERED).unwrap() && shown < record.find(ENTERED).unwrap());
    let seen = std::fs::read_to_string(format!("{editor}.seen")).unwrap();
    assert!(seen.contains("before"), "{seen:?}");
    // Keys go to the text again, raw ones too.
    console.types("\x1b[1;5Hafter ");
    console.sees("after");
    console.quit();
}

#[test]
fn an_editor_that_fails_or_is_missing_is_explained_and_costs_no_text() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    let failing = editor(home.path(), "printf 'half a text' > \"$1\"; exit 3");
    for (editor, said) in [
        (failing.as_str(), "ended with"),
        ("/no/such/editor", "does not start"),
    ] {
        let mut console = writing(&home, editor);
        console.types("\x05");
        console.sees(said);
        console.sees("before");
        assert!(!console.text().contains("half a text"));
        console.types(" and after");
        console.sees("before and after");
        console.quit();
    }
}

/// Copies the code of a sign-in and returns it with all that came to the terminal.
fn copied(variables: &[(&str, &str)]) -> (String, String) {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    home.works(&["sign-out", "work"]);
    let mut console = Console::run(&home, program(), variables);
    console.sees("All inboxes");
    console.types("gc");
    console.sees("sign in");
    console.types("s");
    console.sees("Enter this code");
    console.types("c");
    console.sees("Copied");
    let record = console.record();
    let (_, rest) = record.split_once("\x1b]52;c;").expect("nothing was copied");
    let (code, _) = rest.split_once('\x1b').unwrap();
    let code = STANDARD.decode(code).unwrap();
    let code = String::from_utf8(code).unwrap();
    console.quit();
    (code, record)
}

#[test]
fn the_code_reaches_the_clipboard_of_the_terminal() {
    let (code, record) = copied(&[]);
    assert!(code.len() >= 6 && code.is_ascii(), "{code:?}");
    assert!(!record.contains("tmux;"));
}

#[test]
fn inside_tmux_the_code_is_passed_on_too() {
    let (code, record) = copied(&[("TMUX", "/tmp/tmux-0/default,1,0")]);
    let inner = format!(
        "\x1bPtmux;\x1b\x1b]52;c;{}\x1b\x1b\\\x1b\\",
        STANDARD.encode(code)
    );
    assert!(record.contains(&inner), "{record:?}");
}

/// Runs the program under a shell with job control.
fn shell(home: &Home) -> Console {
    let mut command = CommandBuilder::new("sh");
    let script = "set -m; \"$0\"; stty -a | grep -q ' icanon' && echo the shell is back; read line; fg >/dev/null";
    command.args(["-c", script, env!("CARGO_BIN_EXE_pillarbox")]);
    Console::run(home, command, &[])
}

#[test]
fn ctrl_z_goes_to_the_shell_and_fg_comes_back_at_the_size_the_terminal_has_then() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    let mut console = shell(&home);
    console.sees("All inboxes");
    console.types("c\t\t\tKept meanwhile");
    console.sees("Kept meanwhile");
    console.forget();
    console.types("\x1a");
    console.sees("the shell is back");
    assert!(console.record().contains(LEFT) && !console.record().contains(ENTERED));
    console.resize(100, 30);
    console.types("\n");
    console.sees("Kept meanwhile");
    console.waits("the new size", |console| {
        console.text().lines().any(|line| line.chars().count() > 80)
    });
    console.types(" and later");
    console.sees("Kept meanwhile and later");
    console.quit();
}

#[test]
fn a_program_stopped_from_outside_draws_everything_anew_when_it_goes_on() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    let console = Console::open(&home);
    console.sees("All inboxes");
    for signal in ["-STOP", "-CONT"] {
        console.forget();
        let id = console.process().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }
    console.waits("everything again", |console| {
        console.record().contains("\x1b[2J") && console.record().contains("All inboxes")
    });
    console.quit();
}

#[test]
fn a_program_told_to_end_keeps_the_draft_and_leaves_the_terminal_as_it_was() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    for signal in ["-TERM", "-HUP"] {
        let mut console = Console::open(&home);
        console.sees("All inboxes");
        console.types(&format!("c\t\t\tEnded by{signal}"));
        console.sees(&format!("Ended by{signal}"));
        let id = console.process().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(console.ends(), "after {signal}");
        assert!(console.record().ends_with("\x1b[?25h"), "after {signal}");
        let engine = home.engine(&house);
        let drafts = house.runtime.block_on(engine.drafts()).unwrap();
        house.runtime.block_on(engine.stop());
        let expected = format!("Ended by{signal}");
        assert!(drafts.iter().any(|(_, draft, _)| draft.subject == expected));
    }
}
