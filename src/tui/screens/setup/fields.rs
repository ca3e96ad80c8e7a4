//! The fields of setup: from a candidate to a form and back to an account, with what is wrong and where.

use std::path::PathBuf;

use crate::engine::{Candidate, Origin};
use crate::model::{
    Account, IncomingServer, Method, OutgoingProtocol, OutgoingServer, Provider, TlsMode,
    parse_address_list,
};
use crate::tui::widgets::form::{Form, Item};

const PROVIDERS: [(&str, Provider); 5] = [
    ("Microsoft 365", Provider::Microsoft365),
    ("Outlook.com", Provider::OutlookCom),
    ("Exchange Server", Provider::ExchangeServer),
    ("Gmail", Provider::Gmail),
    ("other (OpenID)", Provider::Custom),
];
const METHODS: [(&str, Method); 3] = [
    ("device code", Method::DeviceCode),
    ("browser", Method::Browser),
    ("password", Method::Password),
];
const TLS: [(&str, TlsMode); 3] = [
    ("TLS", TlsMode::Implicit),
    ("STARTTLS", TlsMode::StartTls),
    ("none (this machine only)", TlsMode::None),
];

/// A mistake: the field and what was expected.
pub(super) type Wrong = (&'static str, String);

/// Makes the candidate of an account that is edited: nothing is looked up again.
pub(super) fn edited(account: &Account) -> Candidate {
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

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Known => "known",
        Origin::Config => "from the settings",
        Origin::Provider => "found",
        Origin::Mx => "from the mail exchanger",
        Origin::Autoconfig => "from the domain's file",
        Origin::Ispdb => "from Thunderbird's list",
        Origin::Srv => "from the domain's DNS",
        Origin::Autodiscover => "from Autodiscover",
        Origin::Typed => "as typed",
    }
}

/// Says where the servers come from, or what to think about before they are taken.
fn servers_note(candidate: &Candidate) -> String {
    match (&candidate.needs_consent, &candidate.stands_for_ews) {
        (Some(domain), _) => format!("is {domain} right? nobody vouches for it"),
        (None, Some(_)) => "instead of EWS, not built yet".to_owned(),
        (None, None) => origin(candidate.servers_origin).to_owned(),
    }
}

/// Makes the form of a candidate.
pub(super) fn items(candidate: &Candidate) -> Vec<Item> {
    let Candidate {
        account,
        sign_in_origin,
        ..
    } = candidate;
    let sign_in = &account.sign_in;
    let servers_note = servers_note(candidate);
    let mut items = vec![
        Item::fixed("address", "E-mail address", &account.address.email),
        Item::text("display", "Your name", &account.address.name).with_note("shown to recipients"),
        choice("provider", "Provider", &PROVIDERS, sign_in.provider)
            .with_note(origin(*sign_in_origin)),
        choice("method", "Sign-in by", &METHODS, sign_in.method),
    ];
    if sign_in.provider == Provider::Microsoft365 {
        items.push(
            Item::text("tenant", "Tenant", &sign_in.tenant).with_note(origin(*sign_in_origin)),
        );
    } else {
        let authority = sign_in.authority.as_deref().unwrap_or_default();
        items.push(
            Item::text("authority", "Sign-in service", authority)
                .with_note(origin(*sign_in_origin)),
        );
    }
    let incoming = &account.servers.incoming;
    let outgoing = account.servers.outgoing.as_ref();
    let users: Vec<&str> = account
        .additional_users
        .iter()
        .map(|user| user.email.as_str())
        .collect();
    items.extend([
        Item::text("client", "Application ID", &sign_in.client_id),
        Item::text(
            "imap",
            "Incoming (IMAP)",
            &host_port(&incoming.host, incoming.port),
        )
        .with_note(&servers_note),
        choice("imap-tls", "  protected by", &TLS, incoming.tls),
        Item::text(
            "smtp",
            "Outgoing (SMTP)",
            &outgoing.map_or(String::new(), |server| host_port(&server.host, server.port)),
        )
        .with_note(&servers_note),
        choice(
            "smtp-tls",
            "  protected by",
            &TLS,
            outgoing.map_or(TlsMode::StartTls, |server| server.tls),
        ),
        Item::text("users", "Additional users", &users.join("; ")),
        Item::text("name", "Account name", &account.name).with_note("short, for this program"),
        Item::button("save", "Save and go on"),
        Item::button("more", "More settings"),
    ]);
    items
}

/// Adds the fields that few people need, above the buttons.
pub(super) fn add_more(form: &mut Form, account: &Account) {
    let sign_in = &account.sign_in;
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    let ca_file = sign_in
        .ca_file
        .as_ref()
        .map_or(String::new(), |path| path.display().to_string());
    let more = [
        Item::text("login", "Sign-in name", &or_empty(&account.login))
            .with_note("if not the address"),
        Item::text("scopes", "Scopes", &sign_in.scopes.join(" "))
            .with_note("empty: chosen for you"),
        Item::text(
            "device",
            "Device endpoint",
            &or_empty(&sign_in.device_authorization_endpoint),
        ),
        Item::text(
            "token",
            "Token endpoint",
            &or_empty(&sign_in.token_endpoint),
        ),
        Item::text("ca", "CA file", &ca_file).with_note("PEM, private CA"),
    ];
    form.items.retain(|item| item.id != "more");
    let place = form
        .items
        .iter()
        .position(|item| item.id == "save")
        .unwrap_or(form.items.len());
    form.items.splice(place..place, more);
    form.focus_on("login");
}

/// Returns the fields that must be filled in, with the note that says where to get the value.
pub(super) fn missing(candidate: &Candidate) -> Vec<Wrong> {
    let field = |name: &&'static str| match *name {
        "client_id" => Some(("client", "from your administrator".to_owned())),
        "authority" => Some(("authority", "from your provider".to_owned())),
        "host" => Some(("imap", "from your provider".to_owned())),
        _ => None,
    };
    candidate.missing.iter().filter_map(field).collect()
}

fn choice<T: PartialEq + Copy>(
    id: &'static str,
    label: &str,
    options: &[(&str, T)],
    value: T,
) -> Item {
    let chosen = options
        .iter()
        .position(|(_, option)| *option == value)
        .unwrap_or(0);
    Item::choice(
        id,
        label,
        options.iter().map(|(name, _)| (*name).to_owned()).collect(),
        chosen,
    )
}

fn chosen<T: Copy>(form: &Form, id: &str, options: &[(&str, T)], default: T) -> T {
    let value = form.value(id);
    options
        .iter()
        .find(|(name, _)| *name == value)
        .map_or(default, |(_, option)| *option)
}

fn host_port(host: &str, port: u16) -> String {
    if host.is_empty() {
        String::new()
    } else {
        format!("{host}:{port}")
    }
}

fn read_host_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.trim().rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let is_host = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/');
    is_host.then(|| (host.to_owned(), port))
}

/// Says how many additional users there are, or what is wrong with the list.
pub(super) fn users_note(text: &str) -> Result<String, String> {
    let list = parse_address_list(text);
    match list.errors.first() {
        Some(error) => Err(error.to_string()),
        None if list.addresses.is_empty() => Ok("a@x.com; b@x.com".to_owned()),
        None => Ok(match list.addresses.len() {
            1 => "1 mailbox".to_owned(),
            count => format!("{count} mailboxes"),
        }),
    }
}

/// Says whether an application id looks like one of Microsoft's.
pub(super) fn client_note(text: &str) -> String {
    let text = text.trim();
    let is_guid = text.len() == 36
        && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if is_guid || text.is_empty() {
        String::new()
    } else {
        "not a GUID: fine unless Microsoft".to_owned()
    }
}

/// Reads the form into an account, or says which field is wrong.
pub(super) fn read(form: &Form, found: &Account) -> Result<Account, Wrong> {
    let mut account = found.clone();
    let account_name = form.value("name");
    form.value("display")
        .trim()
        .clone_into(&mut account.address.name);
    account_name.trim().clone_into(&mut account.name);
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || "-_.".contains(c))
    };
    if !is_name(&account.name) {
        return Err(("name", "letters, digits, - and _ only".to_owned()));
    }
    read_sign_in(form, &mut account)?;
    read_servers(form, &mut account)?;
    let list = parse_address_list(&form.value("users"));
    if let Some(error) = list.errors.first() {
        return Err(("users", error.to_string()));
    }
    account.additional_users = list.addresses;
    Ok(account)
}

fn read_sign_in(form: &Form, account: &mut Account) -> Result<(), Wrong> {
    let sign_in = &mut account.sign_in;
    let is_shared_for_sending = account.send_sign_in.name == sign_in.name;
    sign_in.provider = chosen(form, "provider", &PROVIDERS, sign_in.provider);
    sign_in.method = chosen(form, "method", &METHODS, sign_in.method);
    form.value("client")
        .trim()
        .clone_into(&mut sign_in.client_id);
    let optional = |id: &str, old: &Option<String>| match form.item(id) {
        Some(item) => Some(item.value().trim().to_owned()).filter(|text| !text.is_empty()),
        None => old.clone(),
    };
    if let Some(tenant) = optional("tenant", &None) {
        sign_in.tenant = tenant;
    }
    sign_in.authority = optional("authority", &sign_in.authority);
    sign_in.device_authorization_endpoint =
        optional("device", &sign_in.device_authorization_endpoint);
    sign_in.token_endpoint = optional("token", &sign_in.token_endpoint);
    account.login = optional("login", &account.login);
    if let Some(item) = form.item("scopes") {
        sign_in.scopes = item.value().split_whitespace().map(str::to_owned).collect();
    }
    if form.item("ca").is_some() {
        sign_in.ca_file = optional("ca", &None).map(PathBuf::from);
        account.servers.ca_file.clone_from(&sign_in.ca_file);
    }
    if sign_in.method == Method::DeviceCode {
        if sign_in.client_id.is_empty() {
            return Err((
                "client",
                "needed: the id of the registered application".to_owned(),
            ));
        }
        let has_endpoints =
            sign_in.device_authorization_endpoint.is_some() && sign_in.token_endpoint.is_some();
        if sign_in.provider == Provider::Custom && sign_in.authority.is_none() && !has_endpoints {
            return Err((
                "authority",
                "needed: the base address of the sign-in service".to_owned(),
            ));
        }
    }
    if is_shared_for_sending {
        account.send_sign_in = account.sign_in.clone();
    }
    Ok(())
}

fn read_servers(form: &Form, account: &mut Account) -> Result<(), Wrong> {
    let servers = &mut account.servers;
    let (host, port) = read_host_port(&form.value("imap")).ok_or_else(|| {
        (
            "imap",
            "HOST:PORT, such as outlook.office365.com:993".to_owned(),
        )
    })?;
    let tls = chosen(form, "imap-tls", &TLS, servers.incoming.tls);
    servers.incoming = IncomingServer {
        host,
        port,
        tls,
        protocol: servers.incoming.protocol,
    };
    let outgoing = form.value("smtp");
    servers.outgoing = if outgoing.trim().is_empty() {
        None
    } else {
        let (host, port) = read_host_port(&outgoing).ok_or_else(|| {
            (
                "smtp",
                "HOST:PORT, such as smtp.office365.com:587, or nothing".to_owned(),
            )
        })?;
        let tls = chosen(form, "smtp-tls", &TLS, TlsMode::StartTls);
        Some(OutgoingServer {
            protocol: OutgoingProtocol::Smtp,
            host,
            port,
            tls,
        })
    };
    Ok(())
}

/// Explains a field in a sentence.
pub(super) fn help(id: &str) -> &'static str {
    match id {
        "provider" => {
            "Microsoft 365 for work and school accounts; other for any provider with OpenID or OAuth 2.0 endpoints."
        }
        "method" => {
            "Device code: you enter a code on any device with a browser. Password: for servers that still take one; Microsoft does not."
        }
        "tenant" => {
            "The organisation's domain or its directory id (a GUID); organizations if the app is for many."
        }
        "authority" => "The address below which /.well-known/openid-configuration is found.",
        "client" => {
            "Application (client) id of the app registered for Pillarbox; your administrator has it."
        }
        "imap" | "smtp" => {
            "Host and port. IMAP: 993 with TLS, 143 with STARTTLS. SMTP: 587 with STARTTLS, 465 with TLS."
        }
        "users" => {
            "Shared mailboxes and people whose mailbox you may open, separated by semicolons."
        }
        "display" => "The name that recipients see beside your address.",
        "login" => "Only if you sign in with another name than the mail address, such as a UPN.",
        "scopes" => "Leave empty, and Pillarbox asks for exactly what it needs.",
        "ca" => "A file with the certificate of a private certification authority.",
        "save" | "more" | "name" => "Enter goes on. Nothing is sent anywhere before you sign in.",
        _ => "",
    }
}
