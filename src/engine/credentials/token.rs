//! What may be shown of an account's sign-ins, and renewing them on demand. Never hands out a token but where asked.

use std::sync::Arc;

use secrecy::SecretString;

use crate::auth::{CertificateFacts, ClientProof, Function, Permissions, Resource, TokenFacts};
use crate::engine::credentials::expiry::{self, Expiry};
use crate::engine::signer::{Proof, Signer};
use crate::engine::{Engine, EngineError};
use crate::model::{Method, Provider};

/// What may be shown of an account's sign-ins.
#[derive(Clone, Debug, Default)]
pub struct TokenReport {
    /// Its tokens, those for reading first; empty where nobody signed in.
    pub tokens: Vec<TokenView>,
    /// Whether there is no token because it signs in with a password.
    pub is_password: bool,
    /// Of the profile for reading, where it signs in with a certificate that can be used.
    pub certificate: Option<CertificateFacts>,
    /// Secrets and certificates that end.
    pub expiries: Vec<Expiry>,
    /// What is particular about this way to sign in.
    pub remarks: Vec<SignInRemark>,
}

/// A token, and how it stands with what the account does.
#[derive(Clone, Debug)]
pub struct TokenView {
    /// What the account uses it for.
    pub used_for: TokenUse,
    /// What is known of it.
    pub facts: TokenFacts,
    /// Its permissions compared with what is needed.
    pub permissions: Permissions,
}

/// What an account uses a sign-in for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TokenUse {
    /// Reading and sending.
    Everything,
    /// Reading.
    Reading,
    /// Sending.
    Sending,
}

impl TokenUse {
    /// Returns the words for people, which are also stable names of `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Everything => "reading and sending",
            Self::Reading => "reading",
            Self::Sending => "sending",
        }
    }
}

/// What is particular about a way to sign in (protocol facts §2.2, §2.4, §9).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SignInRemark {
    /// A refresh token born from a device code keeps that mark.
    DeviceCodeTracking,
    /// A person's refresh token of Microsoft ends when it is not used.
    NinetyDays,
    /// Google's applications in "Testing" lose their refresh tokens.
    GoogleTesting,
    /// An application that signs in as itself has no refresh token.
    AppOnly,
    /// There is no refresh token, and no application that could ask anew.
    NoRefreshToken,
    /// The access token is not for us to read.
    Opaque,
}

impl SignInRemark {
    /// Returns the words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::DeviceCodeTracking => {
                "Signed in by device code: Entra remembers that, so a later policy against device codes ends this sign-in too"
            }
            Self::NinetyDays => {
                "Stays valid as long as it is used once in 90 days; after 24 hours it ends if the redirect address is registered under Single-page application"
            }
            Self::GoogleTesting => {
                "While the consent screen is in Testing, Google ends each sign-in after 7 days; publish the app to stop that"
            }
            Self::AppOnly => {
                "The application signs in as itself: no refresh token, a new token is fetched in time"
            }
            Self::NoRefreshToken => {
                "There is no refresh token: a new sign-in is needed when this token ends"
            }
            Self::Opaque => "This token can only be read by the service it is for",
        }
    }
}

impl Engine {
    /// Returns what may be shown of an account's sign-ins; asks nobody.
    pub async fn token_report(&self, account: &str) -> Result<TokenReport, EngineError> {
        let signer = self.inner.signer(account)?;
        let mut report = TokenReport {
            is_password: signer.receive.is_password(),
            expiries: expiry::of_signer(&self.inner, &signer).await,
            ..TokenReport::default()
        };
        for proof in signer.proofs() {
            if !proof.is_password() {
                report.tokens.extend(views(&signer, proof).await?);
            }
        }
        if signer.receive.profile().method == Method::ClientCertificate
            && let Ok(ClientProof::Certificate(certificate)) =
                signer.receive.client_at(self.inner.now()).await
        {
            report.certificate = Some(certificate.facts);
        }
        report.remarks = remarks(&signer, &report);
        Ok(report)
    }

    /// Renews an account's tokens now, those that were had before. The old ones stay good until the new ones are there.
    pub async fn renew_tokens(&self, account: &str) -> Result<(), EngineError> {
        let signer = self.inner.signer(account)?;
        for proof in signer.proofs() {
            if proof.is_password() {
                continue;
            }
            let keeper = proof.keeper().await?;
            for resource in resources(proof).await? {
                keeper.renew(resource).await?;
            }
        }
        self.inner.say(crate::engine::Event::SignIn(signer.id));
        Ok(())
    }

    /// Returns the access token itself for a resource, for `token --print`.
    pub async fn access_token_for(
        &self,
        account: &str,
        resource: Resource,
    ) -> Result<SecretString, EngineError> {
        let signer = self.inner.signer(account)?;
        let keeper = signer.receive.keeper().await?;
        Ok(keeper.bearer(resource).await?)
    }
}

/// Lists what tokens a sign-in needs, and has besides.
async fn resources(proof: &Proof) -> Result<Vec<Resource>, EngineError> {
    let keeper = proof.keeper().await?;
    let mut all: Vec<Resource> = proof.needs().into_iter().map(Function::resource).collect();
    if all.is_empty() {
        all.push(Resource::Mail);
    }
    for more in [Resource::Mail, Resource::Graph] {
        // Providers without resources have one token for everything.
        let facts = keeper.facts_of(more);
        if !all.contains(&more) && facts.is_some_and(|facts| facts.resource == more) {
            all.push(more);
        }
    }
    Ok(all)
}

async fn views(signer: &Signer, proof: &Arc<Proof>) -> Result<Vec<TokenView>, EngineError> {
    let keeper = proof.keeper().await?;
    let reads = Arc::ptr_eq(proof, &signer.receive);
    let sends = Arc::ptr_eq(proof, &signer.send) && signer.account.servers.outgoing.is_some();
    let used_for = match (reads, sends) {
        (true, true) => TokenUse::Everything,
        (true, false) => TokenUse::Reading,
        (false, _) => TokenUse::Sending,
    };
    let incoming = signer.account.servers.incoming.protocol;
    let mut found = Vec::new();
    for resource in resources(proof).await? {
        let Some(facts) = keeper.facts_of(resource) else {
            continue;
        };
        let is_of = |function: &&Function| match function {
            Function::AdditionalUsers => Function::reading(incoming).resource() == resource,
            Function::SendForOthers => is_sent_by(signer, resource),
            function => function.resource() == resource,
        };
        let functions: Vec<Function> = proof.uses().iter().filter(is_of).copied().collect();
        found.push(TokenView {
            used_for,
            permissions: facts.permissions(&functions),
            facts,
        });
    }
    Ok(found)
}

/// Whether the account sends with a resource's token.
fn is_sent_by(signer: &Signer, resource: Resource) -> bool {
    let outgoing = signer.account.servers.outgoing.as_ref();
    outgoing.is_some_and(|server| Function::sending(server.protocol).resource() == resource)
}

fn remarks(signer: &Signer, report: &TokenReport) -> Vec<SignInRemark> {
    let profile = signer.receive.profile();
    let Some(TokenView { facts, .. }) = report.tokens.first() else {
        return Vec::new();
    };
    let is_person = !facts.is_app_only;
    let is_renewed = is_person && facts.has_refresh_token;
    let is_microsoft = profile.provider.is_microsoft();
    [
        (!is_person, SignInRemark::AppOnly),
        (
            is_person && !facts.has_refresh_token,
            SignInRemark::NoRefreshToken,
        ),
        (
            is_microsoft && is_person && profile.method == Method::DeviceCode,
            SignInRemark::DeviceCodeTracking,
        ),
        (is_microsoft && is_renewed, SignInRemark::NinetyDays),
        (
            profile.provider == Provider::Gmail && is_renewed,
            SignInRemark::GoogleTesting,
        ),
        (!facts.is_readable, SignInRemark::Opaque),
    ]
    .into_iter()
    .filter_map(|(is_so, remark)| is_so.then_some(remark))
    .collect()
}
