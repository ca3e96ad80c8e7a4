//! What the documents say, account by account.

use serde_json::Value;

use super::*;

fn snapshot(name: &str, account: &Account) {
    let kit = kit(account);
    let documents = [guide(&kit)].into_iter().chain(
        [
            manifest(&kit),
            consent_url(&kit),
            powershell(&kit),
            az(&kit),
        ]
        .into_iter()
        .flatten(),
    );
    let text: Vec<String> = documents.map(|document| document.plain()).collect();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text.join("\n\n"));
    });
}

#[test]
fn a_person_with_a_public_application_and_shared_mailboxes() {
    snapshot("delegated_public", &delegated_public());
}

#[test]
fn a_person_with_a_confidential_web_application() {
    snapshot("delegated_web", &delegated_web());
}

#[test]
fn an_application_with_a_secret_and_three_mailboxes() {
    snapshot("app_secret", &app_secret());
}

#[test]
fn an_application_with_a_certificate() {
    snapshot("app_certificate", &app_certificate());
}

#[test]
fn a_person_over_ews_and_an_application_over_graph() {
    snapshot(
        "delegated_ews",
        &over(
            delegated_public(),
            IncomingProtocol::Ews,
            OutgoingProtocol::Ews,
        ),
    );
    snapshot(
        "app_graph",
        &over(
            app_secret(),
            IncomingProtocol::Graph,
            OutgoingProtocol::Graph,
        ),
    );
}

#[test]
fn the_list_of_applications_that_may_use_ews_is_read_before_it_is_written() {
    let account = over(
        delegated_public(),
        IncomingProtocol::Ews,
        OutgoingProtocol::Ews,
    );
    let document = powershell(&kit(&account)).unwrap().plain();
    let read = document.find("$config.EwsAllowedAppIDs").unwrap();
    let added = document.find(&format!("$listed + '{CLIENT}'")).unwrap();
    let written = document
        .find("Set-OrganizationConfig -EwsAllowedAppIDs")
        .unwrap();
    assert!(read < added && added < written, "{document}");
    let others = powershell(&kit(&delegated_public())).unwrap().plain();
    assert!(!others.contains("Set-OrganizationConfig"), "{others}");
}

#[test]
fn an_application_is_granted_mailboxes_only_where_its_roles_do_not_open_them() {
    for (incoming, outgoing, opens, sends) in [
        (IncomingProtocol::Imap, OutgoingProtocol::Smtp, true, true),
        (IncomingProtocol::Pop3, OutgoingProtocol::Graph, true, false),
        (IncomingProtocol::Graph, OutgoingProtocol::Smtp, false, true),
        (
            IncomingProtocol::Graph,
            OutgoingProtocol::Graph,
            false,
            false,
        ),
        (IncomingProtocol::Ews, OutgoingProtocol::Ews, false, false),
    ] {
        let account = over(app_secret(), incoming, outgoing);
        let document = powershell(&kit(&account)).unwrap().plain();
        let has = |line: &str| document.contains(line);
        assert_eq!(has("Add-MailboxPermission"), opens, "{document}");
        assert_eq!(has("Add-RecipientPermission"), sends, "{document}");
        assert_eq!(
            document.matches("New-ServicePrincipal ").count(),
            1,
            "{document}"
        );
    }
}

#[test]
fn a_person_in_the_us_government_cloud() {
    snapshot("us_government", &us_government());
}

#[test]
fn personal_accounts_gmail_and_custom_providers_have_short_guides() {
    let mut personal = account(Provider::OutlookCom, Method::DeviceCode);
    personal.sign_in.tenant = "consumers".into();
    let mut own = account(Provider::Custom, Method::Browser);
    own.sign_in.scopes = vec!["openid".into(), "mail".into()];
    let accounts = [
        personal,
        account(Provider::Gmail, Method::Browser),
        own,
        account(Provider::ExchangeServer, Method::Password),
    ];
    let guides: Vec<String> = accounts
        .iter()
        .map(|account| guide(&kit(account)).plain())
        .collect();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("short_guides", guides.join("\n\n"));
    });
}

#[test]
fn the_request_is_one_sheet_with_everything_and_blanks() {
    let account = app_secret();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("request", request(&kit(&account)).markdown());
    });
}

/// The ids and kinds of a manifest's permissions.
fn ids(account: &Account, functions: Functions) -> Vec<String> {
    let document = manifest(&Kit::new(account, functions)).unwrap();
    let json: Value =
        serde_json::from_str(&document.steps[0].block.as_ref().unwrap().text).unwrap();
    let services = json["requiredResourceAccess"].as_array().unwrap();
    let entries = services
        .iter()
        .flat_map(|service| service["resourceAccess"].as_array().unwrap());
    entries
        .map(|entry| {
            format!(
                "{} {}",
                entry["type"].as_str().unwrap(),
                entry["id"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn only_the_permissions_of_the_chosen_functions_are_asked_for() {
    let app = app_secret();
    let imap = "Role 5e5addcd-3e8d-4e90-baf5-964efab2b20a";
    let smtp = "Role 7146a1f0-8703-45b3-9eae-527a64c00995";
    assert_eq!(ids(&app, Functions::of(&app)), [imap, smtp]);
    assert_eq!(ids(&app, Functions::new([Function::Imap])), [imap]);
    assert_eq!(
        ids(&app, Functions::new([Function::Smtp, Function::Smtp])),
        [smtp]
    );
    let person = delegated_public();
    let sending = ids(&person, Functions::new([Function::Smtp]));
    assert_eq!(
        sending.len(),
        5,
        "four for the sign-in, one for sending: {sending:?}"
    );
    assert!(sending.iter().all(|id| id.starts_with("Scope ")));
}

#[test]
fn an_account_that_sends_with_another_sign_in_needs_no_permission_to_send() {
    let mut account = app_secret();
    account.send_sign_in = SignInProfile::new("relay", Provider::Custom, Method::Password);
    assert!(!kit(&account).functions.sends());
    let lines = powershell(&kit(&account)).unwrap().blocks();
    assert!(
        !lines.contains("SendAs") && !lines.contains("-Smtp"),
        "{lines}"
    );
    assert!(lines.contains("FullAccess"));
}

/// Reads as a person, and sends as an application of its own.
fn sends_as_an_application() -> Account {
    let mut account = delegated_public();
    account.send_sign_in = SignInProfile {
        name: "outgoing".into(),
        client_id: SENDER.into(),
        ..app_secret().sign_in
    };
    account
}

/// Reads as an application, and sends with a password.
fn sends_with_a_password() -> Account {
    let mut account = app_secret();
    account.send_sign_in = SignInProfile::new("outgoing", Provider::Microsoft365, Method::Password);
    account
}

#[test]
fn a_second_application_that_only_sends_is_in_every_document() {
    snapshot("sends_as_an_application", &sends_as_an_application());
}

#[test]
fn a_password_that_sends_needs_smtp_auth_and_nothing_registered() {
    snapshot("sends_with_a_password", &sends_with_a_password());
}

#[test]
fn each_of_two_applications_gets_only_what_it_does() {
    let account = sends_as_an_application();
    let whole = kit(&account);
    let names = |kit: &Kit<'_>| -> Vec<&str> {
        let all = kit.permissions().into_iter();
        all.map(|(_, known)| known.name).collect()
    };
    assert!(!names(&whole).contains(&"SMTP.Send"));
    assert!(names(&whole).contains(&"IMAP.AccessAsUser.All"));
    let sending = whole.sending().unwrap();
    assert_eq!(names(&sending), ["SMTP.SendAsApp"]);
    assert!(sending.sending().is_none());
    let lines = powershell(&whole).unwrap().blocks();
    assert_eq!(lines.matches("Connect-ExchangeOnline").count(), 2);
    assert_eq!(lines.matches("-AccessRights SendAs").count(), 3, "{lines}");
    // Without sending nothing is left of it, and one application is one registration.
    let reads = Kit::new(&account, Functions::new([Function::Imap]));
    assert!(reads.sending().is_none());
    let mut one = account.clone();
    one.send_sign_in.method = Method::Browser;
    one.send_sign_in.client_id = CLIENT.into();
    assert!(kit(&one).sending().is_none());
    assert!(names(&kit(&one)).contains(&"SMTP.Send"));
}

#[test]
fn a_shell_that_is_connected_is_not_connected_again() {
    let mut account = sends_with_a_password();
    account.sign_in.tenant = "contoso.com".into();
    let lines = powershell(&kit(&account)).unwrap().blocks();
    assert_eq!(
        lines.matches("Connect-ExchangeOnline").count(),
        1,
        "{lines}"
    );
    let switch =
        "Set-CASMailbox -Identity 'alice@contoso.com' -SmtpClientAuthenticationDisabled $false";
    assert_eq!(lines.matches(switch).count(), 1, "{lines}");
}

#[test]
fn every_mailbox_of_an_application_has_its_line() {
    let account = app_secret();
    let mut kit = kit(&account);
    kit.object_id = Some(OBJECT);
    let lines = powershell(&kit).unwrap().blocks();
    for mailbox in ["alice", "sales", "desk"] {
        for line in [
            format!("Add-MailboxPermission -Identity '{mailbox}@contoso.com' -User $app.Identity"),
            format!(
                "Add-RecipientPermission -Identity '{mailbox}@contoso.com' -Trustee $app.Identity"
            ),
            format!(
                "Set-CASMailbox -Identity '{mailbox}@contoso.com' -ImapEnabled $true -SmtpClientAuthenticationDisabled $false"
            ),
        ] {
            assert_eq!(lines.matches(&line).count(), 1, "{line}\n{lines}");
        }
    }
    assert!(lines.contains(&format!("$objectId = '{OBJECT}'")));
    assert!(
        !lines.contains("New-ManagementScope"),
        "another way is in no script: {lines}"
    );
}

#[test]
fn consent_never_goes_to_common() {
    let mut account = delegated_public();
    account.sign_in.tenant = "common".into();
    let text = consent_url(&kit(&account)).unwrap().plain();
    assert!(
        text.contains("https://login.microsoftonline.com/organizations/v2.0/adminconsent?"),
        "{text}"
    );
    assert!(!text.contains("/common/"));
}

#[test]
fn providers_without_an_organisation_have_no_documents_for_one() {
    let mut personal = account(Provider::OutlookCom, Method::DeviceCode);
    personal.sign_in.tenant = "consumers".into();
    assert!(manifest(&kit(&personal)).is_some());
    assert!(consent_url(&kit(&personal)).is_none() && powershell(&kit(&personal)).is_none());
    let gmail = account(Provider::Gmail, Method::Browser);
    assert!(manifest(&kit(&gmail)).is_none() && az(&kit(&gmail)).is_none());
    assert!(!request(&kit(&gmail)).steps.is_empty());
}

#[test]
fn no_line_of_plain_text_outside_of_blocks_is_too_wide_for_mail() {
    for account in [delegated_public(), app_secret(), us_government()] {
        for document in all(&kit(&account)) {
            for step in &document.steps {
                let alone = Document::new(
                    "x",
                    vec![Step {
                        block: None,
                        ..step.clone()
                    }],
                );
                for line in alone.plain().lines().skip(3) {
                    let is_one_word = !line.trim().contains(' ');
                    assert!(
                        line.chars().count() <= 120 && (is_one_word || !line.ends_with(' ')),
                        "{line}"
                    );
                }
            }
        }
    }
}
