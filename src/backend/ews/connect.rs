//! Opens a mailbox: one request lists its folders, which proves that it opens, and since Exchange 2013 says which of them
//! every mailbox has. Elsewhere, and where only single folders may be opened, a second request names those.
//!
//! There is no connection to keep: every request carries its proof.

use super::folders::{self, Listed, Purpose};
use super::judge::{self, Stage};
use super::link::{Call, Link, protocol};
use super::resolve::AddressBook;
use super::soap::{Class, Reply, Version, Xml};
use super::submit::Submitter;
use super::{Ews, item};
use crate::backend::{Access, Backend, BackendError, Directory, Outgoing, Refusal};
use crate::model::{EWS_PATH, EwsServer, IncomingServer, OutgoingServer, Role, sanitize_line};
use crate::net::Trust;

const DOING: &str = "open the mailbox";

/// The folders asked for first; `archive` is new, and schemas without it refuse the whole request.
const NAMES: [(&str, Role); 7] = [
    ("msgfolderroot", Role::None),
    ("inbox", Role::Inbox),
    ("drafts", Role::Drafts),
    ("sentitems", Role::Sent),
    ("deleteditems", Role::Trash),
    ("junkemail", Role::Junk),
    ("archive", Role::Archive),
];

/// A folder that every mailbox has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) role: Role,
}

/// The folders that opened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Places {
    pub(super) all: Vec<Place>,
}

impl Places {
    /// Reads them out of a list; nothing where it does not say which folder is the inbox.
    fn in_list(listed: &[Listed]) -> Option<Self> {
        let named = NAMES.iter().filter_map(|(name, role)| {
            let folder = listed.iter().find(|folder| folder.known_as == *name)?;
            Some(Place {
                id: folder.id.clone(),
                name: folder.name.clone(),
                role: *role,
            })
        });
        let all: Vec<Place> = named.collect();
        let has_inbox = all.iter().any(|place| place.role == Role::Inbox);
        has_inbox.then_some(Self { all })
    }

    /// Returns what a folder is for.
    pub(super) fn role(&self, id: &str) -> Role {
        let place = self.all.iter().find(|place| place.id == id);
        place.map_or(Role::None, |place| place.role)
    }
}

/// Opens a mailbox.
pub async fn connect(
    server: &IncomingServer,
    trust: &Trust,
    access: &Access,
) -> Result<Box<dyn Backend>, BackendError> {
    let base = base(&server.host, server.port, server.path.as_deref());
    Ok(Box::new(open_at(&base, trust, access).await?))
}

/// Makes a way to ask the organisation's address book. Asks nothing yet.
pub fn directory(
    server: EwsServer<'_>,
    trust: &Trust,
    access: &Access,
) -> Result<Box<dyn Directory>, BackendError> {
    let base = base(server.host, server.port, server.path);
    Ok(Box::new(directory_at(&base, trust, access)?))
}

/// Opens a way to send mail. `access.mailbox` is the sender.
pub async fn connect_outgoing(
    server: &OutgoingServer,
    trust: &Trust,
    access: &Access,
) -> Result<Box<dyn Outgoing>, BackendError> {
    let base = base(&server.host, server.port, server.path.as_deref());
    Ok(Box::new(send_at(&base, trust, access).await?))
}

/// Opens a mailbox of the service at `base`.
pub(super) async fn open_at(
    base: &str,
    trust: &Trust,
    access: &Access,
) -> Result<Ews, BackendError> {
    let link = Link::new(base, trust, access)?;
    let listed = match folders::find_all(&link, Purpose::Opening).await {
        Ok(listed) => Some(listed),
        Err(error) if may_open(&error) => None,
        Err(error) => return Err(error),
    };
    let named = listed.as_deref().and_then(Places::in_list);
    let places = match named {
        Some(places) => places,
        None => find_places(&link).await?,
    };
    Ok(Ews::new(link, places, listed))
}

/// Tells whether single folders of a mailbox may open that does not list its folders.
fn may_open(error: &BackendError) -> bool {
    match error {
        BackendError::Refused { kind, .. } => *kind != Refusal::EwsBlocked,
        error => matches!(error, BackendError::Gone { .. }),
    }
}

/// Opens a way to send mail by the service at `base`.
pub(super) async fn send_at(
    base: &str,
    trust: &Trust,
    access: &Access,
) -> Result<Submitter, BackendError> {
    let link = Link::new(base, trust, access)?;
    let submitter = Submitter::new(link);
    submitter.check_mailbox().await?;
    Ok(submitter)
}

/// Makes a way to ask the address book of the service at `base`.
pub(super) fn directory_at(
    base: &str,
    trust: &Trust,
    access: &Access,
) -> Result<AddressBook, BackendError> {
    Ok(AddressBook::new(Link::new(base, trust, access)?))
}

/// Returns the address of the service.
pub(super) fn base(host: &str, port: u16, path: Option<&str>) -> String {
    // The address of a URL is in brackets where it is one of IPv6.
    let host = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    format!("https://{host}:{port}{}", path.unwrap_or(EWS_PATH))
}

/// Asks for the folders that every mailbox has.
async fn find_places(link: &Link) -> Result<Places, BackendError> {
    match ask(link, &NAMES).await {
        Err(BackendError::Refused { code, .. }) if is_about_form(&code) => {
            let old = NAMES.get(..NAMES.len() - 1).unwrap_or_default();
            ask(link, old).await
        }
        outcome => outcome,
    }
}

fn is_about_form(code: &str) -> bool {
    matches!(code, "ErrorSchemaValidation" | "ErrorInvalidRequest")
}

async fn ask(link: &Link, names: &[(&str, Role)]) -> Result<Places, BackendError> {
    let names: Vec<(String, Role)> = names
        .iter()
        .map(|(name, role)| ((*name).to_owned(), *role))
        .collect();
    let write = |xml: &mut Xml, _: Version| {
        xml.inside("m:GetFolder", &[], |xml| {
            xml.inside("m:FolderShape", &[], |xml| {
                xml.text("t:BaseShape", "IdOnly");
                item::properties(xml, &["folder:DisplayName"], &[]);
            });
            xml.inside("m:FolderIds", &[], |xml| {
                for (name, _) in &names {
                    link.place(xml, name);
                }
            });
        });
    };
    let replies = link.call(&Call::new(DOING, &write).opening()).await?;
    let inbox = replies.get(1).or_else(|| replies.first());
    let Some(inbox) = inbox else {
        return Err(protocol(DOING, "an answer without a message"));
    };
    if inbox.class == Class::Error {
        return Err(judge::error(DOING, Stage::Opening, inbox));
    }
    Ok(places(&names, &replies))
}

fn places(names: &[(String, Role)], replies: &[Reply]) -> Places {
    let mut places = Places::default();
    for ((name, role), reply) in names.iter().zip(replies) {
        let folder = reply.node.at(&["Folders"]);
        let folder = folder.and_then(|folders| folders.children().first());
        let Some(id) = folder.and_then(|folder| folder.child("FolderId")?.attribute("Id")) else {
            continue;
        };
        if name == "msgfolderroot" {
            continue;
        }
        let shown = folder.map_or("", |folder| folder.text_of("DisplayName"));
        places.all.push(Place {
            id: id.to_owned(),
            name: sanitize_line(shown).replace('/', "∕"),
            role: *role,
        });
    }
    places
}
