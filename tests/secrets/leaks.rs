//! The search: every file below a folder and every text that was gathered, for every secret in every coat.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::sign_in_service::Canaries;

/// Something that was written, and where.
pub struct Written {
    pub place: String,
    pub bytes: Vec<u8>,
}

/// Takes in all files below a folder.
pub fn files(folder: &Path, written: &mut Vec<Written>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, written);
        } else if path.is_file() {
            written.push(Written {
                place: path.display().to_string(),
                bytes: std::fs::read(&path).unwrap(),
            });
        }
    }
}

/// A secret as it is, and as it looks inside base64 (SASL), whatever stands before it.
fn coats(secret: &str) -> Vec<String> {
    let mut coats = vec![secret.to_owned()];
    for before in 0..3 {
        let padded = format!("{}{secret}", "x".repeat(before));
        let start = (before * 8).div_ceil(6);
        // The last letters depend on what stands behind.
        for coat in [
            STANDARD_NO_PAD.encode(&padded),
            URL_SAFE_NO_PAD.encode(&padded),
        ] {
            let end = padded.len() * 8 / 6;
            coats.extend(coat.get(start..end).map(str::to_owned));
        }
    }
    coats
}

/// Finds secrets; each finding names kind and place.
pub fn find(canaries: &Canaries, written: &[Written]) -> Vec<String> {
    let mut found = Vec::new();
    for (kind, secrets) in canaries.all() {
        for coat in secrets.iter().flat_map(|secret| coats(secret)) {
            let is_there = |one: &&Written| {
                let mut windows = one.bytes.windows(coat.len());
                windows.any(|window| window == coat.as_bytes())
            };
            let places = written.iter().filter(is_there);
            found.extend(places.map(|one| format!("{kind} in {}", one.place)));
        }
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn a_leak_is_found_in_every_coat() {
    let canaries = Canaries::default();
    let secret = canaries.plant("access_token");
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, text: &str, is_leak: bool| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let mut written = Vec::new();
        files(folder.path(), &mut written);
        assert_eq!(!find(&canaries, &written).is_empty(), is_leak, "{text}");
        std::fs::remove_file(path).unwrap();
    };
    check("log", &format!("token={secret}&x"), true);
    check("log", "token=[redacted]", false);
    for user in ["a", "ab", "abc"] {
        let message = format!("user={user}\u{1}auth=Bearer {secret}\u{1}\u{1}");
        check("log", &STANDARD_NO_PAD.encode(message), true);
    }
}
