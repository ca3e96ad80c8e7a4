//! Notices for secrets and certificates that end: a quiet word from far, a banner when it is near.

use crate::engine::{EngineError, Lapsing};
use crate::explain::notice::{Notice, Remedy, Who};

/// Days before the end from which on it stays in view.
const NEAR: i64 = 7;

/// Explains an end.
pub(in crate::explain) fn explain(error: &EngineError) -> Notice {
    let EngineError::Lapses {
        account,
        profile,
        what,
        on,
        days_left,
        is_over,
    } = error
    else {
        return Notice::new(error.to_string());
    };
    let name = what.name();
    let title = match (is_over, days_left) {
        (true, _) => format!("The {name} of the sign-in profile {profile} ended on {on}"),
        (false, 0) => format!("The {name} of the sign-in profile {profile} ends today"),
        (false, 1) => format!("The {name} of the sign-in profile {profile} ends tomorrow"),
        (false, days) => {
            format!("The {name} of the sign-in profile {profile} ends in {days} days, on {on}")
        }
    };
    let cause = match (what, is_over) {
        (Lapsing::Secret, true) => {
            "By the day in the sign-in profile the service no longer takes it"
        }
        (Lapsing::Certificate, true) => "The service no longer takes what its key signs",
        (_, false) => "Without a new one nobody can sign in after that day",
    };
    let how = match what {
        Lapsing::Secret => {
            "Make a new secret under Certificates & secrets, enter it and its last day in the sign-in profile"
        }
        Lapsing::Certificate => {
            "Make a new certificate, upload it under Certificates & secrets, name its files in the sign-in profile"
        }
    };
    let notice = Notice::new(title)
        .cause(cause)
        .how(how)
        .who(Who::TenantAdministrator)
        .copy(format!(
            "pillarbox admin guide {}",
            crate::explain::notice::word("pillarbox", account)
        ))
        .remedy(Remedy::EditAccount);
    if *days_left <= NEAR {
        notice.loud()
    } else {
        notice.quiet()
    }
}
