//! Names of messages: `uidvalidity.uid` as remote ids, and sets of UIDs as commands want them.

use std::fmt::Write as _;

use super::wire::protocol;
use crate::backend::BackendError;
use crate::model::RemoteId;

/// Makes the remote id of a message.
pub(super) fn remote_id(uid_validity: u32, uid: u32) -> RemoteId {
    RemoteId::new(format!("{uid_validity}.{uid}"))
}

/// Takes a remote id apart.
fn parse(id: &str) -> Option<(u32, u32)> {
    let (uid_validity, uid) = id.split_once('.')?;
    Some((uid_validity.parse().ok()?, uid.parse().ok()?))
}

/// Returns the UIDs of those ids that belong to this `UIDVALIDITY`, in order, each once. `Gone` when the folder
/// was renumbered since all of them were listed.
pub(super) fn uids<'a>(
    ids: impl Iterator<Item = &'a str>,
    uid_validity: u32,
) -> Result<Vec<u32>, BackendError> {
    let mut uids = Vec::new();
    let mut stale = 0;
    for id in ids {
        match parse(id) {
            Some((validity, uid)) if validity == uid_validity && uid > 0 => uids.push(uid),
            Some(_) => stale += 1,
            None => return Err(protocol("name a message", "a foreign message id")),
        }
    }
    if uids.is_empty() && stale > 0 {
        return Err(BackendError::Gone {
            what: "messages of a renumbered folder".to_owned(),
        });
    }
    uids.sort_unstable();
    uids.dedup();
    Ok(uids)
}

/// Writes sorted UIDs as a set: `1:3,7`.
pub(super) fn sequence_set(uids: &[u32]) -> String {
    let mut set = String::new();
    let mut uids = uids.iter().copied().peekable();
    while let Some(first) = uids.next() {
        let mut last = first;
        while let Some(next) = uids.next_if(|next| last.checked_add(1) == Some(*next)) {
            last = next;
        }
        if !set.is_empty() {
            set.push(',');
        }
        // Writing to a string cannot fail.
        let _ = if first == last {
            write!(set, "{first}")
        } else {
            write!(set, "{first}:{last}")
        };
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_another_uidvalidity_are_left_out() {
        let ids = ["7.3", "6.9", "7.1", "7.3"];
        assert_eq!(uids(ids.into_iter(), 7).unwrap(), [1, 3]);
        assert!(matches!(
            uids(["6.9"].into_iter(), 7),
            Err(BackendError::Gone { .. })
        ));
        assert!(uids(["x"].into_iter(), 7).is_err());
        assert!(uids(std::iter::empty(), 7).unwrap().is_empty());
    }

    #[test]
    fn runs_become_ranges() {
        assert_eq!(sequence_set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(
            sequence_set(&[u32::MAX - 1, u32::MAX]),
            "4294967294:4294967295"
        );
        assert_eq!(sequence_set(&[]), "");
    }
}
