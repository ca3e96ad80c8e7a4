//! Subjects of answers: `Re:` and `Fwd:` are never doubled, whatever language the others speak.

/// "Answer" in the languages mail programs speak.
const REPLIES: [&str; 14] = [
    "re", "aw", "antw", "antwort", "sv", "vs", "rif", "odp", "ynt", "回复", "回覆", "答复", "res",
    "r",
];
/// "Forwarded" likewise.
const FORWARDS: [&str; 12] = [
    "fwd", "fw", "wg", "tr", "rv", "enc", "vl", "pd", "doorst", "转发", "轉寄", "i",
];

/// Returns the subject of an answer.
pub(super) fn reply(subject: &str) -> String {
    prefixed("Re:", strip(subject, &REPLIES))
}

/// Returns the subject of a forwarded message.
pub(super) fn forward(subject: &str) -> String {
    prefixed("Fwd:", strip(subject, &FORWARDS))
}

fn prefixed(prefix: &str, rest: &str) -> String {
    if rest.is_empty() {
        prefix.to_owned()
    } else {
        format!("{prefix} {rest}")
    }
}

/// Takes all leading prefixes off: `Re: AW: Re[2]: x` becomes `x`.
fn strip<'a>(subject: &'a str, prefixes: &[&str]) -> &'a str {
    let mut rest = subject.trim();
    while let Some((word, after)) = rest.split_once([':', '：']) {
        let word = word
            .split(['[', '('])
            .next()
            .unwrap_or_default()
            .trim()
            .to_lowercase();
        if !prefixes.contains(&word.as_str()) {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_not_doubled() {
        for subject in [
            "Offer",
            "Re: Offer",
            "RE: re: Offer",
            "AW: Offer",
            "Antw: Re: Offer",
            "SV: VS: Offer",
            "Re[3]: Offer",
            "回复：Offer",
        ] {
            assert_eq!(reply(subject), "Re: Offer", "{subject}");
        }
        for subject in [
            "Offer",
            "Fwd: Offer",
            "FW: Offer",
            "WG: fw: Offer",
            "TR: Offer",
        ] {
            assert_eq!(forward(subject), "Fwd: Offer", "{subject}");
        }
    }

    #[test]
    fn other_words_with_a_colon_stay() {
        assert_eq!(reply("Fwd: Offer"), "Re: Fwd: Offer");
        assert_eq!(reply("Note: 10:30"), "Re: Note: 10:30");
        assert_eq!(forward("Re: Offer"), "Fwd: Re: Offer");
        assert_eq!(reply(""), "Re:");
    }
}
