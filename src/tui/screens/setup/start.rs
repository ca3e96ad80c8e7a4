//! What the form begins with: an account that is edited, a profile alone, or the address that was typed.

use crate::engine::{Candidate, Origin};
use crate::model::{
    Account, Address, IncomingProtocol, IncomingServer, Method, Provider, ServerProfile,
    SignInProfile, TlsMode, parse_address_list,
};

/// Makes the candidate of an account that is edited: nothing is looked up again.
pub fn edited(account: &Account) -> Candidate {
    Candidate {
        account: account.clone(),
        sign_in_origin: Origin::Config,
        servers_origin: Origin::Config,
        missing: Vec::new(),
        needs_consent: None,
        stands_for_ews: None,
        alternatives: Vec::new(),
    }
}

/// Stands in for an account where only a profile is edited.
pub fn nobody(name: &str) -> Account {
    let sign_in = SignInProfile::new(name, Provider::Custom, Method::Password);
    Account {
        name: String::new(),
        address: Address::bare(""),
        send_sign_in: sign_in.clone(),
        sign_in,
        login: None,
        servers: ServerProfile {
            name: name.to_owned(),
            incoming: IncomingServer {
                protocol: IncomingProtocol::Imap,
                host: String::new(),
                port: 993,
                tls: TlsMode::Implicit,
                path: None,
            },
            outgoing: None,
            ca_file: None,
            files_sent_copy: None,
            fallback: None,
        },
        additional_users: Vec::new(),
        on_behalf: Vec::new(),
    }
}

/// Takes exactly one address out of what was typed.
pub fn one_address(text: &str) -> Result<Address, String> {
    let list = parse_address_list(text);
    match (list.addresses.as_slice(), list.errors.first()) {
        ([address], None) => Ok(address.clone()),
        (_, Some(error)) => Err(error.to_string()),
        ([], None) => Err("type your mail address".to_owned()),
        _ => Err("one address only; further mailboxes come later".to_owned()),
    }
}
