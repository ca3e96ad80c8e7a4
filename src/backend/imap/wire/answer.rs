//! The tagged answer to a command, owned and sanitised.

use imap_proto::{Outcome, ResponseCode, Status};

use crate::model::sanitize_line;

/// UIDs named by a response code, expanded; never more than [`MOST_UIDS`].
pub(in crate::backend::imap) type Uids = Vec<u32>;

/// No code of ours is about more messages.
const MOST_UIDS: usize = 10_000;
/// Characters of a server's words that are kept.
const MOST_TEXT: usize = 500;

/// A response code we act on (RFC 9051 §7.1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::backend::imap) enum Code {
    /// None.
    #[default]
    None,
    /// Where copies went: `UIDVALIDITY` of the target, old UIDs, new UIDs.
    CopyUid(u32, Uids, Uids),
    /// Where an appended message went: `UIDVALIDITY` and UID.
    AppendUid(u32, Uids),
    /// The highest modification sequence.
    HighestModSeq(u64),
    /// Capabilities came along.
    Capability,
    /// Another one, in upper case, without arguments.
    Named(String),
}

impl Code {
    /// Returns the name as errors show it.
    pub(in crate::backend::imap) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            _ => "",
        }
    }
}

/// A status response: tagged, or untagged where it says something about the connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::backend::imap) struct Answer {
    /// `OK`, `NO` or `BAD`.
    pub(in crate::backend::imap) status: Reply,
    /// The response code.
    pub(in crate::backend::imap) code: Code,
    /// The server's words, sanitised and cut.
    pub(in crate::backend::imap) text: String,
}

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::backend::imap) enum Reply {
    /// Done.
    Ok,
    /// Refused.
    No,
    /// Not understood.
    Bad,
}

impl Answer {
    pub(in crate::backend::imap) fn read(status: &Status, outcome: &Outcome<'_>) -> Self {
        let words = outcome.information.as_deref().unwrap_or_default();
        let (named, words) = bracket(words);
        Self {
            status: match status {
                Status::Ok | Status::PreAuth => Reply::Ok,
                Status::No | Status::Bye => Reply::No,
                Status::Bad => Reply::Bad,
            },
            code: outcome.code.as_ref().map_or(named, code),
            text: clean(words),
        }
    }

    /// Tells whether the command was done.
    pub(in crate::backend::imap) fn is_ok(&self) -> bool {
        self.status == Reply::Ok
    }
}

/// Sanitises and cuts a server's words.
pub(in crate::backend::imap) fn clean(words: &str) -> String {
    sanitize_line(words).chars().take(MOST_TEXT).collect()
}

/// Splits `[CODE …] words`: imap-proto leaves codes it does not know in the text.
fn bracket(words: &str) -> (Code, &str) {
    let Some((inside, rest)) = words
        .strip_prefix('[')
        .and_then(|words| words.split_once(']'))
    else {
        return (Code::None, words);
    };
    let name = inside.split(' ').next().unwrap_or_default();
    (
        Code::Named(clean(name).to_ascii_uppercase()),
        rest.trim_start(),
    )
}

fn code(code: &ResponseCode<'_>) -> Code {
    match code {
        ResponseCode::CopyUid(validity, old, new) => {
            Code::CopyUid(*validity, expand(old), expand(new))
        }
        ResponseCode::AppendUid(validity, uids) => Code::AppendUid(*validity, expand(uids)),
        ResponseCode::HighestModSeq(sequence) => Code::HighestModSeq(*sequence),
        ResponseCode::Capabilities(_) => Code::Capability,
        ResponseCode::Alert => Code::Named("ALERT".to_owned()),
        ResponseCode::BadCharset(_) => Code::Named("BADCHARSET".to_owned()),
        ResponseCode::ReadOnly => Code::Named("READ-ONLY".to_owned()),
        ResponseCode::TryCreate => Code::Named("TRYCREATE".to_owned()),
        _ => Code::None,
    }
}

fn expand(set: &[imap_proto::rfc4315::UidSetMember]) -> Uids {
    use imap_proto::rfc4315::UidSetMember;
    set.iter()
        .flat_map(|member| match member {
            UidSetMember::UidRange(range) => range.clone(),
            UidSetMember::Uid(uid) => *uid..=*uid,
        })
        .take(MOST_UIDS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use imap_proto::Response;

    fn check(line: &str, status: Reply, code: &Code, text: &str) {
        let Ok((
            _,
            Response::Done {
                status: s, outcome, ..
            },
        )) = Response::parse(line.as_bytes())
        else {
            panic!("no tagged response: {line}");
        };
        let answer = Answer::read(&s, &outcome);
        assert_eq!(
            answer,
            Answer {
                status,
                code: code.clone(),
                text: text.to_owned()
            }
        );
    }

    #[test]
    fn codes_unknown_to_the_parser_are_read_from_the_text() {
        let named = |name: &str| Code::Named(name.to_owned());
        check(
            "A NO [OVERQUOTA] Full\r\n",
            Reply::No,
            &named("OVERQUOTA"),
            "Full",
        );
        check("A NO [limit x] y\r\n", Reply::No, &named("LIMIT"), "y");
        check(
            "A NO [TRYCREATE] no\r\n",
            Reply::No,
            &named("TRYCREATE"),
            "no",
        );
        check("A BAD\r\n", Reply::Bad, &Code::None, "");
    }

    #[test]
    fn uid_sets_are_expanded_but_bounded() {
        let code = Code::CopyUid(7, vec![1, 2, 3], vec![9, 11, 12]);
        check("A OK [COPYUID 7 1:3 9,11:12] x\r\n", Reply::Ok, &code, "x");
        let huge = expand(&[(1..=u32::MAX).into()]);
        assert_eq!(huge.len(), MOST_UIDS);
    }
}
