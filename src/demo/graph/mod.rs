//! Microsoft Graph's mail API, v1.0, over the tenant's mailboxes: what a foreign client meets at graph.microsoft.com.
//!
//! [`answer`] takes a request; `access` says whether it may, and each resource has a file of its own.

mod access;
mod attachments;
mod batch;
mod delta;
mod filter;
mod folders;
mod ids;
mod messages;
mod query;
mod rfc822;
mod send;
mod show;
mod state;
mod tree;
mod wire;

use state::Extra;
pub use state::Graph;

use std::io;
use std::time::Duration;

use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Map, Value};

use super::house::House;
use super::mail_store::{Mailbox, Message};
use super::mischief::{Mischief, Service};
use super::sign_in::Grant;
use super::transport::web::Answer;
use access::{Need, Place};
use ids::Id;
use wire::{Call, Content, Ending, Fault, Reply, RequestIds};

/// How late a late answer is.
const LATE: Duration = Duration::from_secs(3);

/// Larger requests are refused; larger files come by upload.
const MAX_REQUEST: usize = (4 << 20) + (16 << 10);

type Outcome = Result<Reply, Fault>;

/// What a request works with.
struct Desk<'a> {
    house: &'a House,
    call: &'a Call,
    grant: &'a Grant,
    place: Place,
}

impl Desk<'_> {
    /// Looks at the mailbox.
    fn read<R>(&self, look: impl FnOnce(&Mailbox) -> R) -> Result<R, Fault> {
        let found = self.house.store.read(&self.place.mailbox, look);
        found.ok_or_else(Fault::not_found)
    }

    /// Changes the mailbox.
    fn change<R>(&self, change: impl FnOnce(&mut Mailbox) -> R) -> Result<R, Fault> {
        let done = self.house.store.change(&self.place.mailbox, change);
        done.ok_or_else(Fault::not_found)
    }

    /// Returns the number of the folder that a well-known name or an id names.
    fn folder(&self, name: &str) -> Result<u32, Fault> {
        if let Some(id) = self.read(|mailbox| tree::known(mailbox, name))? {
            return Ok(id);
        }
        let Id::Folder(id) = ids::read(&self.place.mailbox, name)? else {
            return Err(Fault::bad("ErrorInvalidIdMalformed", "Id is malformed."));
        };
        let is_there =
            self.read(|mailbox| tree::is_own(id) || mailbox.folder_by_id(id).is_some())?;
        is_there.then_some(id).ok_or_else(Fault::not_found)
    }

    /// Returns the message that an id of either form names, and its folder.
    fn message(&self, id: &str) -> Result<(u32, Message), Fault> {
        let Id::Message(name) = ids::read(&self.place.mailbox, id)? else {
            return Err(Fault::bad("ErrorInvalidIdMalformed", "Id is malformed."));
        };
        let found = self.read(|mailbox| {
            let mut folders = mailbox.folders().iter();
            folders.find_map(|folder| {
                let is_here = name.folder.is_none_or(|id| id == folder.uid_validity);
                let message = is_here.then(|| folder.message_by_key(name.key)).flatten()?;
                Some((folder.uid_validity, message.clone()))
            })
        })?;
        found.ok_or_else(Fault::not_found)
    }

    /// Returns the path of a folder that the store has.
    fn path_of(&self, folder: u32) -> Result<String, Fault> {
        let path = self.read(|mailbox| mailbox.folder_by_id(folder).map(|f| f.path.clone()))?;
        path.ok_or_else(|| Fault::bad("ErrorInvalidRequest", "The folder takes no messages."))
    }

    /// Returns the address of the page that begins at `skip`.
    fn next_link(&self, skip: usize) -> String {
        let query = self.call.query.with(&[("$skip", &skip.to_string())]);
        format!("{}{}?{query}", self.place.base, self.call.path)
    }

    /// Takes a mischief if it is this one.
    fn takes(&self, wanted: &Mischief) -> bool {
        let is_asked = |at: &str| self.call.path.contains(at);
        let mischief = &self.house.mischief;
        let taken = mischief.take(Service::Graph, is_asked, |next| next == wanted);
        taken.is_some()
    }
}

/// Answers a request. An error cuts the connection.
pub async fn answer(house: &House, request: &Request<Bytes>) -> io::Result<Answer> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let (version, rest) = path
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or((path, ""));
    let call = Call::new(
        request.method().as_str(),
        &format!("/{rest}"),
        request.headers().clone(),
        request.body().clone(),
    );
    let ids = request_ids(house, &call);
    let mut reply = if version.eq_ignore_ascii_case("upload") {
        let reply = attachments::upload(house, &call);
        reply.unwrap_or_else(|fault| wire::refused(&fault, &ids, &house.sign_in.base))
    } else if call.segments.first().is_some_and(|first| first == "$batch") {
        batch::run(house, &call).await
    } else {
        serve(house, &call, &ids).await
    };
    let take = |wanted: &Mischief| {
        let is_asked = |at: &str| call.path.contains(at);
        let mischief = &house.mischief;
        let taken = mischief.take(Service::Graph, is_asked, |next| next == wanted);
        taken.is_some()
    };
    if take(&Mischief::CutAfter) {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    if let Content::Json(value) = &mut reply.content
        && reply.status < 300
        && take(&Mischief::Unknown)
    {
        wire::confuse(value);
    }
    let has_content = !matches!(reply.content, Content::None);
    let ending = if has_content && take(&Mischief::CutInside) {
        Ending::Inside
    } else {
        Ending::Whole
    };
    Ok(wire::send(reply, &call, &ids, ending))
}

fn request_ids(house: &House, call: &Call) -> RequestIds {
    let request = house.graph.request_id();
    let client = call.header("client-request-id");
    let client = if client.is_empty() { &request } else { client };
    RequestIds {
        client: client.chars().take(100).collect(),
        request,
    }
}

/// Answers a request that is no batch, or one of a batch.
async fn serve(house: &House, call: &Call, ids: &RequestIds) -> Reply {
    house.sign_in.requests.count_graph();
    let outcome = prepared(house, call).await;
    outcome.unwrap_or_else(|fault| wire::refused(&fault, ids, &house.sign_in.base))
}

async fn prepared(house: &House, call: &Call) -> Outcome {
    let grant = access::identify(house, call)?;
    let (mailbox, path, rest) = access::user(&grant, &call.segments)?;
    let place = Place {
        identity: grant.user.clone(),
        mailbox,
        path,
        base: format!("{}/v1.0", house.sign_in.base),
    };
    let _turn = house
        .graph
        .enter(&place.identity, &place.mailbox)
        .ok_or_else(Fault::throttled)?;
    let is_asked = |at: &str| call.path.contains(at);
    let take =
        |wanted: fn(&Mischief) -> bool| house.mischief.take(Service::Graph, is_asked, wanted);
    if take(|next| *next == Mischief::Slow).is_some() {
        tokio::time::sleep(LATE).await;
    }
    if let Some(Mischief::Error { code, .. }) = take(|next| matches!(next, Mischief::Error { .. }))
    {
        return Err(Fault::by_code(code));
    }
    if call.body.len() > MAX_REQUEST {
        return Err(Fault::new(
            413,
            "RequestEntityTooLarge",
            "The maximum request length of 4 MB is exceeded.",
        ));
    }
    let rest = below_user(rest);
    let names: Vec<&str> = rest.iter().map(String::as_str).collect();
    let desk = Desk {
        house,
        call,
        grant: &grant,
        place,
    };
    route(&desk, &names)
}

/// Names of resources and actions, whose case does not count.
const NAMES: [&str; 14] = [
    "mailFolders",
    "childFolders",
    "messages",
    "attachments",
    "delta",
    "sendMail",
    "send",
    "move",
    "copy",
    "permanentDelete",
    "createUploadSession",
    "translateExchangeIds",
    "$value",
    "$count",
];

/// Writes names as they should be, and leaves out folders that a message's or a folder's own id makes needless.
fn below_user(segments: &[String]) -> Vec<String> {
    let canonical = |segment: &String| {
        let mut names = NAMES.iter();
        let name = names.find(|name| name.eq_ignore_ascii_case(segment));
        name.map_or_else(|| segment.clone(), |name| (*name).to_owned())
    };
    let mut rest: Vec<String> = segments.iter().map(canonical).collect();
    while let [folders, _, below, id, ..] = rest.as_slice() {
        let is_name = NAMES.contains(&id.as_str());
        if folders != "mailFolders"
            || is_name
            || !matches!(below.as_str(), "childFolders" | "messages")
        {
            break;
        }
        let is_folder = below == "childFolders";
        rest.drain(..2);
        if is_folder && let Some(first) = rest.first_mut() {
            "mailFolders".clone_into(first);
        }
    }
    rest
}

fn route(desk: &Desk<'_>, names: &[&str]) -> Outcome {
    let method = desk.call.method.as_str();
    if let (_, []) = (method, names) {
        let user = access::show_user(desk.grant, &desk.place.mailbox, &desk.place.base)?;
        return Ok(Reply::json(200, user));
    }
    let need = match (method, names) {
        (_, ["sendMail"] | ["messages", _, "send"]) => Need::Send,
        ("GET", _) | (_, ["translateExchangeIds"]) => Need::Read,
        _ => Need::Write,
    };
    access::check(desk.grant, &desk.place.mailbox, need)?;
    match (method, names) {
        (_, ["mailFolders", rest @ ..]) => route_folder(desk, rest),
        (_, ["messages", _, "attachments", rest @ ..]) => {
            let id = names.get(1).copied().unwrap_or_default();
            attachments::route(desk, id, rest)
        }
        (_, ["messages", rest @ ..]) => route_message(desk, rest),
        ("POST", ["sendMail"]) => send::send_mail(desk),
        ("POST", ["translateExchangeIds"]) => messages::translate(desk),
        _ => Err(no_route(method, names)),
    }
}

fn route_folder(desk: &Desk<'_>, names: &[&str]) -> Outcome {
    match (desk.call.method.as_str(), names) {
        ("GET", []) => folders::list(desk, tree::ROOT),
        ("POST", []) => folders::create(desk, tree::ROOT),
        ("GET", ["delta"]) => delta::folders(desk),
        ("GET", ["$count"]) => folders::count(desk, tree::ROOT),
        ("GET", [id]) => folders::get(desk, desk.folder(id)?),
        ("PATCH", [id]) => folders::rename(desk, desk.folder(id)?),
        ("DELETE", [id]) => folders::delete(desk, desk.folder(id)?, folders::Farewell::ToTrash),
        ("GET", [id, "childFolders"]) => folders::list(desk, desk.folder(id)?),
        ("POST", [id, "childFolders"]) => folders::create(desk, desk.folder(id)?),
        ("GET", [id, "childFolders", "$count"]) => folders::count(desk, desk.folder(id)?),
        ("POST", [id, "move"]) => folders::relocate(desk, desk.folder(id)?),
        ("POST", [id, "permanentDelete"]) => {
            folders::delete(desk, desk.folder(id)?, folders::Farewell::ForGood)
        }
        ("GET", [id, "messages"]) => messages::list(desk, Some(desk.folder(id)?)),
        ("POST", [id, "messages"]) => messages::create(desk, Some(desk.folder(id)?)),
        ("GET", [id, "messages", "delta"]) => delta::messages(desk, id),
        ("GET", [id, "messages", "$count"]) => messages::count(desk, Some(desk.folder(id)?)),
        (method, names) => Err(no_route(method, names)),
    }
}

fn route_message(desk: &Desk<'_>, names: &[&str]) -> Outcome {
    match (desk.call.method.as_str(), names) {
        ("GET", []) => messages::list(desk, None),
        ("POST", []) => messages::create(desk, None),
        ("GET", ["$count"]) => messages::count(desk, None),
        ("GET", ["delta"]) => Err(Fault::bad(
            "ErrorInvalidRequest",
            "Change tracking is not supported against 'microsoft.graph.message' across folders.",
        )),
        ("GET", [id]) => messages::get(desk, id),
        ("GET", [id, "$value"]) => messages::source(desk, id),
        ("PATCH", [id]) => messages::patch(desk, id),
        ("DELETE", [id]) => messages::delete(desk, id),
        ("POST", [id, "permanentDelete"]) => messages::purge(desk, id),
        ("POST", [id, "move"]) => messages::relocate(desk, id),
        ("POST", [id, "copy"]) => messages::copy(desk, id),
        ("POST", [id, "send"]) => send::send_draft(desk, id),
        (method, names) => Err(no_route(method, names)),
    }
}

fn no_route(method: &str, names: &[&str]) -> Fault {
    let last = names.last().copied().unwrap_or_default();
    if NAMES.contains(&last) {
        let message = format!("The OData request is not supported: {method} on '{last}'.");
        return Fault::new(405, "ErrorMethodNotAllowed", &message);
    }
    access::no_segment(last)
}

/// Returns a list's answer.
fn collection(context: String, value: Vec<Value>, next: Option<String>) -> Value {
    let mut answer = Map::new();
    answer.insert("@odata.context".to_owned(), Value::String(context));
    answer.insert("value".to_owned(), Value::Array(value));
    if let Some(next) = next {
        answer.insert("@odata.nextLink".to_owned(), Value::String(next));
    }
    Value::Object(answer)
}

/// Puts the address of metadata before a resource.
fn with_context(context: String, mut resource: Value) -> Value {
    if let Some(object) = resource.as_object_mut() {
        object.insert("@odata.context".to_owned(), Value::String(context));
    }
    resource
}

#[cfg(test)]
mod tests;
