//! What vendors' guides to "OAuth for Office 365" ask for, done here from beginning to end: the real program, with the
//! demo tenant in the place of Microsoft. Every story ends with mail listed and, where it is allowed, sent.

#![cfg(test)]

mod changes;
mod home;
mod protocols;
mod sheet;
mod table;
mod vault;

use home::{DOMAIN, Guide};

const SUPPORT: &str = "support@harborvale.example";
const BILLING: &str = "billing@harborvale.example";
const BOARD: &str = "board@harborvale.example";
const NATIVE_CLIENT: &str = "https://login.microsoftonline.com/common/oauth2/nativeclient";

/// The guide with a table to fill in: server, tenant, client id, secret, and users with semicolons between.
#[test]
fn a_table_of_tenant_client_id_secret_and_an_ews_server_leads_to_mail_over_imap() {
    let guide = Guide::new();
    let app = guide.app("daemon-secret");
    let secret = std::fs::read_to_string(app.secret_file.as_ref().unwrap()).unwrap();
    let flags = [
        "--address=support@harborvale.example",
        "--server=EWS:outlook.office365.com/ews/Exchange.asmx",
        "--method=client-secret",
        "--tenant=harborvale.example",
        "--additional-users=billing@harborvale.example; board@harborvale.example; yuki@harborvale.example",
        "--client-id",
        app.client_id,
        "--secret-stdin",
    ];
    let (account, said) = guide.add(&flags, &format!("{secret}\n"));
    assert!(said.contains("Exchange Web Services"), "{said}");
    assert_eq!(account["sign_in"]["provider"], "microsoft365");
    assert_eq!(account["sign_in"]["method"], "client-secret");
    assert_eq!(account["additional_users"].as_array().unwrap().len(), 3);

    guide.sign_in_as_app();
    let synced = guide.given(&["sync", "--json"], "");
    let synced: serde_json::Value = serde_json::from_slice(&synced.stdout).unwrap();
    let is_ok = |mailbox: &str| {
        let mut lines = synced.as_array().unwrap().iter();
        lines.find(|line| line["mailbox"] == mailbox).unwrap()["ok"] == true
    };
    // The organisation granted this app two of the four mailboxes; the others say what is missing.
    assert!(is_ok(SUPPORT) && is_ok(BILLING), "{synced}");
    assert!(
        !is_ok(BOARD) && !is_ok("yuki@harborvale.example"),
        "{synced}"
    );
    for mailbox in [SUPPORT, BILLING] {
        let rows = guide.json(&["list", mailbox, "--json", "--limit", "3"]);
        assert_eq!(rows.as_array().unwrap().len(), 3, "{mailbox}");
    }
    guide.sends(SUPPORT, BILLING);
}

/// The same server without the demo's places over it: IMAP of Microsoft's host stands for it.
#[test]
fn an_ews_address_alone_becomes_the_imap_server_of_the_same_host() {
    let guide = Guide::new();
    for server in [
        "EWS:outlook.office365.com/ews/Exchange.asmx",
        "https://outlook.office365.com/ews/exchange.asmx",
    ] {
        let name = format!("--name={}", server.len());
        let account = guide.json(&[
            "account",
            "add",
            "--address=ada@harborvale.example",
            "--server",
            server,
            "--client-id=5f0d1d0e-3c47-4d27-9f0a-76a1e57ed3b0",
            "--json",
            &name,
        ]);
        let incoming = &account["servers"]["incoming"];
        assert_eq!(incoming["host"], "outlook.office365.com");
        assert_eq!(
            (&incoming["port"], &incoming["protocol"]),
            (&993.into(), &"imap".into())
        );
    }
    let said = guide.fails(
        &[
            "account",
            "add",
            "--address=a@b.example",
            "--server=b.example:993",
        ],
        "",
        2,
    );
    assert!(said.contains("--imap"), "{said}");
}

/// The guide with a "Web" platform: delegated scopes, a redirect address to copy, endpoints from the portal.
#[test]
fn a_web_app_signs_a_person_in_by_browser_with_its_own_redirect_address_and_endpoints() {
    let guide = Guide::new();
    let app = guide.app("web");
    let secret = std::fs::read_to_string(app.secret_file.as_ref().unwrap()).unwrap();
    let host = guide.login_host();
    let (authorize, token) = (
        format!("--authorization-endpoint={host}/{DOMAIN}/oauth2/v2.0/authorize"),
        format!("--token-endpoint={host}/{DOMAIN}/oauth2/v2.0/token"),
    );
    let callback = "https://pillarbox.harborvale.example/callback";
    let redirect = format!("--redirect-uri={callback}");
    let scopes = "--scopes=offline_access https://outlook.office.com/IMAP.AccessAsUser.All \
                  https://outlook.office.com/SMTP.Send";
    let flags = [
        "--address=ada@harborvale.example",
        "--provider=microsoft365",
        "--method=browser",
        "--client=confidential",
        "--tenant=harborvale.example",
        "--client-id",
        app.client_id,
        "--secret-expires=2027-05-31",
        "--secret-stdin",
        &authorize,
        &token,
        &redirect,
        scopes,
    ];
    let (account, _) = guide.add(&flags, &format!("{secret}\n"));
    let profile = &account["sign_in"];
    assert_eq!(profile["client"], "confidential");
    assert_eq!(profile["redirect_uri"], callback);
    assert_eq!(profile["secret_expires"], "2027-05-31");
    // What the administrator registers is what was given, to the letter.
    let sheet = guide.text(&["admin", "guide", "work"]);
    assert!(sheet.contains(callback), "{sheet}");

    let mut sign_in = guide.begin_sign_in();
    assert_eq!(sign_in.first["event"], "address");
    assert_eq!(sign_in.first["redirect_uri"], callback);
    assert_eq!(sign_in.first["is_listening"], false);
    let back = answered(&guide, &sign_in.first);
    assert!(back.starts_with(callback), "{back}");
    sign_in.paste(&back);
    let (done, _) = sign_in.end();
    assert_eq!(
        (&done["event"], &done["identity"]),
        (&"done".into(), &"ada@harborvale.example".into())
    );

    let token = guide.json(&["token", "work", "--json"]);
    let granted = token["scopes"].to_string();
    assert!(
        granted.contains("IMAP.AccessAsUser.All") && granted.contains("SMTP.Send"),
        "{token}"
    );
    assert_eq!(token["has_refresh_token"], true);
    guide.lists_mail(&["ada@harborvale.example"]);
    guide.sends("ada@harborvale.example", SUPPORT);
}

/// The guide with "Mobile and desktop applications": the address of the last page is copied back.
#[test]
fn a_public_app_with_the_nativeclient_address_signs_in_by_paste_in_one_tenant_and_in_common() {
    for tenant in ["common", DOMAIN] {
        let guide = Guide::new();
        let app = guide.app("desktop");
        let (tenant_flag, redirect) = (
            format!("--tenant={tenant}"),
            format!("--redirect-uri={NATIVE_CLIENT}"),
        );
        let flags = [
            "--address=ada@harborvale.example",
            "--provider=microsoft365",
            "--method=browser",
            "--client=public",
            &tenant_flag,
            &redirect,
            "--client-id",
            app.client_id,
            "--additional-users=support@harborvale.example",
        ];
        let (account, _) = guide.add(&flags, "");
        assert_eq!(account["sign_in"]["tenant"], tenant);
        let mut sign_in = guide.begin_sign_in();
        let address = sign_in.first["address"].as_str().unwrap().to_owned();
        assert!(
            address.contains(&format!("/{tenant}/oauth2/v2.0/authorize")),
            "{address}"
        );
        // Something else from the clipboard is refused, and the sign-in goes on waiting.
        sign_in.paste("https://example.org/?code=1");
        sign_in.paste(&answered(&guide, &sign_in.first));
        let (done, said) = sign_in.end();
        assert_eq!(done["event"], "done", "{tenant}: {done}");
        assert!(said.contains("That address leads to example.org"), "{said}");
        guide.lists_mail(&["ada@harborvale.example", SUPPORT]);
        guide.sends("ada@harborvale.example", SUPPORT);
        guide.sends(SUPPORT, "ada@harborvale.example");
    }
}

/// The guide for a ticket system: the application reads by itself, and an old account still sends with a password.
#[test]
fn an_application_reads_over_imap_and_a_password_sends() {
    let guide = Guide::new();
    let app = guide.app("daemon-secret");
    let secret = std::fs::read_to_string(app.secret_file.as_ref().unwrap()).unwrap();
    let password = std::fs::read_to_string(&guide.tenant.password_file).unwrap();
    let flags = [
        "--address=support@harborvale.example",
        "--provider=microsoft365",
        "--method=client-secret",
        "--tenant=harborvale.example",
        "--client-id",
        app.client_id,
        "--additional-users=billing@harborvale.example",
        "--send-method=password",
        "--secret-stdin",
        "--send-password-stdin",
    ];
    let (account, _) = guide.add(&flags, &format!("{secret}\n{password}\n"));
    assert_eq!(account["send_method"], "password");
    assert_eq!(guide.tenant.password_user, SUPPORT);

    let lines = guide.text(&["admin", "powershell", "work"]);
    for part in [
        "New-ServicePrincipal -AppId $appId",
        app.client_id,
        "Add-MailboxPermission -Identity 'support@harborvale.example'",
        "Add-MailboxPermission -Identity 'billing@harborvale.example'",
    ] {
        assert!(lines.contains(part), "{part} is missing in\n{lines}");
    }

    guide.sign_in_as_app();
    guide.lists_mail(&[SUPPORT, BILLING]);
    let before = guide.tenant.control().requests().smtp_logins;
    guide.sends(SUPPORT, BILLING);
    assert_eq!(guide.tenant.control().requests().smtp_logins, before + 1);
    let token = guide.json(&["token", "work", "--json"]);
    assert_eq!(token["has_refresh_token"], false);
    assert!(
        token["roles"].to_string().contains("IMAP.AccessAsApp"),
        "{token}"
    );
}

/// The guide for those who may not use secrets: a certificate, in both forms of assertion.
#[test]
fn an_application_signs_in_with_a_certificate_however_its_assertion_is_signed() {
    for assertion in ["ps256", "rs256"] {
        let guide = Guide::new();
        let app = guide.app("daemon-certificate");
        let file = |flag: &str, path: &Option<std::path::PathBuf>| {
            format!("{flag}={}", path.as_ref().unwrap().display())
        };
        let (certificate, key) = (
            file("--certificate", &app.certificate_file),
            file("--certificate-key", &app.key_file),
        );
        let assertion_flag = format!("--assertion={assertion}");
        let flags = [
            "--address=support@harborvale.example",
            "--provider=microsoft365",
            "--tenant=harborvale.example",
            "--client-id",
            app.client_id,
            "--additional-users=billing@harborvale.example",
            &certificate,
            &key,
            &assertion_flag,
        ];
        let (account, _) = guide.add(&flags, "");
        assert_eq!(account["sign_in"]["method"], "client-certificate");
        assert_eq!(account["sign_in"]["assertion"], assertion);
        guide.sign_in_as_app();
        guide.lists_mail(&[SUPPORT, BILLING]);
        guide.sends(SUPPORT, BILLING);
    }
}

/// The shortest guide: an address, a client id and a tenant, and a button that tests it. Where the servers are is what
/// everybody knows of Microsoft; here the organisation's settings say it.
#[test]
fn three_values_are_enough_and_check_says_that_all_is_well() {
    let guide = Guide::new();
    ship_places(&guide);
    let app = guide.app("single-tenant");
    let account = guide.json(&[
        "account",
        "add",
        "--address=ada@harborvale.example",
        "--client-id",
        app.client_id,
        "--tenant=harborvale.example",
        "--name=work",
        "--json",
    ]);
    assert_eq!(account["sign_in"]["method"], "device-code");
    let sign_in = guide.begin_sign_in();
    let code = sign_in.first["user_code"].as_str().unwrap().to_owned();
    guide.tenant.approve.send(code).unwrap();
    assert_eq!(sign_in.end().0["event"], "done");

    let lines = guide.json(&["check", "--json"]);
    let lines = lines.as_array().unwrap();
    assert!(lines.iter().all(|line| line["ok"] == true), "{lines:?}");
    for step in [
        "resolve", "tcp", "tls", "token", "login", "folders", "send-tls", "send",
    ] {
        assert!(
            lines.iter().any(|line| line["step"] == step),
            "{step} is missing"
        );
    }
    guide.lists_mail(&["ada@harborvale.example"]);
    guide.sends("ada@harborvale.example", SUPPORT);
}

/// Writes where the demo is into the organisation's file.
fn ship_places(guide: &Guide) {
    let tenant = &guide.tenant;
    let text = format!(
        "[sign_in.house]\nprovider = \"microsoft365\"\nclient_id = \"of somebody else\"\nauthority = \"{}\"\n\
         ca_file = \"{ca}\"\ndomains = [\"{DOMAIN}\"]\n\n\
         [servers.house]\nincoming = {{ protocol = \"imap\", host = \"localhost\", port = {}, tls = \"implicit\" }}\n\
         outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {}, tls = \"starttls\" }}\nca_file = \"{ca}\"\n",
        guide.login_host(),
        tenant.imap_port,
        tenant.smtp_port,
        ca = tenant.ca_file.display(),
    );
    let folder = guide.path().join("etc");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), text).unwrap();
}

/// Where the browser ends after the person agreed.
fn answered(guide: &Guide, first: &serde_json::Value) -> String {
    let address = first["address"].as_str().unwrap();
    let control = guide.tenant.control();
    let back = control.answer_address(address, Some("ada@harborvale.example"));
    back.unwrap_or_else(|| panic!("refused: {address}"))
}
