//! The scopes field in words: what is wrong with what was typed, and what the permissions allow.

use crate::engine::{ScopeProblem, scope_problems};
use crate::explain::explain_scope;
use crate::model::{Access, SignInProfile, permission};

/// Says what is wrong with the scopes a profile names.
pub fn check(profile: &SignInProfile) -> Result<String, String> {
    match scope_problems(profile).first() {
        Some(ScopeProblem::NoOfflineAccess) => Ok("offline_access is added".to_owned()),
        Some(problem) => Err(explain_scope(problem)),
        None if profile.scopes.is_empty() => Ok("chosen for you".to_owned()),
        None => Ok("as typed".to_owned()),
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
