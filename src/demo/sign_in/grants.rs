//! Tokens given out: what access tokens allow, and refresh tokens that rotate.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::{Fault, random_text};

/// The resource of IMAP and SMTP.
const OUTLOOK: &str = "https://outlook.office.com";
const GRAPH: &str = "https://graph.microsoft.com";
const REFRESH_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const REFRESH_LENGTH: usize = 400;

/// What an access token allows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Who signed in.
    pub user: String,
    /// When it ends.
    pub expires: Instant,
    may_imap: bool,
    may_smtp: bool,
}

impl Grant {
    /// Returns what a token with these scopes allows.
    pub fn new(user: &str, audience: &str, scopes: &[String], life: Duration) -> Self {
        let is_for_mail = audience == OUTLOOK;
        let named: Vec<String> = scopes
            .iter()
            .filter(|scope| resource(scope).is_some())
            .map(|scope| scope.to_ascii_lowercase())
            .collect();
        // A provider without resources is asked for openid and the like only; then the token is for all mail.
        let allows = |name: &str| {
            is_for_mail
                && (named.is_empty()
                    || named
                        .iter()
                        .any(|scope| scope.ends_with(name) || scope.ends_with("/.default")))
        };
        Self {
            user: user.to_owned(),
            expires: Instant::now() + life,
            may_imap: allows("/imap.accessasuser.all"),
            may_smtp: allows("/smtp.send"),
        }
    }

    /// Tells whether the token is good for IMAP.
    pub fn may_imap(&self) -> bool {
        self.may_imap
    }

    /// Tells whether the token is good for SMTP.
    pub fn may_smtp(&self) -> bool {
        self.may_smtp
    }
}

/// Returns the resource that a scope names.
fn resource(scope: &str) -> Option<&str> {
    let (resource, _) = scope.rsplit_once('/')?;
    resource.starts_with("https://").then_some(resource)
}

/// Returns the one resource that scopes are for: mail, unless another is named.
pub fn audience(scopes: &[String]) -> Result<&'static str, Fault> {
    let mut found = None;
    for resource in scopes.iter().filter_map(|scope| resource(scope)) {
        let known = match resource.trim_end_matches('/') {
            "https://outlook.office.com" | "https://outlook.office365.com" => OUTLOOK,
            _ => GRAPH,
        };
        if found.is_some_and(|found| found != known) {
            return Err(Fault::SeveralResources);
        }
        found = Some(known);
    }
    Ok(found.unwrap_or(OUTLOOK))
}

struct Family {
    user: String,
    scopes: Vec<String>,
    is_revoked: bool,
}

struct Refresh {
    family: u64,
    replaced: Option<Instant>,
}

/// All tokens that were given out.
#[derive(Default)]
pub struct Grants {
    access: BTreeMap<String, Grant>,
    refresh: BTreeMap<String, Refresh>,
    families: BTreeMap<u64, Family>,
    next_family: u64,
}

impl Grants {
    /// Returns what an access token allows, if it is known and not over.
    pub fn check(&self, token: &str) -> Option<Grant> {
        self.access
            .get(token)
            .filter(|grant| Instant::now() < grant.expires)
            .cloned()
    }

    /// Notes an access token and forgets the ones that are over.
    pub fn add_access(&mut self, token: &str, grant: Grant) {
        let now = Instant::now();
        self.access.retain(|_, old| now < old.expires);
        self.access.insert(token.to_owned(), grant);
    }

    /// Ends all access tokens.
    pub fn expire_access(&mut self) {
        self.access.clear();
    }

    /// Ends all refresh tokens.
    pub fn revoke_refresh(&mut self) {
        for family in self.families.values_mut() {
            family.is_revoked = true;
        }
    }

    /// Opens the family of tokens that descend from one sign-in.
    pub fn new_family(&mut self, user: &str, scopes: Vec<String>) -> u64 {
        self.next_family += 1;
        let family = Family {
            user: user.to_owned(),
            scopes,
            is_revoked: false,
        };
        self.families.insert(self.next_family, family);
        self.next_family
    }

    /// Makes a refresh token.
    pub fn add_refresh(&mut self, family: u64) -> Result<String, Fault> {
        let token = format!("1.{}", random_text(REFRESH_ALPHABET, REFRESH_LENGTH)?);
        let refresh = Refresh {
            family,
            replaced: None,
        };
        self.refresh.insert(token.clone(), refresh);
        Ok(token)
    }

    /// Uses a refresh token. Used again later than `grace` after its first use, it takes its whole
    /// family down (RFC 9700 §4.14.2).
    pub fn use_refresh(
        &mut self,
        token: &str,
        grace: Duration,
    ) -> Result<(u64, String, Vec<String>), Fault> {
        let refresh = self.refresh.get_mut(token).ok_or(Fault::BadRefreshToken)?;
        let family = self
            .families
            .get_mut(&refresh.family)
            .filter(|family| !family.is_revoked)
            .ok_or(Fault::BadRefreshToken)?;
        let now = Instant::now();
        let replaced = *refresh.replaced.get_or_insert(now);
        if now > replaced + grace {
            family.is_revoked = true;
            return Err(Fault::ReusedRefreshToken);
        }
        Ok((refresh.family, family.user.clone(), family.scopes.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn an_old_refresh_token_is_good_for_the_grace_and_then_ends_the_sign_in() {
        let mut grants = Grants::default();
        let family = grants.new_family("a@b", vec![]);
        let first = grants.add_refresh(family).unwrap();
        assert!(grants.use_refresh(&first, GRACE).is_ok());
        let second = grants.add_refresh(family).unwrap();
        tokio::time::advance(Duration::from_secs(29)).await;
        assert!(grants.use_refresh(&first, GRACE).is_ok());
        tokio::time::advance(Duration::from_secs(2)).await;
        let check = |grants: &mut Grants, token, fault| {
            assert_eq!(grants.use_refresh(token, GRACE), Err(fault));
        };
        check(&mut grants, &first, Fault::ReusedRefreshToken);
        check(&mut grants, &second, Fault::BadRefreshToken);
        check(&mut grants, "other", Fault::BadRefreshToken);
    }

    #[tokio::test]
    async fn scopes_decide_what_a_token_is_good_for() {
        let check = |scopes: &[&str], expected: Option<(bool, bool)>| {
            let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            let grant = audience(&scopes)
                .map(|audience| Grant::new("a@b", audience, &scopes, GRACE))
                .ok();
            let found = grant.map(|grant| (grant.may_imap(), grant.may_smtp()));
            assert_eq!(found, expected, "{scopes:?}");
        };
        let imap = "https://outlook.office.com/IMAP.AccessAsUser.All";
        let smtp = "https://outlook.office.com/SMTP.Send";
        check(&[imap, smtp, "offline_access"], Some((true, true)));
        check(&[imap], Some((true, false)));
        check(&["openid", "offline_access"], Some((true, true)));
        check(
            &["https://graph.microsoft.com/Mail.Read"],
            Some((false, false)),
        );
        check(&[imap, "https://graph.microsoft.com/Mail.Read"], None);
    }
}
