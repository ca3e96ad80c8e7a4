//! Modified UTF-7, the spelling of folder names on the wire (RFC 3501 §5.1.3).

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        // Some servers leave set bits behind the last character.
        .with_decode_allow_trailing_bits(true),
);

/// Decodes a name. What is no modified UTF-7 stays as it is: some servers send plain UTF-8 or a bare `&`.
pub(super) fn decode(name: &str) -> String {
    let mut decoded = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((plain, shifted)) = rest.split_once('&') {
        decoded.push_str(plain);
        let Some((inside, after)) = shifted.split_once('-') else {
            decoded.push('&');
            rest = shifted;
            continue;
        };
        if let Some(run) = decode_run(inside) {
            decoded.push_str(&run);
            rest = after;
        } else {
            decoded.push('&');
            rest = shifted;
        }
    }
    decoded.push_str(rest);
    decoded
}

/// Decodes what stands between `&` and `-`.
fn decode_run(inside: &str) -> Option<String> {
    if inside.is_empty() {
        return Some("&".to_owned());
    }
    let bytes = BASE64.decode(inside).ok()?;
    if bytes.is_empty() || bytes.len() % 2 != 0 {
        return None;
    }
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .filter_map(|pair| <[u8; 2]>::try_from(pair).ok())
        .map(u16::from_be_bytes)
        .collect();
    String::from_utf16(&units).ok()
}

/// Encodes a name.
pub(super) fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let mut run: Vec<u8> = Vec::new();
    for c in name.chars() {
        if !matches!(c, ' '..='~') {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                run.extend_from_slice(&unit.to_be_bytes());
            }
            continue;
        }
        flush(&mut run, &mut encoded);
        encoded.push(c);
        if c == '&' {
            encoded.push('-');
        }
    }
    flush(&mut run, &mut encoded);
    encoded
}

fn flush(run: &mut Vec<u8>, encoded: &mut String) {
    if run.is_empty() {
        return;
    }
    encoded.push('&');
    encoded.push_str(&BASE64.encode(&run));
    encoded.push('-');
    run.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(wire: &str, name: &str) {
        assert_eq!(decode(wire), name);
        assert_eq!(encode(name), wire);
    }

    #[test]
    fn names_of_the_standard_and_of_exchange_are_read() {
        check("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語");
        check("Gel&APY-schte Elemente", "Gelöschte Elemente");
        check("&AMk-l&AOk-ments envoy&AOk-s", "Éléments envoyés");
        check("&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-", "Отправленные");
        check("R&-D", "R&D");
        check("&2D3eAA-", "😀");
    }

    #[test]
    fn what_is_no_modified_utf7_stays_as_it_is() {
        for name in ["a & b", "&", "&x-", "&!!-", "Büro", "&2D0-"] {
            assert_eq!(decode(name), name);
        }
    }

    proptest! {
        #[test]
        fn every_name_survives_the_wire(name in "\\PC*") {
            let wire = encode(&name);
            prop_assert!(wire.is_ascii());
            prop_assert_eq!(decode(&wire), name);
        }

        #[test]
        fn no_name_makes_the_decoder_panic(name in "[&a-zA-Z0-9,+/ -]*") {
            let _ = decode(&name);
        }
    }
}
