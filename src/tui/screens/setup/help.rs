//! What stands below the form: the focused field in a sentence or two.

use crate::model::{ClientKind, Method, Provider};
use crate::tui::screens::setup::fields::refused;
use crate::tui::screens::setup::scopes::explained;
use crate::tui::screens::setup::sheet::{Reach, Sending, Sheet};

/// Explains a field.
pub fn help(id: &str, sheet: &Sheet) -> String {
    let profile = &sheet.account.sign_in;
    match id {
        "method" => format!("{}{}", method(profile.method), refused(profile.provider)),
        "scopes" => explained(profile, sheet.text("scopes")),
        "send" => sending(sheet),
        "secret" => sheet.fate().help().to_owned(),
        "kind" => match profile.client {
            ClientKind::Public => {
                "Registered under Mobile and desktop applications: it sends no secret.".to_owned()
            }
            ClientKind::Confidential => {
                "Registered under Web: it proves itself with a secret, and its redirect URI must be registered letter by letter.".to_owned()
            }
        },
        "reach" | "server-reach" => reach(id, sheet),
        "consent" => {
            let domain = sheet.taken().needs_consent.unwrap_or_default();
            format!("The servers found belong to {domain}, not to your domain, and nobody vouches for them. Your sign-in would be sent there.")
        }
        "tenant" if profile.method.is_app_only() => {
            "The one organisation the application is known in: its domain or its directory id (a GUID).".to_owned()
        }
        _ => plain(id).to_owned(),
    }
}

const fn method(method: Method) -> &'static str {
    match method {
        Method::DeviceCode => "You enter a code on any device with a browser.",
        Method::Browser => {
            "A browser signs you in here, or elsewhere: then its last address is pasted."
        }
        Method::ClientSecret => {
            "The application signs in as itself with its secret; nobody else does."
        }
        Method::ClientCertificate => {
            "The application signs in as itself with a certificate; nobody else does."
        }
        Method::Password => "A password, for servers that still take one.",
    }
}

fn sending(sheet: &Sheet) -> String {
    let is_microsoft = sheet.account.sign_in.provider == Provider::Microsoft365;
    match &sheet.sending {
        Sending::Same => "Reading and sending with one sign-in.".to_owned(),
        Sending::Password if is_microsoft => {
            "Microsoft takes passwords for sending until the end of December 2026, and only where the administrator allows SMTP AUTH.".to_owned()
        }
        Sending::Password => "Only sending is done with the password.".to_owned(),
        Sending::Profile(name) => format!("Sending is done with the sign-in profile {name}."),
    }
}

fn reach(id: &str, sheet: &Sheet) -> String {
    let (reach, others) = if id == "reach" {
        let name = &sheet.account.sign_in.name;
        (sheet.sign_in_reach, sheet.others_of_sign_in(name))
    } else {
        let name = &sheet.account.servers.name;
        (sheet.servers_reach, sheet.others_of_servers(name))
    };
    match reach {
        Reach::One => format!(
            "{} keep the profile as it is; this account gets one of its own if anything is changed.",
            others.join(", ")
        ),
        Reach::All => format!(
            "What is changed here changes for {}, too.",
            others.join(", ")
        ),
    }
}

fn plain(id: &str) -> &'static str {
    match id {
        "provider" => {
            "Microsoft 365 for work and school accounts; other for any provider with OpenID or OAuth 2.0 endpoints."
        }
        "cloud" => "Microsoft's national clouds have their own sign-in and mail servers.",
        "found" => "More than one place to read mail was found; left and right choose.",
        "profile" | "server-profile" => {
            "A profile is defined once and used by any number of accounts; left and right choose."
        }
        "tenant" => {
            "The organisation's domain or its directory id (a GUID); organizations if the app is for many."
        }
        "authority" => "The address below which /.well-known/openid-configuration is found.",
        "authorize" | "token" | "device" => {
            "Only where the provider says nothing about its endpoints, or something wrong."
        }
        "client" => {
            "Application (client) id of the app registered for Pillarbox; your administrator has it."
        }
        "expires" => "The day the secret ends; Pillarbox warns before. Nobody else will.",
        "certificate" => {
            "The PEM file of the certificate that is registered with the application: its whole path, ~ is your home."
        }
        "key" => {
            "Its private key, in PEM without a passphrase, readable by you alone. Empty where the certificate's file has it."
        }
        "assertion" => "PS256 is what Entra documents; RS256 is for older services.",
        "redirect" => {
            "Where the browser is sent back to: registered with the application letter by letter, except for the port of localhost."
        }
        "password" => "It goes into the vault. Empty: it is asked for at the sign-in.",
        "reads" => {
            "What the organisation still allows. Exchange Online blocks EWS since October 2026 but for apps on its list; POP3 has no folders and keeps no flags."
        }
        "sends" => {
            "Where SMTP sign-in is switched off, mail from Microsoft's mailboxes goes over Graph by itself; chosen here, it takes no detour."
        }
        "incoming" | "outgoing" => {
            "Host and port. IMAP: 993 or 143. POP3: 995. SMTP: 587 or 465. EWS and Graph: 443. Of EWS, the whole address with its path, too."
        }
        "incoming-tls" | "outgoing-tls" => {
            "none sends everything in the clear; it is taken only for a server on this machine, and never with a token."
        }
        "users" => {
            "Shared mailboxes and people whose mailbox you may open, separated by semicolons."
        }
        "behalf" => "Those you may only send on behalf of: mail from them names you as the sender.",
        "display" => "The name that recipients see beside your address.",
        "login" => "Only if you sign in with another name than the mail address, such as a UPN.",
        "domains" => "An address of one of these domains finds this profile by itself.",
        "ca" => {
            "A PEM file with the certificates of a private certification authority, trusted besides the usual ones."
        }
        "save" | "more" | "name" => "Enter goes on. Nothing is sent anywhere before you sign in.",
        _ => "",
    }
}
