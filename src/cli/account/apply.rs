//! Flags put over an account: what no flag names stays, an empty value takes a setting out. Asks nobody, saves nothing.

use std::path::{Path, PathBuf};

use crate::cli::account::args::{Flags, People, SendMethodArg, Sending, Servers, SignIn};
use crate::cli::args::TlsArg;
use crate::cli::error::CliError;
use crate::cli::session;
use crate::config::Config;
use crate::engine::{reading_server, sending_server};
use crate::model::{
    Account, Address, ClientKind, IncomingProtocol, IncomingServer, Method, OutgoingProtocol,
    OutgoingServer, SignInProfile, TlsMode, WebAddress, parse_address_list,
};

/// Puts all flags over an account. Where it sent as it read, it still does, unless flags say otherwise.
pub(super) fn all(flags: &Flags, config: &Config, account: &mut Account) -> Result<(), CliError> {
    let is_same = account.send_sign_in == account.sign_in;
    people(&flags.people, account)?;
    sign_in(flags, config, &mut account.sign_in)?;
    if is_same {
        account.send_sign_in = account.sign_in.clone();
    }
    sending(&flags.sending, config, account)?;
    servers(&flags.servers, config, account)
}

/// Refuses flags that say nothing together.
pub(super) fn refuse_clashes(flags: &Flags) -> Result<(), CliError> {
    let sign_in = &flags.sign_in;
    let has_own = sign_in.provider.is_some()
        || sign_in.method.is_some()
        || sign_in.tenant.is_some()
        || sign_in.client_id.is_some()
        || sign_in.authority.is_some();
    if sign_in.profile.is_some() && has_own {
        return Err(usage(
            "--profile takes a profile as it is; change it with pillarbox account edit afterwards",
        ));
    }
    Ok(())
}

/// Refuses a secret for a new account that does not say whose it is.
pub(super) fn refuse_vague_secret(flags: &Flags) -> Result<(), CliError> {
    let sign_in = &flags.sign_in;
    let is_secret = flags.secrets.secret_stdin;
    if is_secret && sign_in.method.is_none() && sign_in.profile.is_none() {
        return Err(usage(
            "--method is needed with --secret-stdin: client-secret where the application signs in as itself, \
             browser or device-code where a person does",
        ));
    }
    Ok(())
}

fn usage(text: impl Into<String>) -> CliError {
    CliError::Usage(text.into())
}

fn people(flags: &People, account: &mut Account) -> Result<(), CliError> {
    if let Some(name) = &flags.display_name {
        account.address.name.clone_from(name);
    }
    optional(flags.login.as_ref(), &mut account.login);
    if let Some(list) = &flags.additional_users {
        account.additional_users = addresses(list, "--additional-users")?;
        let users = &account.additional_users;
        let is_user = |one: &Address| users.iter().any(|user| user.is_same_mailbox(one));
        account.on_behalf.retain(is_user);
    }
    if let Some(list) = &flags.on_behalf {
        account.on_behalf = addresses(list, "--on-behalf")?;
    }
    Ok(())
}

fn addresses(list: &str, flag: &str) -> Result<Vec<Address>, CliError> {
    let list = parse_address_list(list);
    match list.errors.first() {
        Some(error) => Err(usage(format!("{flag}: {error}"))),
        None => Ok(list.addresses),
    }
}

fn optional(given: Option<&String>, target: &mut Option<String>) {
    if let Some(text) = given {
        *target = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    }
}

/// A relative path on the command line starts at the present folder; in the settings it would start at theirs.
fn file(given: Option<&PathBuf>, target: &mut Option<PathBuf>) -> Result<(), CliError> {
    if let Some(path) = given {
        let is_given = path.as_path() != Path::new("");
        *target = is_given.then(|| std::path::absolute(path)).transpose()?;
    }
    Ok(())
}

fn sign_in(flags: &Flags, config: &Config, profile: &mut SignInProfile) -> Result<(), CliError> {
    let given = &flags.sign_in;
    if let Some(name) = &given.profile {
        *profile = named(config, name)?;
    }
    if let Some(provider) = given.provider {
        profile.provider = provider.into();
    }
    method(given, profile);
    if let Some(client) = given.client {
        profile.client = client.into();
    } else if flags.secrets.secret_stdin && profile.method.is_delegated() {
        // Who has a secret to give has an application that sends it.
        profile.client = ClientKind::Confidential;
    }
    if let Some(cloud) = given.cloud {
        profile.cloud = cloud.into();
    }
    if let Some(assertion) = given.assertion {
        profile.assertion = assertion.into();
    }
    if let Some(tenant) = &given.tenant {
        tenant.trim().clone_into(&mut profile.tenant);
    }
    if let Some(id) = &given.client_id {
        id.trim().clone_into(&mut profile.client_id);
    }
    if let Some(scopes) = &given.scopes {
        profile.scopes = scopes.split_whitespace().map(str::to_owned).collect();
    }
    endpoints(given, profile);
    file(given.certificate.as_ref(), &mut profile.certificate)?;
    file(given.certificate_key.as_ref(), &mut profile.certificate_key)?;
    file(flags.servers.ca_file.as_ref(), &mut profile.ca_file)?;
    secret_expires(given, profile)
}

fn named(config: &Config, name: &str) -> Result<SignInProfile, CliError> {
    let found = config.sign_in.get(name).cloned();
    found.ok_or_else(|| session::not_found("sign-in profile", name))
}

fn method(given: &SignIn, profile: &mut SignInProfile) {
    if let Some(method) = given.method {
        profile.method = method.into();
    } else if given.certificate.is_some() {
        profile.method = Method::ClientCertificate;
    } else if given.client_id.is_some() && profile.method == Method::Password {
        // What was found may be a password; who gives an application's id wants tokens.
        profile.method = Method::DeviceCode;
    }
}

fn endpoints(given: &SignIn, profile: &mut SignInProfile) {
    optional(given.authority.as_ref(), &mut profile.authority);
    optional(
        given.authorization_endpoint.as_ref(),
        &mut profile.authorization_endpoint,
    );
    optional(
        given.device_endpoint.as_ref(),
        &mut profile.device_authorization_endpoint,
    );
    optional(given.token_endpoint.as_ref(), &mut profile.token_endpoint);
    optional(given.redirect_uri.as_ref(), &mut profile.redirect_uri);
}

fn secret_expires(given: &SignIn, profile: &mut SignInProfile) -> Result<(), CliError> {
    let Some(text) = given.secret_expires.as_deref().map(str::trim) else {
        return Ok(());
    };
    profile.secret_expires = match text {
        "" => None,
        text => Some(text.parse().map_err(|_| {
            usage(format!(
                "--secret-expires takes a day such as 2027-05-31, not \"{text}\""
            ))
        })?),
    };
    Ok(())
}

fn sending(given: &Sending, config: &Config, account: &mut Account) -> Result<(), CliError> {
    if let Some(name) = &given.send_sign_in {
        account.send_sign_in = named(config, name)?;
    }
    match given.send_method {
        Some(SendMethodArg::Same) => account.send_sign_in = account.sign_in.clone(),
        Some(SendMethodArg::Password) if account.send_sign_in.method != Method::Password => {
            let name = format!("{}-password", account.sign_in.name);
            account.send_sign_in =
                SignInProfile::new(name, account.sign_in.provider, Method::Password);
        }
        Some(SendMethodArg::Password) | None => {}
    }
    Ok(())
}

fn servers(given: &Servers, config: &Config, account: &mut Account) -> Result<(), CliError> {
    if let Some(name) = &given.named {
        let found = config.servers.get(name).cloned();
        account.servers = found.ok_or_else(|| session::not_found("server profile", name))?;
    }
    let Account {
        sign_in, servers, ..
    } = account;
    if let Some(protocol) = given.protocol {
        servers.incoming = reading_server(config, (sign_in, servers), protocol.into());
    }
    if let Some(protocol) = given.send_protocol {
        servers.outgoing = Some(sending_server(config, (sign_in, servers), protocol.into()));
    }
    if let Some(text) = &given.imap {
        let read = reader(servers.incoming.protocol.name());
        let (host, port, path) = read(text, "--imap")?;
        let tls = match (servers.incoming.protocol, port) {
            (IncomingProtocol::Imap, 143) | (IncomingProtocol::Pop3, 110) => TlsMode::StartTls,
            _ => TlsMode::Implicit,
        };
        servers.incoming = IncomingServer {
            host,
            port,
            tls,
            path,
            ..servers.incoming.clone()
        };
    }
    if let Some(tls) = given.imap_tls {
        servers.incoming.tls = tls_mode(tls);
    }
    if let Some(text) = &given.smtp {
        let protocol = servers.outgoing.as_ref().map(|server| server.protocol);
        servers.outgoing = outgoing(text, protocol.unwrap_or(OutgoingProtocol::Smtp))?;
    }
    if let (Some(tls), Some(outgoing)) = (given.smtp_tls, &mut servers.outgoing) {
        outgoing.tls = tls_mode(tls);
    }
    file(given.ca_file.as_ref(), &mut servers.ca_file)
}

/// Reads the server for sending; an empty text is an account that only reads.
fn outgoing(text: &str, protocol: OutgoingProtocol) -> Result<Option<OutgoingServer>, CliError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let (host, port, path) = reader(protocol.name())(text, "--smtp")?;
    Ok(Some(OutgoingServer {
        protocol,
        host,
        port,
        tls: if protocol.is_web() || port == 465 {
            TlsMode::Implicit
        } else {
            TlsMode::StartTls
        },
        path,
    }))
}

const fn tls_mode(tls: TlsArg) -> TlsMode {
    match tls {
        TlsArg::Implicit => TlsMode::Implicit,
        TlsArg::Starttls => TlsMode::StartTls,
        TlsArg::None => TlsMode::None,
    }
}

/// Host, port and path of a server.
type Place = (String, u16, Option<String>);

/// Returns what reads the address of a server: `HOST:PORT`, and of EWS a whole address with its path, too.
pub(super) fn reader(protocol: &str) -> fn(&str, &str) -> Result<Place, CliError> {
    if protocol == IncomingProtocol::Ews.name() {
        ews_place
    } else {
        host_port
    }
}

fn ews_place(text: &str, flag: &str) -> Result<Place, CliError> {
    if !text.contains('/') {
        return host_port(text, flag);
    }
    let ews = WebAddress::read(text);
    let ews = ews.map_err(|error| usage(format!("{flag} \"{text}\": {error}")))?;
    Ok((ews.host, ews.port.unwrap_or(443), ews.path))
}

fn host_port(text: &str, flag: &str) -> Result<Place, CliError> {
    let wrong = || {
        usage(format!(
            "{flag} takes HOST:PORT, such as mail.example.com:993, not \"{text}\""
        ))
    };
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port = port
        .parse()
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(wrong)?;
    if host.is_empty() {
        Err(wrong())
    } else {
        Ok((host.to_owned(), port, None))
    }
}
