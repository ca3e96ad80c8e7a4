//! Looks at a field while it is typed: what is wrong with it, or a quiet word about it. Asks nobody; what only the
//! rules of the settings know is said when they are saved.

use jiff::civil::Date;

use crate::admin::is_secret_id;
use crate::model::{
    IncomingProtocol, Method, OutgoingProtocol, Provider, TlsMode, WebAddress, parse_address_list,
};
use crate::tui::screens::setup::scopes;
use crate::tui::screens::setup::sheet::Sheet;

/// The quiet word about a field, or what is wrong with it. `None`: there is nothing to say, its first note stays.
pub type Said = Option<Result<String, String>>;

/// Looks at a field; `today` is for days that are past.
pub fn check(id: &str, sheet: &Sheet, today: Date) -> Said {
    let text = sheet.text(id);
    let said = match id {
        "client" => client(sheet, text),
        "tenant" => tenant(sheet, text),
        "expires" => expires(sheet, text, today),
        // What was said of another ending must not stay.
        "certificate" | "key" | "ca" => return Some(file(id, text)),
        "redirect" => redirect(sheet.account.sign_in.provider, text),
        "authority" | "authorize" | "token" | "device" => address(text),
        "scopes" => scopes::check(&sheet.to_sign_in()),
        "incoming" | "outgoing" if is_whole(sheet, id) => {
            read_place(sheet, id).map(|_| String::new())
        }
        "incoming" => server(text, sheet.account.servers.incoming.tls, 143),
        "outgoing" => outgoing(sheet, text),
        "users" => users(sheet, text),
        "behalf" => behalf(sheet, text),
        "name" => name(sheet, text),
        _ => return None,
    };
    match said {
        Ok(note) if note.is_empty() => None,
        said => Some(said),
    }
}

/// Looks at a secret, which is never kept here.
pub fn check_secret(secret: &str) -> Result<(), String> {
    if is_secret_id(secret) {
        return Err(
            "this is the secret's ID; its value stands beside it, and only when it is made"
                .to_owned(),
        );
    }
    Ok(())
}

/// Tells whether everything that is needed stands there: the field, and what is missing.
pub fn needed(sheet: &Sheet) -> Vec<(&'static str, String)> {
    let words = |id: &str| match id {
        "consent" => "these servers belong to somebody else: yes, or choose other servers",
        "client" => "needed: the id of the registered application",
        "authority" => "needed: the base address of the sign-in service",
        "certificate" => "needed: the certificate registered with the application",
        _ => "HOST:PORT, such as outlook.office365.com:993",
    };
    let missing = crate::tui::screens::setup::items::missing(sheet);
    let all = missing.into_iter();
    all.map(|(id, _)| (id, words(id).to_owned())).collect()
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

fn client(sheet: &Sheet, text: &str) -> Result<String, String> {
    if !sheet.account.sign_in.provider.is_microsoft() || text.is_empty() || is_guid(text) {
        return Ok(if is_guid(text) {
            "a GUID".to_owned()
        } else {
            String::new()
        });
    }
    let can_become = text.len() < 36 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if can_become {
        Ok(format!("{} of 36 characters", text.len()))
    } else {
        Err("a GUID, such as 11111111-2222-3333-4444-555555555555".to_owned())
    }
}

/// Tells whether an application id can be one of its provider's.
pub fn is_whole_client(sheet: &Sheet) -> bool {
    let is_microsoft = sheet.account.sign_in.provider.is_microsoft();
    !is_microsoft || is_guid(sheet.text("client"))
}

fn tenant(sheet: &Sheet, text: &str) -> Result<String, String> {
    let is_plain = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    let lower = text.to_lowercase();
    let is_alias = ["", "common", "organizations", "consumers"].contains(&lower.as_str());
    if !is_plain {
        return Err("a GUID, a domain, common or organizations".to_owned());
    }
    if is_alias && sheet.account.sign_in.method.is_app_only() {
        return Err("an application signs in to one tenant: its GUID or domain".to_owned());
    }
    Ok(match lower.as_str() {
        "organizations" => "any work or school account".to_owned(),
        "common" => "work, school and personal".to_owned(),
        "consumers" => "personal accounts".to_owned(),
        _ if is_guid(text) => "a GUID".to_owned(),
        _ => String::new(),
    })
}

fn expires(sheet: &Sheet, text: &str, today: Date) -> Result<String, String> {
    if text.is_empty() {
        return Ok("YYYY-MM-DD".to_owned());
    }
    let Ok(day) = text.parse::<Date>() else {
        let can_become = text.len() < 10 && text.chars().all(|c| c.is_ascii_digit() || c == '-');
        return if can_become {
            Ok("YYYY-MM-DD".to_owned())
        } else {
            Err("a day such as 2027-05-31".to_owned())
        };
    };
    let days = today.until(day).map_or(0, |span| span.get_days());
    if days < 0 && sheet.account.sign_in.secret_expires == Some(day) {
        // It was so before; whoever changes something else is not held up.
        return Ok("past: a new secret is needed".to_owned());
    }
    if days < 0 {
        return Err("this day is past: a new secret is needed".to_owned());
    }
    Ok(format!("{days} days left"))
}

fn file(id: &str, text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(match id {
            "key" => "empty: in the same file",
            "ca" => "PEM, private CA",
            _ => "PEM file",
        }
        .to_owned());
    }
    let ending = text
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase());
    let ending = ending.as_deref().unwrap_or_default();
    if ["pfx", "p12"].contains(&ending) && id != "ca" {
        return Err(format!(
            "PKCS#12; make PEM of it: openssl pkcs12 -in {} -out app.pem -nodes",
            quoted(text)
        ));
    }
    if ["cer", "der"].contains(&ending) {
        return Ok("PEM text? may be binary".to_owned());
    }
    Ok(String::new())
}

/// Writes a path as a shell takes it.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-~+@".contains(c);
    if path.chars().all(is_plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

fn redirect(provider: Provider, text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok("a free port of this machine".to_owned());
    }
    let rest = text.strip_prefix("http://");
    let host = rest.map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
    let is_local = host.is_some_and(|host| ["localhost", "127.0.0.1", "["].contains(&host));
    if host.is_some() && !is_local {
        return Err("https, or http on localhost".to_owned());
    }
    if provider == Provider::Gmail && !is_local {
        return Err("Google takes only this machine: http://127.0.0.1".to_owned());
    }
    Ok(if is_local {
        "to be registered".to_owned()
    } else {
        "registered so; pasted back".to_owned()
    })
}

fn address(text: &str) -> Result<String, String> {
    let is_local = ["http://localhost", "http://127.0.0.1"]
        .iter()
        .any(|start| text.starts_with(start));
    let has_scheme = text.contains("://");
    if text.is_empty() || is_local || text.starts_with("https://") || !has_scheme && text.len() < 8
    {
        return Ok(String::new());
    }
    Err("an https:// address".to_owned())
}

/// Where a server is.
pub struct Place {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The path of EWS, where it is not the usual one.
    pub path: Option<String>,
}

/// Reads the field of a server: `HOST:PORT`, and of EWS a whole address, too. Says what is wrong with it.
pub fn read_place(sheet: &Sheet, id: &str) -> Result<Place, String> {
    let text = sheet.text(id);
    if is_whole(sheet, id) {
        let ews = WebAddress::read(text).map_err(|error| error.to_string())?;
        return Ok(Place {
            host: ews.host,
            port: ews.port.unwrap_or(443),
            path: ews.path,
        });
    }
    let read = read_host_port(text);
    let (host, port) = read.ok_or("HOST:PORT, such as mail.example.org:993")?;
    let path = None;
    Ok(Place { host, port, path })
}

/// Tells whether a field has an address with a path, as EWS has one.
fn is_whole(sheet: &Sheet, id: &str) -> bool {
    let servers = &sheet.account.servers;
    let outgoing = servers.outgoing.as_ref();
    let is_ews = match id {
        "incoming" => servers.incoming.protocol == IncomingProtocol::Ews,
        _ => outgoing.is_some_and(|server| server.protocol == OutgoingProtocol::Ews),
    };
    is_ews && sheet.text(id).contains('/')
}

/// Reads `HOST:PORT`.
fn read_host_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.trim().rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let is_host = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/');
    is_host.then(|| (host.to_owned(), port))
}

fn outgoing(sheet: &Sheet, text: &str) -> Result<String, String> {
    let tls = sheet
        .account
        .servers
        .outgoing
        .as_ref()
        .map_or(TlsMode::StartTls, |server| server.tls);
    if text.is_empty() {
        return Ok("none: reads only".to_owned());
    }
    server(text, tls, 587)
}

/// A port whose usual protection is another one is pointed out; `plain` is the one that begins without.
fn server(text: &str, tls: TlsMode, plain: u16) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let Some((_, port)) = read_host_port(text) else {
        let port = text.rsplit_once(':').map_or("", |(_, port)| port);
        let is_port = port.parse::<u16>().is_ok_and(|port| port != 0);
        let is_wrong = !port.is_empty() && !is_port;
        return if is_wrong || text.contains(['/', ' ']) {
            Err("HOST:PORT, the port from 1 to 65535".to_owned())
        } else {
            Ok("and its port, :993 or such".to_owned())
        };
    };
    Ok(match (tls, port) {
        (TlsMode::Implicit, port) if port == plain => format!("{port} goes with STARTTLS"),
        (TlsMode::StartTls, 993 | 465) => format!("{port} goes with TLS"),
        (TlsMode::None, _) => "not encrypted!".to_owned(),
        _ => String::new(),
    })
}

fn users(sheet: &Sheet, text: &str) -> Result<String, String> {
    let list = parse_address_list(text);
    if let Some(error) = list.errors.first() {
        return Err(error.to_string());
    }
    let main = &sheet.account.address;
    if list.addresses.iter().any(|user| user.is_same_mailbox(main)) {
        return Err(format!("{} is the account's main address", main.email));
    }
    Ok(match list.addresses.len() {
        0 => "a@x.com; b@x.com".to_owned(),
        1 => "1 mailbox".to_owned(),
        count => format!("{count} mailboxes"),
    })
}

fn behalf(sheet: &Sheet, text: &str) -> Result<String, String> {
    let (list, users) = (
        parse_address_list(text),
        parse_address_list(sheet.text("users")),
    );
    if let Some(error) = list.errors.first() {
        return Err(error.to_string());
    }
    let is_user =
        |one: &&crate::model::Address| users.addresses.iter().any(|user| user.is_same_mailbox(one));
    match list.addresses.iter().find(|one| !is_user(one)) {
        Some(other) => Err(format!("{} is none of the additional users", other.email)),
        None => Ok("of those above".to_owned()),
    }
}

fn name(sheet: &Sheet, text: &str) -> Result<String, String> {
    let is_name = !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if !is_name {
        return Err("letters, digits, - and _ only".to_owned());
    }
    let is_taken = sheet
        .config
        .accounts
        .iter()
        .any(|account| account.name == text);
    if is_taken && !sheet.is_edit {
        return Err(format!("there is an account {text} already"));
    }
    Ok(String::new())
}

/// Tells which fields hold paths of files that must be there.
pub fn paths(sheet: &Sheet) -> Vec<(&'static str, String)> {
    let is_certificate = sheet.account.sign_in.method == Method::ClientCertificate;
    let all = ["certificate", "key", "ca"].into_iter();
    all.filter(|id| is_certificate || *id == "ca")
        .map(|id| (id, sheet.text(id).to_owned()))
        .filter(|(_, path)| !path.is_empty())
        .collect()
}
