//! The scopes field in words: what is wrong with what was typed, and what the permissions allow.

use crate::engine::{ScopeProblem, scope_problems};
use crate::model::{Access, SignInProfile, permission};

/// Says what is wrong with the scopes a profile names.
pub fn check(profile: &SignInProfile) -> Result<String, String> {
    match scope_problems(profile).first() {
        Some(ScopeProblem::NoOfflineAccess) => Ok("offline_access is added".to_owned()),
        Some(problem) => Err(words(problem)),
        None if profile.scopes.is_empty() => Ok("chosen for you".to_owned()),
        None => Ok("as typed".to_owned()),
    }
}

fn words(problem: &ScopeProblem) -> String {
    match problem {
        ScopeProblem::WrongResource { scope, wanted } => {
            format!("{scope} is of another service, its token opens no mailbox; write {wanted}")
        }
        ScopeProblem::Bare { scope, wanted } => {
            format!("{scope} alone is taken for Graph's; write {wanted}")
        }
        ScopeProblem::DefaultMixed { scope } => {
            format!("{scope} goes with no other scope (AADSTS70011)")
        }
        ScopeProblem::SeveralResources { .. } => {
            "an application asks for one service at a time (AADSTS28000)".to_owned()
        }
        ScopeProblem::NamedForApplication { scope, wanted } => {
            format!("an application cannot name {scope} (AADSTS1002012); write {wanted}")
        }
        ScopeProblem::NoOfflineAccess => "offline_access is missing".to_owned(),
        ScopeProblem::PersonalPrefix { scope, wanted } => {
            format!("personal accounts do not know {scope}; write {wanted}")
        }
        ScopeProblem::NotForPersonal { scope } => {
            format!("personal accounts do not have {scope}")
        }
        ScopeProblem::OtherCloud { scope, wanted } => {
            format!("{scope} is of another cloud; write {wanted}")
        }
        ScopeProblem::NoMail { wanted } => format!("nothing here opens a mailbox; add {wanted}"),
        ScopeProblem::NotForProvider { scope } => format!("this provider refuses {scope}"),
        ScopeProblem::Malformed { scope } => {
            format!("blanks between scopes, no commas or semicolons: {scope}")
        }
    }
}

/// Says what the scopes of a field allow.
pub fn explained(profile: &SignInProfile, text: &str) -> String {
    if profile.method.is_app_only() {
        return "Everything the administrator has granted to the application (its roles); \
                .default names no permission of its own."
            .to_owned();
    }
    let mut allows: Vec<&str> = Vec::new();
    for scope in text.split_whitespace() {
        if let Some(known) = permission(scope, Access::Delegated)
            && !allows.contains(&known.words)
        {
            allows.push(known.words);
        }
    }
    if allows.is_empty() {
        return "What Pillarbox asks the provider for; empty means exactly what it needs."
            .to_owned();
    }
    format!("Pillarbox may: {}.", allows.join("; "))
}
