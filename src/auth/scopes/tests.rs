//! What is asked for, and what is wrong with what people type.

use super::*;
use crate::auth::ScopeProblem;
use crate::auth::tests::profile;
use crate::model::Method;

fn typed(provider: Provider, method: Method, scopes: &str) -> SignInProfile {
    SignInProfile {
        method,
        scopes: vec![scopes.to_owned()],
        ..profile(provider)
    }
}

#[track_caller]
fn check_first(profile: &SignInProfile, expected: &str) {
    assert_eq!(first_scopes(profile).join(" "), expected);
}

#[track_caller]
fn check_resource(profile: &SignInProfile, resource: Resource, expected: &str) {
    assert_eq!(resource_scopes(profile, resource).join(" "), expected);
}

#[test]
fn work_accounts_ask_for_consent_to_all_resources_at_once() {
    let mut profile = profile(Provider::Microsoft365);
    check_first(
        &profile,
        "offline_access openid profile https://outlook.office.com/IMAP.AccessAsUser.All \
         https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/SMTP.Send \
         https://graph.microsoft.com/User.Read",
    );
    profile.cloud = Cloud::China;
    check_first(
        &profile,
        "offline_access openid profile https://partner.outlook.cn/IMAP.AccessAsUser.All \
         https://partner.outlook.cn/POP.AccessAsUser.All https://partner.outlook.cn/SMTP.Send \
         https://microsoftgraph.chinacloudapi.cn/User.Read",
    );
}

#[test]
fn a_token_is_asked_for_one_resource() {
    let profile = profile(Provider::Microsoft365);
    check_resource(
        &profile,
        Resource::Mail,
        "offline_access openid profile https://outlook.office.com/IMAP.AccessAsUser.All \
         https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/SMTP.Send",
    );
    check_resource(
        &profile,
        Resource::Graph,
        "offline_access openid profile https://graph.microsoft.com/User.Read \
         https://graph.microsoft.com/Mail.ReadWrite https://graph.microsoft.com/Mail.Send \
         https://graph.microsoft.com/Mail.ReadWrite.Shared https://graph.microsoft.com/Mail.Send.Shared",
    );
    let own = typed(
        Provider::Microsoft365,
        Method::Browser,
        "https://graph.microsoft.com/User.Read https://outlook.office.com/SMTP.Send",
    );
    check_resource(
        &own,
        Resource::Mail,
        "offline_access openid https://outlook.office.com/SMTP.Send",
    );
    check_resource(
        &own,
        Resource::Graph,
        "offline_access openid https://graph.microsoft.com/User.Read",
    );
}

#[test]
fn personal_accounts_ask_for_one_resource_and_nothing_shared() {
    let expected = "offline_access openid profile https://outlook.office.com/IMAP.AccessAsUser.All \
         https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/SMTP.Send";
    check_first(&profile(Provider::OutlookCom), expected);
    let mut consumers = profile(Provider::Microsoft365);
    for tenant in ["consumers", PERSONAL_TENANT] {
        consumers.tenant = tenant.into();
        check_first(&consumers, expected);
    }
    let graph = resource_scopes(&consumers, Resource::Graph).join(" ");
    assert!(graph.contains("/Mail.Send") && !graph.contains(".Shared"));
}

#[test]
fn an_application_asks_for_the_default_of_one_resource() {
    for method in [Method::ClientSecret, Method::ClientCertificate] {
        let mut app = typed(Provider::Microsoft365, method, "");
        check_first(&app, "https://outlook.office365.com/.default");
        check_resource(
            &app,
            Resource::Graph,
            "https://graph.microsoft.com/.default",
        );
        app.cloud = Cloud::UsGov;
        check_first(&app, "https://outlook.office365.us/.default");
    }
    let own = typed(
        Provider::Microsoft365,
        Method::ClientSecret,
        "https://ps.outlook.com/.default",
    );
    check_first(&own, "https://ps.outlook.com/.default");
    let elsewhere = typed(Provider::Custom, Method::ClientSecret, "mail");
    check_first(&elsewhere, "mail");
}

#[test]
fn google_gets_no_scope_it_refuses() {
    let profile = profile(Provider::Gmail);
    check_first(&profile, "openid email https://mail.google.com/");
    check_resource(&profile, Resource::Mail, "");
}

#[test]
fn a_custom_provider_gets_what_the_profile_says_and_can_always_be_renewed() {
    check_first(&profile(Provider::Custom), "offline_access openid profile");
    let own = typed(Provider::Custom, Method::DeviceCode, " mail openid  ");
    check_first(&own, "offline_access openid mail");
    assert!(resource_scopes(&own, Resource::Mail).is_empty());
    let password = typed(Provider::Custom, Method::Password, "mail");
    check_first(&password, "");
}

#[track_caller]
fn check(scopes: &str, expected: &[ScopeProblem]) {
    let profile = typed(Provider::Microsoft365, Method::Browser, scopes);
    assert_eq!(scope_problems(&profile), expected, "{scopes}");
}

fn imap(prefix: &str) -> String {
    format!("{prefix}IMAP.AccessAsUser.All")
}

#[test]
fn scopes_that_are_built_or_right_have_no_problem() {
    check("", &[]);
    check(
        "offline_access https://outlook.office.com/IMAP.AccessAsUser.All \
         https://outlook.office365.com/SMTP.Send https://graph.microsoft.com/User.Read",
        &[],
    );
    check("offline_access Mail.ReadWrite Mail.Send.Shared", &[]);
    check("offline_access https://outlook.office365.com/.default", &[]);
    for provider in [
        Provider::Microsoft365,
        Provider::OutlookCom,
        Provider::Gmail,
        Provider::Custom,
    ] {
        for method in [Method::Browser, Method::ClientSecret] {
            let mut built = typed(provider, method, "");
            built.scopes = first_scopes(&built);
            assert_eq!(scope_problems(&built), [], "{provider:?} {method:?}");
        }
    }
}

#[test]
fn mail_asked_of_graph_is_noticed() {
    let wanted = imap("https://outlook.office.com/");
    let scope = imap("https://graph.microsoft.com/");
    check(
        &format!("offline_access {scope}"),
        &[ScopeProblem::WrongResource {
            scope: scope.clone(),
            wanted: wanted.clone(),
        }],
    );
    check(
        "offline_access IMAP.AccessAsUser.All",
        &[ScopeProblem::Bare {
            scope: imap(""),
            wanted,
        }],
    );
}

#[test]
fn default_beside_names_and_a_missing_renewal_are_noticed() {
    let scope = "https://outlook.office.com/.default".to_owned();
    check(
        &format!("{scope} https://outlook.office.com/SMTP.Send"),
        &[
            ScopeProblem::DefaultMixed { scope },
            ScopeProblem::NoOfflineAccess,
        ],
    );
    check(
        "offline_access User.Read",
        &[ScopeProblem::NoMail {
            wanted: imap("https://outlook.office.com/"),
        }],
    );
}

#[test]
fn several_scopes_in_one_word_are_noticed() {
    for scope in ["a;b", "a,b", "é", "\"a\""] {
        let scope = scope.to_owned();
        check(&scope.clone(), &[ScopeProblem::Malformed { scope }]);
    }
}

#[test]
fn what_personal_accounts_refuse_is_noticed() {
    let scope = imap("https://outlook.office365.com/");
    let profile = typed(
        Provider::OutlookCom,
        Method::DeviceCode,
        &format!("offline_access {scope} Mail.Send.Shared"),
    );
    let expected = [
        ScopeProblem::PersonalPrefix {
            scope,
            wanted: imap("https://outlook.office.com/"),
        },
        ScopeProblem::NotForPersonal {
            scope: "Mail.Send.Shared".into(),
        },
    ];
    assert_eq!(scope_problems(&profile), expected);
}

#[test]
fn what_applications_cannot_ask_for_is_noticed() {
    let outlook = "https://outlook.office365.com/.default".to_owned();
    let graph = "https://graph.microsoft.com/.default".to_owned();
    let mut app = typed(Provider::Microsoft365, Method::ClientSecret, "");
    app.scopes = vec![outlook.clone(), graph.clone()];
    let scopes = app.scopes.clone();
    assert_eq!(
        scope_problems(&app),
        [ScopeProblem::SeveralResources { scopes }]
    );
    for (scope, wanted) in [
        ("IMAP.AccessAsApp", &outlook),
        ("https://outlook.office.com/IMAP.AccessAsUser.All", &outlook),
        ("Mail.ReadWrite", &graph),
    ] {
        app.scopes = vec![scope.to_owned()];
        let expected = ScopeProblem::NamedForApplication {
            scope: scope.to_owned(),
            wanted: wanted.clone(),
        };
        assert_eq!(scope_problems(&app), [expected]);
    }
}

#[test]
fn a_service_of_another_cloud_is_noticed() {
    let mut profile = typed(
        Provider::Microsoft365,
        Method::Browser,
        "offline_access https://outlook.office.com/SMTP.Send",
    );
    profile.cloud = Cloud::UsGov;
    assert_eq!(
        scope_problems(&profile),
        [ScopeProblem::OtherCloud {
            scope: "https://outlook.office.com/SMTP.Send".into(),
            wanted: "https://outlook.office365.us/SMTP.Send".into(),
        }]
    );
    profile.cloud = Cloud::UsDod;
    profile.scopes = vec!["offline_access https://outlook.office365.us/SMTP.Send".into()];
    assert_eq!(scope_problems(&profile), []);
}

#[test]
fn google_problems_are_noticed() {
    let profile = typed(Provider::Gmail, Method::Browser, "offline_access openid");
    assert_eq!(
        scope_problems(&profile),
        [
            ScopeProblem::NotForProvider {
                scope: "offline_access".into()
            },
            ScopeProblem::NoMail {
                wanted: "https://mail.google.com/".into()
            },
        ]
    );
}

proptest::proptest! {
    #[test]
    fn no_scope_makes_it_panic(scope in ".*", provider in 0usize..2) {
        let provider = [Provider::Microsoft365, Provider::OutlookCom][provider];
        for method in [Method::Browser, Method::ClientSecret] {
            let profile = typed(provider, method, &scope);
            let _ = (first_scopes(&profile), scope_problems(&profile));
            let _ = resource_scopes(&profile, Resource::Graph);
        }
    }
}
