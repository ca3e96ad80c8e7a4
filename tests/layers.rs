//! Who may use whom: the layers of `src`, and which folder may name which outside crate.
//!
//! Textual on purpose: it needs no compiler, and what it cannot read is forbidden.

#![expect(
    clippy::string_slice,
    reason = "the places come from searches of the same text, and a test may stop"
)]

#[cfg(test)]
mod source;

#[cfg(test)]
mod layers {
    use crate::source::{File, code_of, end_of_group, files, line_of, without_test_items};

    /// Each folder and the folders it may use; every one stands below those that use it.
    const LAYERS: &[(&str, &[&str])] = &[
        ("model", &[]),
        ("net", &["model"]),
        ("config", &["model"]),
        ("mime", &["model"]),
        ("discover", &["model", "net"]),
        ("auth", &["model", "config", "net"]),
        ("store", &["model"]),
        ("admin", &["model"]),
        ("backend", &["model", "mime", "net", "auth"]),
        (
            "engine",
            &[
                "model", "mime", "config", "store", "auth", "discover", "backend",
                // Errors and `Trust`, `Http` are handed through from below.
                "net",
            ],
        ),
        ("demo", &["model", "mime"]),
        (
            "explain",
            &[
                "model", "net", "config", "mime", "discover", "auth", "store", "backend", "engine",
            ],
        ),
        (
            "tui",
            &["model", "mime", "config", "admin", "engine", "explain"],
        ),
        (
            "cli",
            &[
                "model", "config", "admin", "engine", "explain", "tui", "demo",
            ],
        ),
    ];

    /// Outside crates and the only places that may name them.
    const FENCES: &[(&str, &[&str])] = &[
        ("rusqlite", &["src/store/"]),
        ("rustls", &["src/net/", "src/demo/"]),
        ("tokio_rustls", &["src/net/", "src/demo/"]),
        ("rustls_platform_verifier", &["src/net/", "src/demo/"]),
        ("webpki_roots", &["src/net/", "src/demo/"]),
        ("reqwest", &["src/net/", "src/demo/"]),
        ("hyper", &["src/net/", "src/demo/"]),
        ("hyper_util", &["src/net/", "src/demo/"]),
        ("rcgen", &["src/net/", "src/demo/"]),
        ("hickory_resolver", &["src/net/"]),
        ("psl", &["src/discover/"]),
        ("ratatui", &["src/tui/"]),
        ("ratatui_textarea", &["src/tui/"]),
        ("crossterm", &["src/tui/"]),
        ("rustix", &["src/tui/", "src/cli/mod.rs"]),
        ("clap", &["src/cli/"]),
        ("clap_complete", &["src/cli/"]),
        ("keyring_core", &["src/auth/"]),
        ("zbus_secret_service_keyring_store", &["src/auth/"]),
        ("oauth2", &["src/auth/"]),
        ("x509_parser", &["src/auth/", "src/net/"]),
        ("shell_words", &["src/config/"]),
        ("async_imap", &["src/backend/imap/"]),
        ("imap_proto", &["src/backend/imap/"]),
        ("lettre", &["src/backend/smtp/", "src/mime/"]),
        ("imap_codec", &["src/demo/"]),
        ("mail_parser", &["src/mime/"]),
        ("html2text", &["src/mime/"]),
    ];

    /// Plain layers wait for nothing.
    const NO_RUNTIME: &[&str] = &["src/model/", "src/mime/"];
    const RUNTIMES: &[&str] = &["tokio", "tokio_util", "futures_util", "async_trait"];

    /// What tests inside of `src` may name wherever they are.
    const TEST_CRATES: &[&str] = &["rcgen"];

    fn folder_of(path: &str) -> Option<&str> {
        path.strip_prefix("src/")?
            .split_once('/')
            .map(|(folder, _)| folder)
    }

    /// Tells whether this is the `mod.rs` of a layer, whose `super` is the crate.
    fn is_folder_root(path: &str) -> bool {
        folder_of(path).is_some_and(|folder| path == format!("src/{folder}/mod.rs"))
    }

    fn is_word(c: char) -> bool {
        c.is_alphanumeric() || c == '_'
    }

    fn first_word(text: &str) -> &str {
        let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
        &text[..end]
    }

    /// Places where `code` names the path root `name`: `name::…` or `use name…`.
    fn paths_from(code: &str, name: &str) -> Vec<usize> {
        code.match_indices(name)
            .map(|(at, _)| at)
            .filter(|&at| {
                let before = &code[..at];
                let after = &code[at + name.len()..];
                let is_whole = !before.ends_with(is_word) && !after.starts_with(is_word);
                let is_root = !before.ends_with("::") || before.ends_with(" ::");
                let is_used = after.starts_with("::")
                    || before.trim_end().ends_with("use") && after.starts_with([';', ' ']);
                is_whole && is_root && is_used
            })
            .collect()
    }

    /// What one file does wrong; `errors_of(folder)` is the text of that folder's `error.rs`.
    fn faults(file: &File, errors_of: &dyn Fn(&str) -> String) -> Vec<String> {
        let code = code_of(&file.text);
        let mut faults = imports(file, &code);
        faults.extend(uses(file, &code, errors_of));
        faults.extend(fences(file, &code));
        faults
    }

    fn imports(file: &File, code: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |at: usize, what: &str| {
            faults.push(format!("{}:{}: {what}", file.path, line_of(code, at)));
        };
        for (at, _) in code.match_indices("super::super") {
            fault(at, "super::super: name the whole path");
        }
        for root in ["crate::", "super::", "self::"] {
            for (at, _) in code.match_indices(&format!("use {root}")) {
                let end = code[at..].find(';').map_or(code.len(), |end| at + end);
                let import = &code[at..end];
                let list = import.find('{').map_or("", |brace| &import[brace + 1..]);
                // The crate's root has modules only; a folder's own mod.rs sees them as `super`.
                let is_root = root == "crate::" || root == "super::" && is_folder_root(&file.path);
                let is_of_many = is_root && import.contains(&format!("use {root}{{"));
                if is_of_many || list.contains("::") || list.contains('{') {
                    fault(at, "an import names items of one module only");
                }
            }
        }
        faults
    }

    fn uses(file: &File, code: &str, errors_of: &dyn Fn(&str) -> String) -> Vec<String> {
        let Some(folder) = folder_of(&file.path) else {
            return Vec::new(); // lib.rs has no code, main.rs calls cli
        };
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == folder) else {
            return vec![format!("{}: {folder} is no layer", file.path)];
        };
        let mut faults = Vec::new();
        for at in paths_from(code, "crate")
            .into_iter()
            .chain(paths_from(code, "super"))
        {
            let rest = &code[at..];
            // `super` is the crate's root only in a folder's own mod.rs.
            if rest.starts_with("super") && !is_folder_root(&file.path) {
                continue;
            }
            let used = first_word(&rest["crate::".len()..]);
            let is_layer = LAYERS.iter().any(|(name, _)| *name == used);
            if !is_layer || used == folder {
                continue;
            }
            if !allowed.contains(&used) {
                let line = line_of(code, at);
                faults.push(format!("{}:{line}: {folder} may not use {used}", file.path));
            } else if folder == "explain" && used != "model" {
                faults.extend(not_errors(file, code, at, &errors_of(used)));
            }
        }
        faults
    }

    /// `explain` takes only what a folder's `error.rs` declares.
    fn not_errors(file: &File, code: &str, at: usize, errors: &str) -> Vec<String> {
        let after_folder = &code[at + "crate::".len()..];
        let item = after_folder.split_once("::").map_or("", |(_, item)| item);
        let names: Vec<&str> = if item.starts_with('{') {
            let end = end_of_group(item, 0, '{', '}');
            item[1..end - 1].split(',').map(str::trim).collect()
        } else {
            vec![first_word(item)]
        };
        names
            .into_iter()
            .filter(|name| !name.is_empty())
            .filter(|name| {
                !["enum", "struct"]
                    .iter()
                    .any(|kind| errors.contains(&format!("pub {kind} {name} ")))
            })
            .map(|name| {
                let line = line_of(code, at);
                format!(
                    "{}:{line}: explain may use only errors, not {name}",
                    file.path
                )
            })
            .collect()
    }

    fn fences(file: &File, code: &str) -> Vec<String> {
        let code = if file.is_test() {
            String::new()
        } else {
            without_test_items(code)
        };
        let with_tests = code_of(&file.text);
        let mut faults = Vec::new();
        let mut fault = |at: usize, name: &str| {
            let line = line_of(&with_tests, at);
            faults.push(format!(
                "{}:{line}: {name} is not for this folder",
                file.path
            ));
        };
        for (name, places) in FENCES {
            if places.iter().any(|place| file.path.starts_with(place)) {
                continue;
            }
            let text = if TEST_CRATES.contains(name) {
                &code
            } else {
                &with_tests
            };
            for at in paths_from(text, name) {
                fault(at, name);
            }
        }
        if NO_RUNTIME.iter().any(|place| file.path.starts_with(place)) {
            for name in RUNTIMES {
                for at in paths_from(&with_tests, name) {
                    fault(at, name);
                }
            }
        }
        faults
    }

    fn no_errors(_folder: &str) -> String {
        String::new()
    }

    fn check(path: &str, text: &str, expected: &[&str]) {
        let found = faults(&File::fixture(path, text), &no_errors);
        assert_eq!(found.len(), expected.len(), "{path}: {text}\n{found:#?}");
        for (fault, expected) in found.iter().zip(expected) {
            assert!(
                fault.contains(expected),
                "{fault} does not say {expected:?}"
            );
        }
    }

    #[test]
    fn every_layer_uses_only_those_below_it() {
        let tree = files("src");
        let errors_of = |folder: &str| {
            let path = format!("src/{folder}/error.rs");
            tree.iter()
                .find(|file| file.path == path)
                .map_or_else(String::new, |file| file.text.clone())
        };
        let found: Vec<String> = tree
            .iter()
            .filter(|file| file.is_rust())
            .flat_map(|file| faults(file, &errors_of))
            .collect();
        assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    }

    #[test]
    fn the_table_itself_has_no_cycle() {
        for (place, (name, allowed)) in LAYERS.iter().enumerate() {
            for used in *allowed {
                let below = LAYERS.iter().position(|(name, _)| name == used);
                assert!(
                    below.is_some_and(|below| below < place),
                    "{name} uses {used}"
                );
            }
        }
    }

    #[test]
    fn an_import_from_above_is_caught_however_it_is_written() {
        check(
            "src/net/http.rs",
            "use crate::engine::Engine;",
            &["net may not use engine"],
        );
        check("src/net/http.rs", "fn f(_: crate :: engine::X) {}", &[]); // rustfmt never writes this
        check(
            "src/net/http.rs",
            "fn f(_: crate::engine::X) {}",
            &["may not use engine"],
        );
        check("src/net/mod.rs", "use super::tui;", &["may not use tui"]);
        check(
            "src/net/http.rs",
            "#[cfg(test)]\nmod tests { use crate::tui::App; }",
            &[":2: net"],
        );
        check("src/utils2/mod.rs", "", &["utils2 is no layer"]);
        check(
            "src/net/http.rs",
            "// crate::engine\nlet x = \"crate::engine::X\";",
            &[],
        );
        check(
            "src/net/http.rs",
            "use crate::model::Account;\nuse crate::net::Trust;",
            &[],
        );
    }

    #[test]
    fn imports_name_items_of_one_module() {
        check(
            "src/net/a.rs",
            "use crate::{model::A, net::B};",
            &["one module"],
        );
        check(
            "src/net/a.rs",
            "use crate::model::{A, b::C};",
            &["one module"],
        );
        check(
            "src/net/a.rs",
            "use super::super::model;",
            &["super::super"],
        );
        check(
            "src/net/a.rs",
            "use crate::model::{\n    A,\n    B,\n};",
            &[],
        );
    }

    #[test]
    fn neighbours_may_be_named_through_super() {
        check("src/net/a.rs", "use super::{B, C};", &[]);
        check(
            "src/net/mod.rs",
            "use super::{model, tui};",
            &["one module"],
        );
    }

    #[test]
    fn outside_crates_stay_behind_their_fence() {
        check(
            "src/engine/a.rs",
            "use rusqlite::Connection;",
            &["rusqlite"],
        );
        check("src/store/a.rs", "use rusqlite::Connection;", &[]);
        check(
            "src/backend/mod.rs",
            "fn f() -> lettre::Message {}",
            &["lettre"],
        );
        check("src/backend/smtp/a.rs", "use lettre::Message;", &[]);
        check("src/model/a.rs", "use tokio::sync::Notify;", &["tokio"]);
        check("src/auth/a.rs", "use crate::auth::rustls_facts;", &[]);
        check("src/backend/imap/tests.rs", "use rcgen::KeyPair;", &[]);
        check("src/backend/imap/a.rs", "use rcgen::KeyPair;", &["rcgen"]);
    }

    #[test]
    fn explain_sees_errors_only() {
        let errors = |_: &str| "pub enum NetError {}".to_owned();
        let file = File::fixture("src/explain/a.rs", "use crate::net::{NetError, Trust};");
        let found = faults(&file, &errors);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("not Trust"), "{found:?}");
    }

    #[test]
    fn literals_and_comments_are_not_code() {
        let text = "a /* b /* c */ d */ e \"f\\\" g\" 'h' '\\'' r#\"i \" j\"# 'static // k\nl";
        let code = code_of(text);
        let words: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(words, ["a", "e", "'static", "l"]);
        assert_eq!(code.lines().count(), 2);
    }
}
