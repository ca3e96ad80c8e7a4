//! Attachment names that are safe to create in a folder on any system.

use crate::mime::cut::head;
use crate::model::sanitize_line;

/// File systems take 255 bytes; the rest is room for a number against overwriting.
const MAX_NAME: usize = 200;
/// An extension is no longer than this.
const MAX_EXTENSION: usize = 20;

/// Makes a name safe: no path, no control or direction characters, no leading dots or dashes, not reserved,
/// at most 200 bytes with its extension kept. `None` when nothing is left.
pub(in crate::mime) fn safe_name(name: &str) -> Option<String> {
    let line = sanitize_line(name);
    let last = line
        .rsplit(['/', '\\'])
        .find(|piece| !piece.trim_matches(['.', ' ']).is_empty())?;
    let clean: String = last.chars().filter_map(safe_char).collect();
    let clean = clean
        .trim_start_matches(['.', '-', ' ', '~'])
        .trim_end_matches(['.', ' ']);
    if clean.trim_matches('_').is_empty() {
        return None;
    }
    let named = if is_reserved(clean) {
        format!("_{clean}")
    } else {
        clean.to_owned()
    };
    Some(shorten(&named))
}

fn safe_char(c: char) -> Option<char> {
    match c {
        // Marks of direction can make "exe.jpg" out of "gpj.exe".
        '\u{FFFD}' | '\u{200B}'..='\u{200F}' | '\u{061C}' | '\u{2060}'..='\u{2064}' | '\u{AD}' => {
            None
        }
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => Some('_'),
        c if c.is_whitespace() => Some(' '),
        c => Some(c),
    }
}

/// Names that Windows keeps for devices, with any extension.
fn is_reserved(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_ascii_lowercase();
    let is_numbered = ["com", "lpt"].iter().any(|device| {
        stem.strip_prefix(device).is_some_and(|number| {
            number.chars().count() == 1
                && number
                    .chars()
                    .all(|c| c.is_ascii_digit() || "¹²³".contains(c))
        })
    });
    is_numbered
        || matches!(
            stem.as_str(),
            "con" | "prn" | "aux" | "nul" | "conin$" | "conout$"
        )
}

fn shorten(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= MAX_EXTENSION => {
            (stem, format!(".{extension}"))
        }
        _ => (name, String::new()),
    };
    let stem = head(stem, MAX_NAME - extension.len());
    format!("{}{extension}", stem.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(name: &str, expected: Option<&str>) {
        assert_eq!(safe_name(name).as_deref(), expected, "{name:?}");
    }

    #[test]
    fn paths_and_tricks_are_taken_off() {
        check("../../etc/passwd", Some("passwd"));
        check("C:\\Windows\\evil.dll", Some("evil.dll"));
        check("/", None);
        check("..", None);
        check("folder/", Some("folder"));
        check(".bashrc", Some("bashrc"));
        check("--help", Some("help"));
        check("a\u{1b}[31m\0b.txt", Some("a[31mb.txt"));
        check("invoice\u{202E}fdp.exe", Some("invoicefdp.exe"));
        check("what? \"now\"*.pdf", Some("what_ _now__.pdf"));
        check("con.txt", Some("_con.txt"));
        check("COM1", Some("_COM1"));
        check("console.log", Some("console.log"));
        check("name. . ", Some("name"));
        check("Übersicht 2026.pdf", Some("Übersicht 2026.pdf"));
        check("", None);
    }

    #[test]
    fn long_names_keep_their_extension() {
        let name = safe_name(&format!("{}.pdf", "ü".repeat(300))).unwrap();
        assert!(name.len() <= 200 && name.ends_with("ü.pdf"), "{name}");
        assert_eq!(safe_name(&"x".repeat(500)).unwrap().len(), 200);
    }

    proptest! {
        #[test]
        fn any_name_comes_out_safe(name in "\\PC{0,300}") {
            if let Some(safe) = safe_name(&name) {
                prop_assert!(!safe.is_empty() && safe.len() <= 201);
                prop_assert!(!safe.contains(['/', '\\', '\0']) && !safe.starts_with(['.', '-']));
            }
        }
    }
}
