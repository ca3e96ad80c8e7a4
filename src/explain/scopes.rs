//! Notices for scopes that would bring a token that opens nothing.

use crate::auth::ScopeProblem;
use crate::explain::notice::{Notice, Remedy};

/// Says in one line what is wrong with a scope and what to write instead.
pub fn explain_scope(problem: &ScopeProblem) -> String {
    use ScopeProblem as P;
    match problem {
        P::WrongResource { scope, wanted } => {
            format!("{scope} is another service's: its token opens no mailbox. Write {wanted}")
        }
        P::Bare { scope, wanted } => {
            format!(
                "{scope} without a service in front is taken for Microsoft Graph's. Write {wanted}"
            )
        }
        P::DefaultMixed { scope } => {
            format!("{scope} cannot stand beside named scopes. Take it or them out")
        }
        P::SeveralResources { scopes } => format!(
            "An application asks for one service at a time, not for {}. Keep one",
            scopes.join(" and ")
        ),
        P::NamedForApplication { scope, wanted } => format!(
            "An application cannot ask for {scope} by name. Write {wanted}; the registration says what it stands for"
        ),
        P::NoOfflineAccess => {
            "offline_access is not named; it is asked for all the same, so that you stay signed in"
                .to_owned()
        }
        P::PersonalPrefix { scope, wanted } => {
            format!("A personal account refuses {scope}. Write {wanted}")
        }
        P::NotForPersonal { scope } => {
            format!(
                "Personal accounts do not have {scope} and refuse everything for it. Take it out"
            )
        }
        P::OtherCloud { scope, wanted } => {
            format!("{scope} is of another cloud than the profile's. Write {wanted}")
        }
        P::NoMail { wanted } => format!("Nothing named here opens a mailbox. Add {wanted}"),
        P::NotForProvider { scope } => format!("This provider refuses {scope}. Take it out"),
        P::Malformed { scope } => format!(
            "{scope} is not one scope: write them with blanks in between, without quotes or semicolons"
        ),
    }
}

/// Explains a profile that cannot be used for its scopes.
pub(in crate::explain) fn notice(profile: &str, problem: &ScopeProblem) -> Notice {
    Notice::new(format!("A scope of the sign-in profile {profile} is wrong"))
        .cause(explain_scope(problem))
        .how("Correct the scopes of the profile, or leave them empty to let Pillarbox choose")
        .remedy(Remedy::EditAccount)
        .loud()
}
