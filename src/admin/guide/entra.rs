//! The guide through Microsoft's portal (protocol facts §1, §2.3, §3, §5.5).

use std::fmt::Write as _;
use std::path::Path;

use crate::admin::document::{Language, Step};
use crate::admin::functions::Function;
use crate::admin::kit::{APPLICATION, Audience, Kit};
use crate::admin::quote;
use crate::model::{Access, Cloud, Method, PermissionApi};

/// Lists the steps from the portal's front page to what is handed back.
pub fn steps(kit: &Kit<'_>) -> Vec<Step> {
    let mut steps = vec![open(kit), register(kit)];
    steps.extend(redirect(kit));
    if kit.is_public() {
        steps.push(public_flows());
    }
    steps.push(permissions(kit));
    steps.extend(consent(kit));
    steps.extend(proof(kit));
    steps.extend(mailboxes(kit));
    steps.push(hand_back(kit));
    steps
}

fn open(kit: &Kit<'_>) -> Step {
    let role = if kit.is_personal() {
        "Sign in with any account that has an Entra directory; since June 2024 a personal account needs a (free) one \
         to register applications."
    } else {
        "Sign in as an Application Developer to register, and as a Cloud Application Administrator to consent."
    };
    let cloud = match kit.profile().cloud {
        Cloud::Public => "",
        Cloud::UsGov | Cloud::UsDod | Cloud::China => {
            " This cloud has a portal of its own; a registration elsewhere does not count here."
        }
    };
    let text = format!("{role} Then: Entra ID → App registrations → New registration.{cloud}");
    Step::new("Open the portal", &text).with(Language::Text, kit.portal())
}

fn register(kit: &Kit<'_>) -> Step {
    let mut text = format!(
        "Supported account types: {}. Leave the redirect URI empty for now, and press Register.",
        kit.audience().words()
    );
    if kit.audience() == Audience::ManyTenants {
        text += " If only your own organisation will use it, choose Single tenant and put its id or domain into \
                 Pillarbox instead of “organizations”.";
    }
    if kit.is_for_sending() {
        text += " It is a second registration besides the one for reading: give it a name that tells them apart.";
    }
    Step::new("Name the application", &text).with(Language::Text, APPLICATION)
}

fn redirect(kit: &Kit<'_>) -> Option<Step> {
    let uri = kit.redirect_uri()?;
    let platform = if kit.is_public() {
        "Mobile and desktop applications"
    } else {
        "Web"
    };
    let mut text = format!(
        "Authentication → Add a platform → {platform}. Enter exactly this address; upper and lower case and a slash \
         at the end count."
    );
    if uri.starts_with("http://127.0.0.1") {
        text += " The portal's form refuses it: put it into the manifest instead.";
    } else if uri.starts_with("http://localhost") {
        text += " Any port of it is accepted afterwards.";
    }
    if kit.profile().method == Method::DeviceCode {
        text += " Signing in by device code does not need it, but signing in with a browser does, which takes over \
                 where device codes are forbidden.";
    }
    if kit.is_public() {
        text += " Not “Web” and not “Single-page application”: those fail with AADSTS7000218 and AADSTS9002327.";
    }
    Some(Step::new("Add the redirect URI", &text).with(Language::Text, uri))
}

fn public_flows() -> Step {
    Step::new(
        "Allow public client flows",
        "Authentication → Settings (in older portals: Advanced settings) → Allow public client flows: Yes. Without it \
         device codes fail with AADSTS7000218.",
    )
}

fn permissions(kit: &Kit<'_>) -> Step {
    let kind = match kit.access() {
        Access::Delegated => "Delegated permissions",
        Access::Application => "Application permissions",
    };
    let permissions = kit.permissions();
    let mut text = String::from("API permissions → Add a permission.");
    for (api, place) in [
        (PermissionApi::Graph, "Microsoft Graph"),
        (
            PermissionApi::Exchange,
            "APIs my organization uses → Office 365 Exchange Online",
        ),
    ] {
        let own: Vec<_> = permissions
            .iter()
            .filter(|(from, _)| *from == api)
            .collect();
        if own.is_empty() {
            continue;
        }
        let _ = write!(text, "\n{place} → {kind}:");
        for (_, permission) in own {
            let _ = write!(text, "\n- {}: {}", permission.name, permission.words);
        }
    }
    text += "\nNothing else is needed; take out what else stands there.";
    let names: Vec<&str> = permissions.iter().map(|(_, known)| known.name).collect();
    Step::new("Add the permissions", &text).with(Language::Text, &names.join("\n"))
}

fn consent(kit: &Kit<'_>) -> Option<Step> {
    if !kit.has_organisation() {
        return None;
    }
    let text = match kit.access() {
        Access::Delegated => {
            "API permissions → Grant admin consent. People are mostly not allowed to consent to mail permissions \
             themselves, and are told “Need admin approval” instead (AADSTS65001, AADSTS90094)."
        }
        Access::Application => {
            "API permissions → Grant admin consent. Roles of an application never work without it: a token is issued \
             all the same, but holds no roles and opens nothing."
        }
    };
    Some(Step::new("Grant admin consent", text))
}

/// What the application proves itself with.
fn proof(kit: &Kit<'_>) -> Option<Step> {
    let profile = kit.profile();
    if profile.method == Method::ClientCertificate {
        return Some(certificate(kit));
    }
    let text = "Certificates & secrets → Client secrets → New client secret. Copy the column “Value”, not “Secret \
                ID”, at once: it is shown only now. Note the day on which it ends. Hand it over in person or through a \
                password store; never by mail. Pillarbox asks for it and keeps it in its vault.";
    profile
        .needs_secret()
        .then(|| Step::new("Make a client secret", text))
}

fn certificate(kit: &Kit<'_>) -> Step {
    let profile = kit.profile();
    let or = |path: &Option<std::path::PathBuf>, other: &str| {
        let path = path.as_deref().unwrap_or(Path::new(other));
        quote::shell(&path.to_string_lossy())
    };
    let certificate = or(&profile.certificate, "pillarbox.crt");
    let key = or(&profile.certificate_key, "pillarbox.key");
    let lines = format!(
        "umask 077\n\
         openssl req -x509 -newkey rsa:3072 -sha256 -days 365 -nodes -subj '/CN={APPLICATION}' \\\n  \
         -keyout {key} -out {certificate}"
    );
    Step::new(
        "Upload the certificate",
        "Whoever runs Pillarbox makes key and certificate on their own machine; the key never leaves it. Only the \
         certificate is uploaded: Certificates & secrets → Certificates → Upload certificate. Note the day on which it \
         ends. Pillarbox needs its path as “certificate” and the key's as “certificate_key”, unless both are in one \
         file.",
    )
    .with(Language::Shell, &lines)
}

/// What follows outside of the registration.
fn mailboxes(kit: &Kit<'_>) -> Option<Step> {
    if kit.is_personal() {
        let has = |function| kit.functions.has(function);
        let is_switched = has(Function::Imap) || has(Function::Pop);
        return is_switched.then(|| Step::new(
            "Switch on IMAP",
            "IMAP and POP are off in personal mailboxes: Outlook.com → Settings → Mail → Forwarding and IMAP. Until \
             then sign-in works and the mailbox answers “authenticated but not connected”.",
        ));
    }
    let count = kit.granted_mailboxes().len();
    if count == 0 {
        return None;
    }
    if kit.is_app_only() && !kit.opens_by_grant() && !kit.sends_by_grant() {
        return Some(Step::new(
            "Consider which mailboxes it may open",
            "These roles open every mailbox of the organisation. Exchange can limit the application to chosen mailboxes \
             by RBAC for Applications, in place of these roles: see the PowerShell lines.",
        ));
    }
    let text = if !kit.opens_by_grant() {
        "Sending from mailboxes needs Send As or Send on Behalf on each of them: see the PowerShell lines. Those for an \
         application need the object id under Enterprise applications, which is another one than under App \
         registrations. It may take up to two hours until this works."
    } else if kit.is_app_only() {
        "The application opens no mailbox until Exchange knows it and each mailbox is granted to it: see the \
         PowerShell lines. They need the object id under Enterprise applications, which is another one than under App \
         registrations. It may take up to two hours until this works."
    } else {
        "Opening mailboxes of others needs Full Access, sending from them Send As or Send on Behalf: see the \
         PowerShell lines. It may take up to two hours until this works."
    };
    let title = format!(
        "Grant {count} mailbox{}",
        if count == 1 { "" } else { "es" }
    );
    Some(Step::new(&title, text))
}

fn hand_back(kit: &Kit<'_>) -> Step {
    let mut lines = Vec::new();
    if !kit.is_personal() {
        lines.push("Directory (tenant) ID");
    }
    lines.push("Application (client) ID");
    if kit.is_app_only() {
        lines.push(
            "Object ID of the enterprise application, from Entra ID → Enterprise applications → Pillarbox",
        );
    }
    if kit.profile().needs_secret() {
        lines.push("Day on which the secret ends (the secret itself by another way)");
    } else if kit.profile().method == Method::ClientCertificate {
        lines.push("Day on which the certificate ends");
    }
    let text = format!(
        "From the page Overview of the registration; none of these is secret:\n- {}\nA new registration may take up to \
         an hour until it works everywhere.",
        lines.join("\n- ")
    );
    Step::new("Hand back", &text)
}
