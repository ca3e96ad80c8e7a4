//! The service as a client meets it, without a network: the mailbox that has a password, and Ada's, which is closed to it.

mod items;
mod service;
mod streaming;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::body::Bytes;

use super::answer;
use crate::demo::house::House;
use crate::demo::mail_store::{MailStore, NewMessage};
use crate::demo::people::ADA;
use crate::demo::sign_in::PASSWORD_USER;
use crate::demo::transport::web::Answer;

fn house() -> Arc<House> {
    let mut house = House::for_tests();
    Arc::get_mut(&mut house).unwrap().store = MailStore::new([ADA.email, PASSWORD_USER]);
    house
}

fn deliver(house: &House, subject: &str) -> u32 {
    let text = format!(
        "From: Ada <{}>\r\nTo: {PASSWORD_USER}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x.example>\r\n\r\nHello\r\n",
        ADA.email
    );
    let mail = NewMessage::arriving(text.into_bytes());
    house.store.deliver(PASSWORD_USER, "INBOX", mail).unwrap()
}

fn basic(house: &House) -> String {
    let password = house.sign_in.credentials.mail_password_file().text;
    format!(
        "Basic {}",
        STANDARD.encode(format!("{PASSWORD_USER}:{password}"))
    )
}

async fn post(house: &Arc<House>, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method("POST").uri("/EWS/Exchange.asmx");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\" xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><s:Header><t:RequestServerVersion Version=\"Exchange2013_SP1\"/></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    );
    let request = request.body(Bytes::from(envelope)).unwrap();
    answer(house, &request).await
}

/// Asks with the password and returns status and body.
async fn ask(house: &Arc<House>, body: &str) -> (u16, String) {
    let authorization = basic(house);
    let answer = post(house, &[("authorization", &authorization)], body).await;
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

/// Returns all values of an attribute of an element.
fn all(text: &str, element: &str, attribute: &str) -> Vec<String> {
    text.split(&format!("<{element} "))
        .skip(1)
        .filter_map(|rest| {
            let tag = rest.split('>').next()?;
            let value = tag.split(&format!("{attribute}=\"")).nth(1)?;
            value.split('"').next().map(str::to_owned)
        })
        .collect()
}

/// Returns the text of an element.
fn text(answer: &str, element: &str) -> String {
    let rest = answer
        .split(&format!("<{element}>"))
        .nth(1)
        .unwrap_or_default();
    rest.split("</").next().unwrap_or_default().to_owned()
}

const INBOX: &str = "<t:DistinguishedFolderId Id=\"inbox\"/>";

fn sync(state: &str, most: u32) -> String {
    let state = match state {
        "" => String::new(),
        state => format!("<m:SyncState>{state}</m:SyncState>"),
    };
    format!(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI=\"item:Subject\"/></t:AdditionalProperties></m:ItemShape><m:SyncFolderId>{INBOX}</m:SyncFolderId>{state}<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>"
    )
}

fn subjects(answer: &str) -> Vec<String> {
    let parts = answer.split("<t:Subject>").skip(1);
    parts
        .filter_map(|rest| rest.split("</").next())
        .map(str::to_owned)
        .collect()
}

/// Returns id and change key of the newest item.
async fn newest(house: &Arc<House>) -> (String, String) {
    let (_, answer) = ask(house, &sync("", 512)).await;
    let id = all(&answer, "t:ItemId", "Id").remove(0);
    (id, all(&answer, "t:ItemId", "ChangeKey").remove(0))
}
