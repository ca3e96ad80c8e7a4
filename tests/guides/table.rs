//! The table of what is proved names tests; they must exist.

use std::path::Path;

/// All Rust text below a folder.
fn text_below(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &text_below(&path);
        } else if path.extension().is_some_and(|end| end == "rs") {
            text += &std::fs::read_to_string(&path).unwrap();
        }
    }
    text
}

#[test]
fn every_test_that_the_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = text_below(&root.join("src")) + &text_below(&root.join("tests"));
    let document = std::fs::read_to_string(root.join("docs/sign-in.md")).unwrap();
    let (_, section) = document.split_once("## What proves it").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    // Between backticks stand keys, too; a test's name is a sentence.
    let quoted = section.split('`').skip(1).step_by(2);
    let names: Vec<&str> = quoted
        .filter(|word| word.matches('_').count() > 2)
        .collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        assert!(
            code.contains(&format!("fn {name}(")),
            "no test is called {name}"
        );
    }
}
