//! Secrets that move from one kind of vault to another, and sign-ins that go on.

use crate::home::Guide;

/// A signed-in account.
fn signed_in() -> Guide {
    let guide = Guide::new();
    let app = guide.app("daemon-secret");
    let secret = std::fs::read_to_string(app.secret_file.as_ref().unwrap()).unwrap();
    let flags = [
        "--address=support@harborvale.example",
        "--provider=microsoft365",
        "--method=client-secret",
        "--tenant=harborvale.example",
        "--client-id",
        app.client_id,
        "--secret-stdin",
    ];
    guide.add(&flags, &format!("{secret}\n"));
    guide.sign_in_as_app();
    guide
}

/// Programs that keep each secret in a file of its own, as `pass` does.
fn programs(guide: &Guide) -> [String; 3] {
    let folder = guide.path().join("programs");
    std::fs::create_dir_all(&folder).unwrap();
    let script = folder.join("keep");
    let text = format!(
        "#!/bin/sh\nfile=\"{}/$(echo \"$2\" | tr / _)\"\n\
         case \"$1\" in\nread) test -f \"$file\" && cat \"$file\" ;;\nwrite) cat > \"$file\" ;;\nremove) rm -f \"$file\" ;;\nesac\n",
        folder.display()
    );
    std::fs::write(&script, text).unwrap();
    ["read", "write", "remove"].map(|verb| format!("sh {} {verb} {{key}}", script.display()))
}

#[test]
fn secrets_move_to_programs_and_back_and_the_account_works_on() {
    let guide = signed_in();
    let [read, write, remove] = programs(&guide);
    let shown = guide.json(&["vault", "show", "--json"]);
    assert_eq!(shown["kind"], "file");

    let line = [
        "vault", "move", "--to", "command", "--read", &read, "--write", &write, "--remove", &remove,
    ];
    let output = guide.given(&line, "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("start them anew"),
        "{said}"
    );
    assert_eq!(guide.json(&["vault", "show", "--json"])["kind"], "command");
    let kept = std::fs::read_dir(guide.path().join("programs"))
        .unwrap()
        .count();
    assert!(kept >= 3, "the script, the secret and the tokens: {kept}");
    assert!(
        !guide.path().join("data/vault").exists(),
        "the old place is empty"
    );
    guide.lists_mail(&["support@harborvale.example"]);

    let key = guide.path().join("other.key");
    let line = ["vault", "move", "--to", "key-file", "--key-file"];
    let line = [&line[..], &[key.to_str().unwrap()]].concat();
    guide.text(&line);
    let shown = guide.json(&["vault", "show", "--json"]);
    assert_eq!(shown["kind"], "file");
    assert_eq!(shown["key_file"], key.to_str().unwrap());
    assert_eq!(
        std::fs::read_dir(guide.path().join("programs"))
            .unwrap()
            .count(),
        1
    );
    guide.lists_mail(&["support@harborvale.example"]);
}

#[test]
fn a_place_that_does_not_work_leaves_everything_as_it_was() {
    let guide = signed_in();
    let before = std::fs::read(guide.path().join("config.toml")).unwrap();
    let check = |line: &[&str], code: i32, part: &str| {
        let all = [&["vault", "move", "--to"], line].concat();
        let said = guide.fails(&all, "", code);
        assert!(said.contains(part), "{line:?}: {said}");
        let after = std::fs::read(guide.path().join("config.toml")).unwrap();
        assert_eq!(before, after, "{line:?}");
    };
    check(&["key-file"], 2, "--key-file");
    check(&["keyring", "--key-file", "x"], 2, "--key-file");
    check(
        &[
            "command", "--read", "cat", "--write", "cat", "--remove", "cat",
        ],
        1,
        "{key}",
    );
    let broken = ["command", "--read", "false {key}", "--write", "false {key}"];
    check(
        &[&broken[..], &["--remove", "false {key}"]].concat(),
        1,
        "error",
    );
    guide.lists_mail(&["support@harborvale.example"]);
}
