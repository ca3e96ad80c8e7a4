//! The floor: clients that ask for the pages our client asks for, find what the next question needs, and count bytes.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use pillarbox::model::IncomingProtocol;
use pillarbox::net::{Http, Stream, connect_tls};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::Failure;
use crate::tenant::House;

/// How long the server may say nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// What the program asks Graph for.
const GRAPH: &str = "$select=id,subject,from,sender,toRecipients,ccRecipients,replyTo,sentDateTime,receivedDateTime,\
     internetMessageId,isRead,isDraft,flag,hasAttachments&$expand=singleValueExtendedProperties($filter=id%20eq%20\
     'Integer%200x0E08'%20or%20id%20eq%20'Integer%200x1081'%20or%20id%20eq%20'String%200x1042'%20or%20id%20eq%20\
     'String%200x1039')&$orderby=receivedDateTime%20desc";
/// What the program asks EWS for.
const FIELDS: [&str; 14] = [
    "item:Subject",
    "item:DateTimeReceived",
    "item:Size",
    "item:InReplyTo",
    "item:IsDraft",
    "item:DateTimeSent",
    "item:HasAttachments",
    "message:From",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:ReplyTo",
    "message:InternetMessageId",
    "message:References",
    "message:IsRead",
];
/// Properties without names of their own: flag and last verb.
const TAGS: [&str; 2] = ["0x1090", "0x1081"];
/// Messages of a `GetItem`; two such requests are under way at a time.
const TOGETHER: usize = 128;

/// Reads all headers of the inbox; returns the bytes of all answers.
pub async fn read(
    house: &House,
    protocol: IncomingProtocol,
    token: &SecretString,
) -> Result<usize, Failure> {
    match protocol {
        IncomingProtocol::Graph => Web::new(house, token)?.graph().await,
        IncomingProtocol::Ews => Web::new(house, token)?.ews().await,
        _ => pop3(house, token).await,
    }
}

/// HTTPS with a token.
struct Web {
    http: Http,
    base: String,
    authorization: String,
}

impl Web {
    fn new(house: &House, token: &SecretString) -> Result<Self, Failure> {
        Ok(Self {
            http: Http::new(&house.trust)?,
            base: format!("https://localhost:{}", house.tenant.web_port),
            authorization: format!("Bearer {}", token.expose_secret()),
        })
    }

    async fn send(&self, request: http::request::Builder, body: String) -> Result<String, Failure> {
        let request = request.header("authorization", &self.authorization);
        let request = request.body(body.into_bytes())?;
        let answer = self.http.open(request, SILENCE).await?;
        let status = answer.status();
        let body = String::from_utf8(answer.body(64 << 20, |_| {}).await?)?;
        if status.is_success() {
            Ok(body)
        } else {
            Err(format!("{status}: {body}").into())
        }
    }

    /// Follows the links from page to page.
    async fn graph(&self) -> Result<usize, Failure> {
        let mut link = format!(
            "{}/v1.0/me/mailFolders/inbox/messages/delta?{GRAPH}",
            self.base
        );
        let (mut bytes, mut size) = (0, 60);
        loop {
            let prefer = format!("IdType=\"ImmutableId\", odata.maxpagesize={size}");
            let request = http::Request::get(&link)
                .header("accept", "application/json")
                .header("prefer", prefer);
            let page = self.send(request, String::new()).await?;
            bytes += page.len();
            size = 250;
            match between(&page, "\"@odata.nextLink\":\"", "\"") {
                Some(next) => next.clone_into(&mut link),
                None => return Ok(bytes),
            }
        }
    }

    async fn soap(&self, body: &str) -> Result<String, Failure> {
        let request = http::Request::post(format!("{}/EWS/Exchange.asmx", self.base))
            .header("content-type", "text/xml; charset=utf-8");
        let envelope = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\" \
             xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><s:Header>\
             <t:RequestServerVersion Version=\"Exchange2013_SP1\"/></s:Header><s:Body>{body}</s:Body></s:Envelope>"
        );
        self.send(request, envelope).await
    }

    /// Follows the chain of changes; asks for the rows of each portion.
    async fn ews(&self) -> Result<usize, Failure> {
        let (mut bytes, mut state) = (0, String::new());
        loop {
            let portion = self
                .soap(&format!(
                    "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>\
                     <t:DistinguishedFolderId Id=\"inbox\"/></m:SyncFolderId>{state}\
                     <m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>"
                ))
                .await?;
            bytes += portion.len();
            let mut parts = portion.split("ItemId Id=\"").skip(1);
            let ids: Vec<&str> = std::iter::from_fn(|| parts.next()?.split('"').next()).collect();
            for pair in ids.chunks(2 * TOGETHER) {
                let (first, second) = pair.split_at(pair.len().min(TOGETHER));
                let (first, second) = tokio::join!(self.rows(first), self.rows(second));
                bytes += first? + second?;
            }
            if portion.contains("IncludesLastItemInRange>true<") {
                return Ok(bytes);
            }
            let next = between(&portion, "SyncState>", "<").ok_or("no state")?;
            state = format!("<m:SyncState>{next}</m:SyncState>");
        }
    }

    async fn rows(&self, ids: &[&str]) -> Result<usize, Failure> {
        if ids.is_empty() {
            return Ok(0);
        }
        let mut body =
            "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
                .to_owned();
        for field in FIELDS {
            write!(body, "<t:FieldURI FieldURI=\"{field}\"/>")?;
        }
        for tag in TAGS {
            write!(
                body,
                "<t:ExtendedFieldURI PropertyTag=\"{tag}\" PropertyType=\"Integer\"/>"
            )?;
        }
        body.push_str("</t:AdditionalProperties></m:ItemShape><m:ItemIds>");
        for id in ids {
            write!(body, "<t:ItemId Id=\"{id}\"/>")?;
        }
        body.push_str("</m:ItemIds></m:GetItem>");
        Ok(self.soap(&body).await?.len())
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split(end).next()
}

/// Asks for one header after the other, as a server without `PIPELINING` wants it.
async fn pop3(house: &House, token: &SecretString) -> Result<usize, Failure> {
    let mut stream = connect_tls("localhost", house.tenant.pop_port, &house.trust).await?;
    let user = &house.tenant.user;
    let sasl = format!(
        "user={user}\x01auth=Bearer {}\x01\x01",
        token.expose_secret()
    );
    let sasl = base64::engine::general_purpose::STANDARD.encode(sasl);
    let mut bytes = until(&mut stream, b"\r\n").await?;
    for (command, end) in [
        ("AUTH XOAUTH2", &b"\r\n"[..]),
        (&sasl, b"\r\n"),
        ("UIDL", b"\r\n.\r\n"),
        ("LIST", b"\r\n.\r\n"),
    ] {
        bytes += ask(&mut stream, command, end).await?;
    }
    for number in (1..=house.count()).rev() {
        bytes += ask(&mut stream, &format!("TOP {number} 0"), b"\r\n.\r\n").await?;
    }
    bytes += ask(&mut stream, "QUIT", b"\r\n").await?;
    Ok(bytes)
}

async fn ask(stream: &mut Stream, command: &str, end: &[u8]) -> Result<usize, Failure> {
    stream
        .write_all(format!("{command}\r\n").as_bytes())
        .await?;
    until(stream, end).await
}

/// Reads an answer; returns its bytes.
async fn until(stream: &mut Stream, end: &[u8]) -> Result<usize, Failure> {
    let mut piece = vec![0; 1 << 16];
    let (mut bytes, mut tail) = (0, Vec::new());
    loop {
        let length = stream.read(&mut piece).await?;
        let read = piece.get(..length).unwrap_or_default();
        if read.is_empty() {
            return Err("the server hung up".into());
        }
        if bytes == 0 && read.starts_with(b"-ERR") {
            return Err(String::from_utf8_lossy(read).into_owned().into());
        }
        bytes += length;
        tail.extend_from_slice(read);
        tail.drain(..tail.len().saturating_sub(end.len()));
        if tail == end {
            return Ok(bytes);
        }
    }
}
