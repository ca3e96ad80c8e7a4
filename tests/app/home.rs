//! A tenant with short habits, and homes of the program as an organisation would ship them.

use std::path::Path;
use std::time::Duration;

use pillarbox::config::Paths;
use pillarbox::demo::{Control, Habits, Options, Tenant};

use crate::relay::Relay;

/// A running tenant and the wires to it.
pub struct House {
    pub tenant: Tenant,
    pub control: Control,
    pub imap: Relay,
    pub smtp: Relay,
    _folder: tempfile::TempDir,
}

impl House {
    /// Starts a tenant whose tokens last for an hour.
    pub async fn open() -> Self {
        Self::with_tokens_of(Duration::from_secs(3600)).await
    }

    /// Starts a tenant with few messages, hasty colleagues and tokens of this life.
    pub async fn with_tokens_of(life: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            messages: 120,
            chatter: false,
            token_life: life,
            ..Options::new(folder.path())
        };
        let habits = Habits {
            poll_interval: Duration::from_secs(1),
            answer_after: (Duration::from_millis(100), Duration::from_millis(300)),
            ..Habits::default()
        };
        let tenant = Tenant::start_with(options, habits).await.unwrap();
        Self {
            control: tenant.control(),
            imap: Relay::to(tenant.imap_port).await,
            smtp: Relay::to(tenant.smtp_port).await,
            tenant,
            _folder: folder,
        }
    }

    /// Counts the messages of a folder that contain a text.
    pub fn count(&self, mailbox: &str, folder: &str, text: &str) -> usize {
        let messages = self.control.messages(mailbox, folder);
        let contains = |message: &[u8]| String::from_utf8_lossy(message).contains(text);
        messages
            .iter()
            .filter(|message| contains(message.as_ref()))
            .count()
    }

    /// Puts a message into the main user's inbox.
    pub fn deliver(&self, subject: &str, text: &str) {
        let message = format!(
            "From: Noor Haddad <noor@harborvale.example>\r\nTo: {user}\r\nSubject: {subject}\r\n\
             Message-ID: <{id}@harborvale.example>\r\nDate: {date}\r\n\r\n{text}\r\n",
            user = self.tenant.user,
            id = subject.replace(' ', "-"),
            date = jiff::fmt::rfc2822::to_string(&jiff::Zoned::now()).unwrap(),
        );
        self.control
            .deliver(&self.tenant.user, "INBOX", message.as_bytes())
            .unwrap();
    }
}

/// A folder for the program, with the organisation's settings in it and none of the user's.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// Writes what an organisation would ship, and how long sending can be taken back.
    pub fn new(house: &House, undo_seconds: u8) -> Self {
        Self::with(|home| settings(home, house, undo_seconds))
    }

    /// The same where mail is read and sent over another protocol, at Microsoft's.
    pub fn over(protocol: &str, house: &House) -> Self {
        Self::with(|home| settings_over(protocol, home, house))
    }

    fn with(settings: impl Fn(&Path) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Self { folder };
        let paths = home.paths();
        paths.prepare().unwrap();
        std::fs::create_dir_all(paths.system_config.parent().unwrap()).unwrap();
        std::fs::write(paths.system_config, settings(home.folder.path())).unwrap();
        home
    }

    pub fn paths(&self) -> Paths {
        Paths::under(self.folder.path())
    }
}

fn settings_over(protocol: &str, home: &Path, house: &House) -> String {
    let tenant = &house.tenant;
    let origin = url::Url::parse(&tenant.authority).unwrap().origin();
    let place = |protocol: &str, port: u16, tls: &str| {
        format!("{{ protocol = {protocol:?}, host = \"localhost\", port = {port}, tls = {tls:?} }}")
    };
    let web = |protocol: &str| place(protocol, tenant.web_port, "implicit");
    let (incoming, outgoing) = match protocol {
        "pop3" => (
            place("pop3", tenant.pop_port, "implicit"),
            place("smtp", house.smtp.port, "starttls"),
        ),
        web_protocol => (web(web_protocol), web(web_protocol)),
    };
    let ca = &tenant.ca_file;
    format!(
        "[interface]\nundo_seconds = 0\n\n\
         [sign_in.demo]\nprovider = \"microsoft365\"\nmethod = \"device-code\"\nclient_id = {client:?}\n\
         tenant = {domain:?}\nauthority = {authority:?}\nca_file = {ca:?}\ndomains = [{domain:?}]\n\n\
         [servers.demo]\nca_file = {ca:?}\nincoming = {incoming}\noutgoing = {outgoing}\n\n\
         [servers.other]\nca_file = {ca:?}\nincoming = {graph}\noutgoing = {graph}\n\n\
         [vault]\nkind = \"file\"\nkey_file = {key:?}\n",
        client = tenant.client_id,
        domain = tenant.user.rsplit_once('@').unwrap().1,
        authority = origin.ascii_serialization(),
        graph = web("graph"),
        key = home.join("vault.key"),
    )
}

fn settings(home: &Path, house: &House, undo_seconds: u8) -> String {
    let tenant = &house.tenant;
    format!(
        "[interface]\nundo_seconds = {undo_seconds}\n\n\
         [sign_in.demo]\nprovider = \"custom\"\nmethod = \"device-code\"\nclient_id = {client:?}\n\
         authority = {authority:?}\nca_file = {ca:?}\ndomains = [{domain:?}]\n\n\
         [servers.demo]\nca_file = {ca:?}\nfiles_sent_copy = {files}\n\
         incoming = {{ protocol = \"imap\", host = \"localhost\", port = {imap}, tls = \"implicit\" }}\n\
         outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {smtp}, tls = \"starttls\" }}\n\n\
         [vault]\nkind = \"file\"\nkey_file = {key:?}\n",
        client = tenant.client_id,
        authority = tenant.authority,
        ca = tenant.ca_file,
        domain = tenant.user.rsplit_once('@').unwrap().1,
        files = tenant.files_sent_copy,
        imap = house.imap.port,
        smtp = house.smtp.port,
        key = home.join("vault.key"),
    )
}
