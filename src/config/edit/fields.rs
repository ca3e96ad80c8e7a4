//! Accounts and profiles as keys and values of a table. The reading side is in the files named after the tables.

use toml_edit::{Array, InlineTable, Value};

use crate::config::interface::Interface;
use crate::config::servers::TLS_MODES;
use crate::config::sign_in::{ASSERTIONS, CLIENTS, CLOUDS, METHODS, PROVIDERS};
use crate::model::{Account, Cloud, OutgoingServer, ServerProfile, SignInProfile, TlsMode};

/// A key and what it says.
pub struct Field {
    /// The key.
    pub key: String,
    /// What is compared to find out whether the key must be written.
    pub content: String,
    /// What is written; `None` takes the key out.
    pub value: Option<Value>,
}

impl Field {
    fn new(key: &str, value: Option<Value>) -> Self {
        Self {
            key: key.to_owned(),
            content: value.as_ref().map(ToString::to_string).unwrap_or_default(),
            value,
        }
    }

    fn text(key: &str, text: &str) -> Self {
        Self::new(key, (!text.is_empty()).then(|| Value::from(text)))
    }

    fn list<'a>(key: &str, items: impl Iterator<Item = &'a String>) -> Self {
        let array: Array = items.collect();
        Self::new(key, (!array.is_empty()).then_some(Value::Array(array)))
    }
}

/// A profile that accounts share by name.
pub trait Profile: Clone {
    /// The table it stands in.
    const TABLE: &'static str;

    /// Returns its name.
    fn name(&self) -> &str;

    /// Returns its keys and values.
    fn fields(&self) -> Vec<Field>;

    /// Tells whether an account uses the profile of this name.
    fn is_used_by(account: &Account, name: &str) -> bool;
}

impl Profile for SignInProfile {
    const TABLE: &'static str = "sign_in";

    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self) -> Vec<Field> {
        let optional =
            |key, text: &Option<String>| Field::text(key, text.as_deref().unwrap_or_default());
        let plain = Self::new("", self.provider, self.method);
        let client = (self.client != plain.client).then(|| word(CLIENTS, &self.client));
        let assertion =
            (self.assertion != plain.assertion).then(|| word(ASSERTIONS, &self.assertion));
        let expires = self.secret_expires.map(|day| day.to_string());
        let cloud = (self.cloud != Cloud::Public).then(|| word(CLOUDS, &self.cloud));
        vec![
            Field::text("provider", word(PROVIDERS, &self.provider)),
            Field::text("method", word(METHODS, &self.method)),
            Field::text("tenant", &self.tenant),
            Field::text("client_id", &self.client_id),
            Field::text("client", client.unwrap_or_default()),
            Field::text("cloud", cloud.unwrap_or_default()),
            optional("authority", &self.authority),
            optional("authorization_endpoint", &self.authorization_endpoint),
            optional("token_endpoint", &self.token_endpoint),
            optional(
                "device_authorization_endpoint",
                &self.device_authorization_endpoint,
            ),
            optional("redirect_uri", &self.redirect_uri),
            Field::list("scopes", self.scopes.iter()),
            optional("secret_expires", &expires),
            file("certificate", self.certificate.as_deref()),
            file("certificate_key", self.certificate_key.as_deref()),
            Field::text("assertion", assertion.unwrap_or_default()),
            file("ca_file", self.ca_file.as_deref()),
            Field::list("domains", self.domains.iter()),
        ]
    }

    fn is_used_by(account: &Account, name: &str) -> bool {
        account.sign_in.name == name || account.send_sign_in.name == name
    }
}

impl Profile for ServerProfile {
    const TABLE: &'static str = "servers";

    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self) -> Vec<Field> {
        let incoming = &self.incoming;
        let protocol = incoming.protocol.name();
        let plain = server(protocol, &incoming.host, incoming.port, incoming.tls);
        let incoming = with_path(plain, incoming.path.as_deref());
        let fallback = self.fallback.as_ref().map(outgoing);
        let outgoing = self.outgoing.as_ref().map(outgoing);
        vec![
            Field::new("incoming", Some(incoming)),
            Field::new("outgoing", outgoing),
            Field::new("fallback", fallback),
            file("ca_file", self.ca_file.as_deref()),
            Field::new("files_sent_copy", self.files_sent_copy.map(Value::from)),
        ]
    }

    fn is_used_by(account: &Account, name: &str) -> bool {
        account.servers.name == name
    }
}

/// Returns an account's keys and values; profiles go by name.
pub fn account_fields(account: &Account) -> Vec<Field> {
    let has_own = account.send_sign_in.name != account.sign_in.name;
    let send_sign_in = if has_own {
        account.send_sign_in.name.as_str()
    } else {
        ""
    };
    let users: Vec<String> = account
        .additional_users
        .iter()
        .map(ToString::to_string)
        .collect();
    let on_behalf: Vec<String> = account.on_behalf.iter().map(ToString::to_string).collect();
    let mut fields = vec![
        Field::text("address", &account.address.email),
        Field::text("name", &account.address.name),
        Field::text("sign_in", &account.sign_in.name),
        Field::text("send_sign_in", send_sign_in),
        Field::text("servers", &account.servers.name),
        Field::text("login", account.login.as_deref().unwrap_or_default()),
        Field::text("additional_users", &users.join("; ")),
        Field::text("on_behalf", &on_behalf.join("; ")),
    ];
    // The display name may stand in `address` too, so that both are written or neither.
    for field in fields.iter_mut().take(2) {
        field.content = account.address.to_string();
    }
    fields
}

/// Returns the keys and values of `[interface]`.
pub fn interface_fields(interface: &Interface) -> Vec<Field> {
    let undo = i64::from(interface.undo_seconds);
    vec![
        Field::text("theme", &interface.theme),
        Field::new("ascii", Some(Value::from(interface.ascii))),
        Field::new("undo_seconds", Some(Value::from(undo))),
        Field::text("signature", &interface.signature),
    ]
}

/// Returns the keys and values of `[keys]`.
pub fn key_fields(interface: &Interface) -> Vec<Field> {
    let field = |(action, keys): (&String, &Vec<String>)| {
        let array: Array = keys.iter().collect();
        Field::new(action, Some(Value::Array(array)))
    };
    interface.keys.iter().map(field).collect()
}

fn file(key: &str, path: Option<&std::path::Path>) -> Field {
    let text = path.map(|path| path.to_string_lossy().into_owned());
    Field::text(key, text.as_deref().unwrap_or_default())
}

/// Returns a server as a value.
pub fn server(protocol: &str, host: &str, port: u16, tls: TlsMode) -> Value {
    let mut table = InlineTable::new();
    table.insert("protocol", protocol.into());
    table.insert("host", host.into());
    table.insert("port", i64::from(port).into());
    table.insert("tls", word(TLS_MODES, &tls).into());
    Value::InlineTable(table)
}

fn outgoing(outgoing: &OutgoingServer) -> Value {
    let protocol = outgoing.protocol.name();
    let plain = server(protocol, &outgoing.host, outgoing.port, outgoing.tls);
    with_path(plain, outgoing.path.as_deref())
}

fn with_path(mut server: Value, path: Option<&str>) -> Value {
    if let (Value::InlineTable(table), Some(path)) = (&mut server, path) {
        table.insert("path", path.into());
    }
    server
}

fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    let found = words.iter().find(|(_, known)| known == value);
    found.map_or("", |(name, _)| name)
}
