//! How the tree is kept: sizes, docs, names, words, and what lies at the top.
//!
//! Rules only; who may use whom is in `layers.rs`.

#![expect(
    clippy::string_slice,
    reason = "the places come from searches of the same text, and a test may stop"
)]

#[cfg(test)]
mod source;

#[cfg(test)]
mod tidy {
    use std::collections::BTreeMap;

    use crate::source::{File, code_of, end_of_group, files, line_of, without_test_items};

    const MOST_LINES: usize = 500;
    const MOST_LINES_OF_A_FUNCTION: usize = 80;
    const MOST_PARAMETERS: usize = 5;
    const MOST_FILES_OF_A_FOLDER: usize = 15;
    const MOST_LINES_OF_ARCHITECTURE: usize = 200;

    /// Everything that may lie at the top, besides dot files.
    const TOP: &[&str] = &[
        "Cargo.toml",
        "Cargo.lock",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "docs",
        "src",
        "tests",
        "themes",
    ];

    /// Names that say nothing.
    const EMPTY_NAMES: &[&str] = &[
        "utils", "util", "helpers", "helper", "common", "misc", "manager", "managers",
    ];

    /// Marks of unfinished work; cut in two, so that this file holds none.
    const MARKS: &[&str] = &[
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("X", "XX"),
    ];

    /// What has no place in a text for the world: how it is made, on which machine, from which mirror.
    const FOREIGN: &[&str] = &[
        concat!("sub", "agent"),
        concat!("language ", "model"),
        concat!("L", "LM"),
        concat!("cl", "aude"),
        concat!("open", "ai"),
        concat!("/wo", "rk/"),
        concat!("work", "tree"),
        concat!("registry.npm", "js"),
        concat!("deb.", "debian.org"),
        concat!("static.cra", "tes.io"),
        concat!("pypi", ".org"),
    ];

    /// Files whose text is not ours.
    const FOREIGN_TEXT: &[&str] = &[
        "Cargo.lock",
        "LICENSE-APACHE",
        "tests/data/",
        "tests/servers/provider/package-lock.json",
    ];

    fn is_ours(file: &File) -> bool {
        !FOREIGN_TEXT.iter().any(|path| file.path.starts_with(path)) && !is_snapshot(&file.path)
    }

    fn is_snapshot(path: &str) -> bool {
        path.contains("/snapshots/")
    }

    fn sizes(file: &File) -> Vec<String> {
        let lines = file.text.lines().count();
        if !file.is_rust() || file.is_table() || file.is_test() || lines <= MOST_LINES {
            return Vec::new();
        }
        vec![format!(
            "{}: {lines} lines, at most {MOST_LINES}",
            file.path
        )]
    }

    fn functions(file: &File) -> Vec<String> {
        if !file.is_rust() || file.is_table() {
            return Vec::new();
        }
        let code = code_of(&file.text);
        let starts = code.match_indices("fn ").map(|(at, _)| at);
        starts
            .filter(|&at| at == 0 || code[..at].ends_with([' ', '\n', '(']))
            .flat_map(|at| function(file, &code, at))
            .collect()
    }

    fn function(file: &File, code: &str, at: usize) -> Vec<String> {
        let line = line_of(code, at);
        let name: String = code[at + 3..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let Some(open) = code[at..].find('(').map(|open| at + open) else {
            return Vec::new();
        };
        if name.is_empty() {
            return Vec::new(); // a function type
        }
        let parameters_end = end_of_group(code, open, '(', ')');
        let mut faults = Vec::new();
        let parameters = parameters(&code[open + 1..parameters_end.max(open + 2) - 1]);
        if parameters > MOST_PARAMETERS && !is_in_test(file, code, at) {
            faults.push(format!(
                "{}:{line}: {name} has {parameters} parameters, at most {MOST_PARAMETERS}",
                file.path
            ));
        }
        let is_declaration = code[parameters_end..]
            .find([';', '{'])
            .is_none_or(|end| code[parameters_end + end..].starts_with(';'));
        if !is_declaration {
            let end = end_of_group(code, parameters_end, '{', '}');
            let lines = line_of(code, end) - line + 1;
            if lines > MOST_LINES_OF_A_FUNCTION {
                faults.push(format!(
                    "{}:{line}: {name} has {lines} lines, at most {MOST_LINES_OF_A_FUNCTION}",
                    file.path
                ));
            }
        }
        faults
    }

    /// Tests may take what they like: their parameters are cases.
    fn is_in_test(file: &File, code: &str, at: usize) -> bool {
        file.is_test() || without_test_items(code)[at..].starts_with(' ')
    }

    /// Counts parameters, `self` not among them.
    fn parameters(list: &str) -> usize {
        let mut depth = 0_i32;
        let mut pieces = vec![String::new()];
        let mut before = ' ';
        for c in list.chars() {
            match c {
                '(' | '[' | '{' | '<' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                '>' if before != '-' => depth -= 1,
                ',' if depth == 0 => pieces.push(String::new()),
                _ => {}
            }
            before = c;
            if let Some(piece) = pieces.last_mut() {
                piece.push(c);
            }
        }
        let is_self = |piece: &str| {
            piece
                .split(':')
                .next()
                .unwrap_or_default()
                .trim()
                .ends_with("self")
        };
        pieces
            .iter()
            .filter(|piece| !piece.trim_matches([' ', ',', '\n']).is_empty() && !is_self(piece))
            .count()
    }

    fn opening(file: &File) -> Vec<String> {
        let first = file
            .text
            .lines()
            .find(|line| !line.starts_with("// table:"))
            .unwrap_or_default();
        if !file.is_rust() || first.starts_with("//! ") {
            return Vec::new();
        }
        vec![format!(
            "{}: does not open with //! and what it is for",
            file.path
        )]
    }

    /// Doc comments without a word.
    fn empty_docs(file: &File) -> Vec<String> {
        let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
        let mut faults = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            let mark = line.get(..3).unwrap_or_default();
            let is_alone =
                |neighbour: Option<&&str>| !neighbour.is_some_and(|other| other.starts_with(mark));
            let before = number.checked_sub(1).and_then(|before| lines.get(before));
            if file.is_rust()
                && matches!(*line, "///" | "//!")
                && is_alone(before)
                && is_alone(lines.get(number + 1))
            {
                faults.push(format!(
                    "{}:{}: an empty doc comment",
                    file.path,
                    number + 1
                ));
            }
        }
        faults
    }

    fn is_part_of_word(c: char) -> bool {
        c.is_alphanumeric() || c == '_'
    }

    fn words(file: &File) -> Vec<String> {
        if !is_ours(file) {
            return Vec::new();
        }
        let mut faults = Vec::new();
        for (number, line) in file.text.lines().enumerate() {
            let is_whole = |word: &str, line: &str| {
                line.match_indices(word).any(|(at, _)| {
                    !line[..at].ends_with(is_part_of_word)
                        && !line[at + word.len()..].starts_with(is_part_of_word)
                })
            };
            let lower = line.to_lowercase();
            let marks = MARKS.iter().filter(|mark| is_whole(mark, line));
            let foreign = FOREIGN.iter().filter(|word| {
                let word = word.to_lowercase();
                if word.len() <= 4 {
                    is_whole(&word, &lower)
                } else {
                    lower.contains(&word)
                }
            });
            faults.extend(
                marks
                    .chain(foreign)
                    .map(|word| format!("{}:{}: {word:?}", file.path, number + 1)),
            );
        }
        faults
    }

    fn names(file: &File) -> Vec<String> {
        let in_path = file
            .path
            .split('/')
            .map(|part| part.split('.').next().unwrap_or_default().to_owned());
        let mut names: Vec<String> = in_path.collect();
        if file.is_rust() {
            let code = code_of(&file.text);
            let words: Vec<&str> = code.split_whitespace().collect();
            let declared = words
                .windows(2)
                .filter(|pair| matches!(pair[0], "struct" | "enum" | "trait" | "mod" | "type"));
            names.extend(declared.map(|pair| {
                pair[1]
                    .chars()
                    .take_while(|c| is_part_of_word(*c))
                    .collect()
            }));
        }
        names
            .iter()
            .filter(|name| is_empty_name(name))
            .map(|name| format!("{}: the name {name} says nothing", file.path))
            .collect()
    }

    /// Tells whether a name's last word is one of [`EMPTY_NAMES`]: `net_utils`, `FolderManager`.
    fn is_empty_name(name: &str) -> bool {
        let capital = name
            .rfind(|c: char| c.is_uppercase() || c == '_')
            .unwrap_or(0);
        let last = name[capital..].trim_start_matches('_').to_lowercase();
        EMPTY_NAMES.contains(&last.as_str())
    }

    fn folders(tree: &[File]) -> Vec<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let counted = tree
            .iter()
            .filter(|file| !is_snapshot(&file.path) && !file.path.starts_with("tests/data/"));
        for file in counted {
            if let Some((folder, _)) = file.path.rsplit_once('/') {
                *counts.entry(folder).or_default() += 1;
            }
        }
        counts
            .into_iter()
            .filter(|(_, count)| *count > MOST_FILES_OF_A_FOLDER)
            .map(|(folder, count)| {
                format!("{folder}: {count} files, at most {MOST_FILES_OF_A_FOLDER}")
            })
            .collect()
    }

    fn top(tree: &[File]) -> Vec<String> {
        let entries = tree
            .iter()
            .map(|file| file.path.split('/').next().unwrap_or_default());
        let mut wrong: Vec<String> = entries
            .filter(|name| !name.starts_with('.') && !TOP.contains(name))
            .map(|name| format!("{name}: not at the top"))
            .collect();
        wrong.dedup();
        wrong
    }

    fn check_tree(rule: impl Fn(&File) -> Vec<String>) {
        report(&files("").iter().flat_map(rule).collect::<Vec<_>>());
    }

    fn report(faults: &[String]) {
        assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    }

    fn check(rule: impl Fn(&File) -> Vec<String>, path: &str, text: &str, expected: usize) {
        let faults = rule(&File::fixture(path, text));
        assert_eq!(faults.len(), expected, "{path}: {text:?}\n{faults:#?}");
    }

    #[test]
    fn files_are_short() {
        check(sizes, "src/a.rs", &"x\n".repeat(501), 1);
        check(sizes, "src/a.rs", &"x\n".repeat(500), 0);
        check(sizes, "src/a/tests.rs", &"x\n".repeat(501), 0);
        check(
            sizes,
            "src/a.rs",
            &format!("// table: keys\n{}", "x\n".repeat(501)),
            0,
        );
        check_tree(sizes);
    }

    #[test]
    fn functions_are_short_and_take_few_parameters() {
        let body = |lines: usize| format!("fn f(a: u8) -> u8 {{\n{}}}\n", "    a;\n".repeat(lines));
        check(functions, "src/a.rs", &body(78), 0);
        check(functions, "src/a.rs", &body(79), 1);
        check(
            functions,
            "src/a.rs",
            "fn f(&self, a: u8, b: Vec<(u8, u8)>, c: fn(u8, u8) -> u8, d: u8, e: u8) {}",
            0,
        );
        check(
            functions,
            "src/a.rs",
            "fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8);",
            1,
        );
        check(
            functions,
            "src/a.rs",
            "#[cfg(test)]\nmod tests { fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {} }",
            0,
        );
        check_tree(functions);
    }

    #[test]
    fn every_file_says_what_it_is_for() {
        check(opening, "src/a.rs", "use x;", 1);
        check(opening, "src/a.rs", "// table: keys\n//! The keys.\n", 0);
        check_tree(opening);
    }

    #[test]
    fn docs_have_words() {
        check(empty_docs, "src/a.rs", "//! A.\n\n///\nfn f() {}\n", 1);
        check(empty_docs, "src/a.rs", "//! A.\n//!\n//! B.\n", 0);
        check_tree(empty_docs);
    }

    #[test]
    fn nothing_unfinished_or_foreign_is_written_down() {
        check(words, "src/a.rs", &format!("// {} later", MARKS[0]), 1);
        check(words, "docs/a.md", &format!("see {}main", FOREIGN[5]), 1);
        check(words, "docs/a.md", "TODOS and LLMNR are words of others", 0);
        check_tree(words);
    }

    #[test]
    fn names_say_something() {
        check(names, "src/net/utils.rs", "", 1);
        check(
            names,
            "src/net/a.rs",
            "struct FolderManager;\nmod http_helpers {}",
            2,
        );
        check(names, "src/net/a.rs", "struct Manageress;", 0);
        check_tree(names);
    }

    #[test]
    fn folders_hold_few_files() {
        let many: Vec<File> = (0..16)
            .map(|n| File::fixture(&format!("src/a/{n}.rs"), ""))
            .collect();
        assert_eq!(folders(&many).len(), 1);
        assert!(folders(&many[1..]).is_empty());
        report(&folders(&files("")));
    }

    #[test]
    fn the_top_holds_what_belongs_there() {
        assert_eq!(
            top(&[File::fixture("notes.txt", ""), File::fixture(".ci/run", "")]).len(),
            1
        );
        report(&top(&files("")));
    }

    #[test]
    fn the_architecture_fits_on_a_few_screens() {
        let lines = files("docs")
            .iter()
            .find(|file| file.path == "docs/architecture.md")
            .map_or(0, |file| file.text.lines().count());
        assert!(
            lines <= MOST_LINES_OF_ARCHITECTURE,
            "docs/architecture.md has {lines} lines"
        );
    }
}
