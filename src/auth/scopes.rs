//! Which permissions are asked for (protocol facts §1.3, §3.1).

use crate::model::{Cloud, Provider, SignInProfile};

/// Asked for always: a renewal without a person needs the first, knowing who signed in the second.
const ALWAYS: [&str; 2] = ["offline_access", "openid"];

/// Returns the scopes of the first request: the profile's own or the provider's usual ones, never without
/// `offline_access` and `openid`.
pub(super) fn scopes(profile: &SignInProfile) -> Vec<String> {
    let mut scopes: Vec<String> = ALWAYS.iter().map(|&scope| scope.to_owned()).collect();
    let own = profile.scopes.iter().map(|scope| scope.trim().to_owned());
    if profile.scopes.is_empty() {
        scopes.push("profile".to_owned());
        if profile.provider == Provider::Microsoft365 {
            let prefix = exchange_prefix(profile.cloud);
            scopes.push(format!("{prefix}/IMAP.AccessAsUser.All"));
            scopes.push(format!("{prefix}/SMTP.Send"));
        }
    }
    for scope in own {
        if !scope.is_empty() && !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
}

/// Returns the scopes to name when renewing. Entra makes a token for the first resource named, so only mail's are
/// (protocol facts §2.6); other providers keep what was granted when nothing is named (RFC 6749 §6).
pub(super) fn renewal_scopes(profile: &SignInProfile) -> Vec<String> {
    if profile.provider != Provider::Microsoft365 {
        return Vec::new();
    }
    let all = scopes(profile);
    if !all.iter().any(|scope| is_exchange(scope)) {
        return all;
    }
    let wanted = |scope: &String| is_exchange(scope) || !scope.contains("://");
    all.into_iter().filter(wanted).collect()
}

/// Whether a scope belongs to Exchange's resource.
fn is_exchange(scope: &str) -> bool {
    scope.starts_with("https://outlook") || scope.starts_with("https://partner.outlook")
}

/// Returns the resource's prefix. Public: `outlook.office.com` works for work and personal accounts alike.
fn exchange_prefix(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "https://outlook.office.com",
        Cloud::UsGov => "https://outlook.office365.us",
        Cloud::UsDod => "https://outlook-dod.office365.us",
        Cloud::China => "https://partner.outlook.cn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::tests::profile;

    #[test]
    fn microsoft_gets_mail_scopes_of_its_cloud() {
        let mut profile = profile(Provider::Microsoft365);
        assert_eq!(
            scopes(&profile).join(" "),
            "offline_access openid profile https://outlook.office.com/IMAP.AccessAsUser.All \
             https://outlook.office.com/SMTP.Send"
        );
        profile.cloud = Cloud::China;
        assert!(scopes(&profile).contains(&"https://partner.outlook.cn/SMTP.Send".to_owned()));
        assert_eq!(renewal_scopes(&profile), scopes(&profile));
    }

    #[test]
    fn a_custom_provider_gets_what_the_profile_says_and_can_always_be_renewed() {
        let mut profile = profile(Provider::Custom);
        assert_eq!(scopes(&profile).join(" "), "offline_access openid profile");
        profile.scopes = vec!["mail".into(), "openid".into(), " ".into()];
        assert_eq!(scopes(&profile).join(" "), "offline_access openid mail");
        assert!(renewal_scopes(&profile).is_empty());
    }

    #[test]
    fn a_renewal_names_one_resource_only() {
        let mut profile = profile(Provider::Microsoft365);
        profile.scopes = vec![
            "https://graph.microsoft.com/User.Read".into(),
            "https://outlook.office.com/SMTP.Send".into(),
        ];
        assert_eq!(
            renewal_scopes(&profile).join(" "),
            "offline_access openid https://outlook.office.com/SMTP.Send"
        );
    }
}
