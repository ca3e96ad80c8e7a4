//! What the token allows, compared with what the account does. Says so, and stops nothing: servers decide.

use tokio::time::Instant;

use crate::auth::{AuthError, Denial, PermissionFinding, PermissionState, Permissions, TokenFacts};
use crate::engine::EngineError;
use crate::engine::check::{Check, CheckStep, Found};
use crate::engine::signer::Proof;
use crate::engine::work::desk::Desk;

impl Check {
    /// Compares the tokens of a sign-in, one for each service, with what the account uses them for: a line for each
    /// missing permission, else one for each token.
    pub(super) async fn permissions(&self, desk: &Desk, proof: &Proof) {
        let Ok(keeper) = proof.keeper().await else {
            return;
        };
        let mut seen: Vec<TokenFacts> = Vec::new();
        for need in proof.needs() {
            let started = Instant::now();
            let Some(facts) = keeper.facts_of(need.resource()) else {
                continue;
            };
            // Providers with one token for everything have it under each name.
            if seen.contains(&facts) {
                continue;
            }
            let permissions = facts.permissions(proof.uses());
            let step = (desk.address(), CheckStep::Permissions);
            let missing = missing(&permissions);
            if missing.is_empty() {
                self.done(step, Ok(found(&facts, &permissions)), started);
            }
            for name in missing {
                self.done(step, Err::<Found, _>(lacks(name)), started);
            }
            seen.push(facts);
        }
    }
}

fn missing(permissions: &Permissions) -> Vec<String> {
    let names = names(permissions, PermissionState::Missing);
    names.map(|finding| finding.name.clone()).collect()
}

fn names(
    permissions: &Permissions,
    state: PermissionState,
) -> impl Iterator<Item = &PermissionFinding> {
    let findings = match permissions {
        Permissions::Compared(findings) => findings.as_slice(),
        Permissions::Unreadable | Permissions::OwnNames => &[],
    };
    findings
        .iter()
        .filter(move |finding| finding.state == state)
}

fn lacks(name: String) -> EngineError {
    EngineError::Auth(AuthError::Denied {
        denial: Denial::MissingPermission { name },
        error: String::new(),
        code: String::new(),
        description: String::new(),
        suberror: String::new(),
        correlation_id: String::new(),
        time: String::new(),
    })
}

fn found(facts: &TokenFacts, permissions: &Permissions) -> Found {
    let list = |state| {
        let found = names(permissions, state);
        found
            .map(|finding| finding.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    match permissions {
        Permissions::Unreadable => {
            "the token cannot be read; what it allows shows when it is used".into()
        }
        Permissions::OwnNames if facts.scopes.is_empty() => "the provider names none".into(),
        Permissions::OwnNames => {
            format!("the provider's own names: {}", facts.scopes.join(", ")).into()
        }
        Permissions::Compared(_) => {
            let mut words = vec![format!("has {}", list(PermissionState::Needed))];
            let more = list(PermissionState::Superfluous);
            if !more.is_empty() {
                words.push(format!("more than is needed: {more}"));
            }
            let unproven = list(PermissionState::Unproven);
            Found {
                detail: words.join("; "),
                warning: (!unproven.is_empty()).then(|| {
                    format!("{unproven} is not in the token; it works only where Exchange gives it (RBAC for Applications)")
                }),
            }
        }
    }
}
