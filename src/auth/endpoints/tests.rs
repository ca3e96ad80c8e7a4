//! Addresses that are built, and who may issue answers.

use super::discovery::{is_issuer, places};
use super::microsoft::{built, is_older};
use super::*;
use crate::auth::tests::profile;
use crate::model::Cloud;

#[track_caller]
fn check_microsoft(profile: &SignInProfile, token: &str, device: &str) {
    let found = built(profile).unwrap();
    assert_eq!(found.token.as_str(), token);
    assert_eq!(found.device.unwrap().as_str(), device);
}

#[test]
fn microsoft_is_built_from_cloud_and_tenant() {
    let mut profile = profile(Provider::Microsoft365);
    check_microsoft(
        &profile,
        "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token",
        "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/devicecode",
    );
    profile.cloud = Cloud::UsDod;
    profile.tenant = String::new();
    check_microsoft(
        &profile,
        "https://login.microsoftonline.us/organizations/oauth2/v2.0/token",
        "https://login.microsoftonline.us/organizations/oauth2/v2.0/devicecode",
    );
    profile.authority = Some("http://127.0.0.1:81".into());
    profile.tenant = "t".into();
    check_microsoft(
        &profile,
        "http://127.0.0.1:81/t/oauth2/v2.0/token",
        "http://127.0.0.1:81/t/oauth2/v2.0/devicecode",
    );
    profile.authority = Some("https://login.example/own/v2.0/".into());
    check_microsoft(
        &profile,
        "https://login.example/own/oauth2/v2.0/token",
        "https://login.example/own/oauth2/v2.0/devicecode",
    );
    profile.tenant = "a/../b".into();
    assert!(matches!(built(&profile), Err(AuthError::Profile { .. })));
}

#[test]
fn only_https_or_this_machine_is_secure() {
    for good in [
        "https://a/",
        "http://localhost:1/",
        "http://127.0.0.9/",
        "http://[::1]/x",
    ] {
        assert!(is_secure(good).is_ok(), "{good}");
    }
    for bad in [
        "http://a/",
        "ftp://localhost",
        "a",
        "",
        "http://localhost.evil/",
        "file:///x",
    ] {
        assert!(is_secure(bad).is_err(), "{bad}");
    }
}

#[track_caller]
fn check_issuer(authority: &str, issuer: &str, expected: bool) {
    let authority = Url::parse(authority).unwrap();
    assert_eq!(is_issuer(&authority, issuer), expected, "{issuer}");
}

#[test]
fn the_issuer_must_be_the_authority() {
    check_issuer("https://id.example/realm", "https://id.example/realm", true);
    check_issuer("https://id.example/", "https://id.example", true);
    check_issuer("https://id.example/t", "https://id.example/t/v2.0", true);
    check_issuer("https://id.example/a", "https://id.example/b", false);
    check_issuer("https://id.example", "https://evil.example", false);
    check_issuer("https://id.example", "", false);
}

#[test]
fn microsoft_may_name_a_template_or_a_guid_as_issuer() {
    let common = "https://login.microsoftonline.com/common";
    check_issuer(
        common,
        "https://login.microsoftonline.com/{tenantid}/v2.0",
        true,
    );
    check_issuer(common, "https://sts.windows.net/0000/", true);
    check_issuer(common, "https://evil.example/{tenantid}/v2.0", false);
    check_issuer(
        "https://id.example",
        "https://login.microsoftonline.com/x/v2.0",
        false,
    );
}

#[test]
fn documents_are_looked_for_in_the_usual_places() {
    let authority = Url::parse("https://h/realm/").unwrap();
    let places: Vec<String> = places(&authority).iter().map(Url::to_string).collect();
    assert_eq!(
        places,
        [
            "https://h/realm/v2.0/.well-known/openid-configuration",
            "https://h/realm/.well-known/openid-configuration",
            "https://h/realm/.well-known/oauth-authorization-server",
            "https://h/.well-known/oauth-authorization-server/realm",
        ]
    );
}

#[test]
fn everybody_has_an_authorization_endpoint_of_the_same_generation() {
    let mut profile = profile(Provider::OutlookCom);
    profile.tenant = String::new();
    let found = built(&profile).unwrap();
    assert_eq!(
        found.authorization.unwrap().as_str(),
        "https://login.microsoftonline.com/consumers/oauth2/v2.0/authorize"
    );
    assert!(!is_older(&profile, &found.token));
    profile.provider = Provider::Microsoft365;
    profile.cloud = Cloud::China;
    let found = built(&profile).unwrap();
    assert_eq!(
        found.authorization.unwrap().as_str(),
        "https://login.partner.microsoftonline.cn/organizations/oauth2/authorize"
    );
    assert!(is_older(&profile, &found.token) && is_older(&profile, &found.device.unwrap()));
    let google = google(&profile).unwrap();
    assert!(google.issuer.is("accounts.google.com") && !google.issuer.is("https://evil.example"));
}

#[test]
fn an_answer_names_the_right_issuer() {
    let microsoft = Issuer::Microsoft {
        host: "127.0.0.1".into(),
    };
    let named = Issuer::Named {
        name: "https://id.example/realm".into(),
        is_on_redirect: true,
    };
    for (issuer, found, expected) in [
        (&microsoft, "https://sts.windows.net/1/", true),
        (&microsoft, "http://127.0.0.1:81/t/v2.0", true),
        (&microsoft, "https://evil.example/", false),
        (&microsoft, "login.microsoftonline.com", false),
        (&named, "https://id.example/realm/", true),
        (&named, "https://id.example/other", false),
        (&named, "", false),
        (&Issuer::Unknown, "https://any.example", true),
    ] {
        assert_eq!(issuer.is(found), expected, "{found}");
    }
    assert!(named.is_promised() && !microsoft.is_promised());
}
