//! The account that a document is about: from the settings, from flags, or both. Needs no engine and no sign-in.

use crate::admin::{Function, Functions};
use crate::cli::admin::args::{About, FunctionArg};
use crate::cli::error::CliError;
use crate::cli::session;
use crate::config::{Config, Paths};
use crate::model::{
    Account, Address, ClientKind, IncomingProtocol, IncomingServer, Method, OutgoingProtocol,
    OutgoingServer, Provider, ServerProfile, SignInProfile, TlsMode, parse_address_list,
};

/// Returns the account and what it does.
pub(super) fn subject(about: &About) -> Result<(Account, Functions), CliError> {
    let mut account = match &about.account {
        Some(name) => find(&Config::load(&Paths::from_env()?)?, name)?,
        None if has_flags(about) => from_flags(about)?,
        None => only(Config::load(&Paths::from_env()?)?)?,
    };
    let mailboxes = mailboxes(about)?;
    if about.account.is_some() && !mailboxes.is_empty() {
        account.additional_users = mailboxes;
        account.on_behalf.clear();
    }
    change(about, &mut account.sign_in);
    let functions = if about.functions.is_empty() {
        Functions::of(&account)
    } else {
        Functions::new(
            about
                .functions
                .iter()
                .map(|function| function_of(*function)),
        )
    };
    Ok((account, functions))
}

/// Finds an account by its name or main address.
pub(super) fn find(config: &Config, given: &str) -> Result<Account, CliError> {
    let by_name = config.accounts.iter().find(|account| account.name == given);
    let found = by_name.or_else(|| {
        let mut accounts = config.accounts.iter();
        accounts.find(|account| account.address.email.eq_ignore_ascii_case(given))
    });
    found
        .cloned()
        .ok_or_else(|| session::not_found("account", given))
}

fn only(mut config: Config) -> Result<Account, CliError> {
    match (config.accounts.pop(), config.accounts.is_empty()) {
        (Some(account), true) => Ok(account),
        _ => Err(CliError::Usage(
            "name an account, or say with flags what it is: --mailbox, --tenant, --client-id, --method …"
                .to_owned(),
        )),
    }
}

fn has_flags(about: &About) -> bool {
    !about.mailboxes.is_empty()
        || about.tenant.is_some()
        || about.client_id.is_some()
        || about.method.is_some()
        || about.provider.is_some()
        || about.cloud.is_some()
}

fn mailboxes(about: &About) -> Result<Vec<Address>, CliError> {
    let list = parse_address_list(&about.mailboxes.join("; "));
    match list.errors.first() {
        Some(error) => Err(CliError::Usage(format!("--mailbox: {error}"))),
        None => Ok(list.addresses),
    }
}

fn from_flags(about: &About) -> Result<Account, CliError> {
    let mut mailboxes = mailboxes(about)?;
    let address = if mailboxes.is_empty() {
        Address::default()
    } else {
        mailboxes.remove(0)
    };
    let provider = about
        .provider
        .map_or(Provider::Microsoft365, Provider::from);
    let method = about.method.map_or(
        match provider {
            Provider::Gmail => Method::Browser,
            _ => Method::DeviceCode,
        },
        Method::from,
    );
    let mut profile = SignInProfile::new("new", provider, method);
    let tenant = match (provider, address.domain()) {
        (Provider::Microsoft365, "") => "organizations",
        (Provider::Microsoft365, domain) => domain,
        (Provider::OutlookCom, _) => "consumers",
        _ => "",
    };
    tenant.clone_into(&mut profile.tenant);
    Ok(Account {
        name: "new".to_owned(),
        address,
        send_sign_in: profile.clone(),
        sign_in: profile,
        login: None,
        servers: servers(),
        additional_users: mailboxes,
        on_behalf: Vec::new(),
    })
}

/// Reading and sending, which is all that matters here.
fn servers() -> ServerProfile {
    ServerProfile {
        name: "new".to_owned(),
        incoming: IncomingServer {
            protocol: IncomingProtocol::Imap,
            host: "outlook.office365.com".to_owned(),
            port: 993,
            tls: TlsMode::Implicit,
            path: None,
        },
        outgoing: Some(OutgoingServer {
            protocol: OutgoingProtocol::Smtp,
            host: "smtp.office365.com".to_owned(),
            port: 587,
            tls: TlsMode::StartTls,
            path: None,
        }),
        ca_file: None,
        files_sent_copy: None,
        fallback: None,
    }
}

fn change(about: &About, profile: &mut SignInProfile) {
    if let Some(provider) = about.provider {
        profile.provider = provider.into();
    }
    if let Some(method) = about.method {
        profile.method = method.into();
    }
    if about.confidential {
        profile.client = ClientKind::Confidential;
    }
    if let Some(tenant) = &about.tenant {
        profile.tenant.clone_from(tenant);
    }
    if let Some(id) = &about.client_id {
        profile.client_id.clone_from(id);
    }
    if let Some(cloud) = about.cloud {
        profile.cloud = cloud.into();
    }
    if about.redirect_uri.is_some() {
        profile.redirect_uri.clone_from(&about.redirect_uri);
    }
}

const fn function_of(function: FunctionArg) -> Function {
    match function {
        FunctionArg::Imap => Function::Imap,
        FunctionArg::Pop => Function::Pop,
        FunctionArg::Smtp => Function::Smtp,
        FunctionArg::Shared => Function::Shared,
        FunctionArg::Graph => Function::GraphRead,
        FunctionArg::GraphSend => Function::GraphSend,
        FunctionArg::Ews => Function::Ews,
    }
}
