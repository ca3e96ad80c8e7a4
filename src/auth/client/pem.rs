//! PEM files (RFC 7468): blocks of Base64 between labelled lines. What the blocks mean is decided elsewhere.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Chains have a handful of certificates.
const BLOCK_LIMIT: usize = 32;

/// One block.
pub(super) struct Block {
    /// What stands after `BEGIN`.
    pub(super) label: String,
    /// Whether its headers say that it is encrypted (RFC 1421 §4.6.1.1), as OpenSSL's old keys do.
    pub(super) is_encrypted: bool,
    pub(super) der: Zeroizing<Vec<u8>>,
}

/// Reads all blocks; what is between them, and blocks that are cut or not Base64, are passed over.
pub(super) fn blocks(file: &[u8]) -> Vec<Block> {
    let text = Zeroizing::new(String::from_utf8_lossy(file).into_owned());
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = label(line, "-----BEGIN ") else {
            continue;
        };
        let body: Vec<&str> = lines
            .by_ref()
            .take_while(|line| !line.starts_with("-----END "))
            .collect();
        if blocks.len() < BLOCK_LIMIT
            && let Some(block) = block(label, &body)
        {
            blocks.push(block);
        }
    }
    blocks
}

fn label<'t>(line: &'t str, start: &str) -> Option<&'t str> {
    line.strip_prefix(start)?.strip_suffix("-----")
}

fn block(label: &str, body: &[&str]) -> Option<Block> {
    let is_header = |line: &&&str| line.contains(':');
    let is_encrypted = body
        .iter()
        .filter(is_header)
        .any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"));
    let data: Vec<&str> = body
        .iter()
        .filter(|line| !is_header(line))
        .copied()
        .collect();
    let data = Zeroizing::new(data.concat());
    // Some programs leave the padding out.
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let der = GeneralPurpose::new(&STANDARD, config)
        .decode(data.as_bytes())
        .ok()?;
    Some(Block {
        label: label.to_owned(),
        is_encrypted,
        der: Zeroizing::new(der),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, usize)]) {
        let found = blocks(text.as_bytes());
        let found: Vec<(&str, usize)> = found
            .iter()
            .map(|block| (block.label.as_str(), block.der.len()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn blocks_are_found_among_other_text() {
        check("", &[]);
        check(
            "Bag Attributes\n  name: x\n-----BEGIN A-----\r\nAAAA\r\nAAAA\r\n-----END A-----\r\nrest",
            &[("A", 6)],
        );
        check(
            "-----BEGIN A-----\nAA==\n-----END A-----\n-----BEGIN B C-----\nAAA\n-----END B C-----",
            &[("A", 1), ("B C", 2)],
        );
    }

    #[test]
    fn blocks_that_are_no_base64_are_passed_over() {
        check(
            "-----BEGIN A-----\n!!\n-----END A-----\n-----BEGIN B-----\nAAAA",
            &[("B", 3)],
        );
        check("-----BEGIN A----\nAAAA\n-----END A-----", &[]);
    }

    #[test]
    fn old_encryption_is_seen() {
        let text =
            "-----BEGIN K-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA\n-----END K-----";
        assert!(blocks(text.as_bytes())[0].is_encrypted);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, text in "(-----(BEGIN|END) [A-Z ]{0,5}-----|[A-Za-z0-9+/=:]{0,8}|\n){0,20}") {
            let _ = (blocks(&bytes).len(), blocks(text.as_bytes()).len());
        }
    }
}
