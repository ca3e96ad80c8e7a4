//! Scripted servers on this machine: literal requests and answers for every operation, and what no server should send.

mod ahead;
mod changing;
mod hostile;
mod listing;
mod opening;
mod pieces;
mod reading;
mod sending;
mod server;
mod waiting;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use self::server::{Answer, Seen, Server};
use super::Ews;
use super::connect::{directory_at, open_at, send_at};
use super::resolve::AddressBook;
use super::submit::Submitter;
use crate::backend::{Access, BackendError, Credential, Opener, ProofSource};
use crate::net::Trust;

/// A proof that never ends; another one may be had once.
#[derive(Debug)]
struct Proof;

#[async_trait]
impl ProofSource for Proof {
    async fn credential(&self) -> Result<Credential, BackendError> {
        Ok(Credential::Bearer(SecretString::from("token".to_owned())))
    }

    async fn reject(&self, _: &Credential) -> bool {
        false
    }
}

fn access(opener: Opener) -> Access {
    Access {
        mailbox: "ana@contoso.test".to_owned(),
        user: "ana@contoso.test".to_owned(),
        opener,
        proof: Arc::new(Proof),
    }
}

async fn opened_as(server: &Server, opener: Opener) -> Result<Ews, BackendError> {
    let trust = Trust::load(None).unwrap();
    open_at(&server.base(), &trust, &access(opener)).await
}

async fn opened(server: &Server) -> Ews {
    opened_as(server, Opener::Owner).await.unwrap()
}

fn address_book(server: &Server) -> AddressBook {
    let trust = Trust::load(None).unwrap();
    directory_at(&server.base(), &trust, &access(Opener::Owner)).unwrap()
}

async fn sender(server: &Server, opener: Opener) -> Submitter {
    let trust = Trust::load(None).unwrap();
    send_at(&server.base(), &trust, &access(opener))
        .await
        .unwrap()
}

/// Writes an envelope around response messages.
fn soap(operation: &str, messages: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\
         <s:Header><h:ServerVersionInfo MajorVersion=\"15\" MinorVersion=\"1\" Version=\"V2017_07_11\" \
         xmlns:h=\"http://schemas.microsoft.com/exchange/services/2006/types\"/></s:Header><s:Body>\
         <m:{operation}Response xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><m:ResponseMessages>{messages}\
         </m:ResponseMessages></m:{operation}Response></s:Body></s:Envelope>"
    )
}

/// Writes a response message that went well.
fn fine(operation: &str, content: &str) -> String {
    format!(
        "<m:{operation}ResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>{content}\
         </m:{operation}ResponseMessage>"
    )
}

/// Writes a response message that did not.
fn wrong(operation: &str, code: &str) -> String {
    format!(
        "<m:{operation}ResponseMessage ResponseClass=\"Error\"><m:MessageText>No.</m:MessageText>\
         <m:ResponseCode>{code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>\
         </m:{operation}ResponseMessage>"
    )
}

/// Writes a fault.
fn fault(code: &str, detail: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>\
         <faultcode xmlns:a=\"x\">a:{code}</faultcode><faultstring xml:lang=\"en-US\">No way.</faultstring>\
         <detail><e:ResponseCode xmlns:e=\"x\">{code}</e:ResponseCode>{detail}</detail></s:Fault></s:Body></s:Envelope>"
    )
}

/// The folders that every mailbox has.
fn places() -> String {
    let folders = [
        ("root", "Top"),
        ("in", "Inbox"),
        ("dr", "Drafts"),
        ("se", "Sent Items"),
        ("de", "Deleted Items"),
        ("ju", "Junk Email"),
    ];
    let mut messages: String = folders
        .iter()
        .map(|(id, name)| {
            fine(
                "GetFolder",
                &format!(
                    "<m:Folders><t:Folder><t:FolderId Id=\"{id}\" ChangeKey=\"c\"/>\
                     <t:DisplayName>{name}</t:DisplayName></t:Folder></m:Folders>"
                ),
            )
        })
        .collect();
    messages.push_str(&wrong("GetFolder", "ErrorFolderNotFound"));
    soap("GetFolder", &messages)
}

/// A list of the same folders that says which they are.
fn named_places() -> String {
    let folders = [
        ("in", "Inbox", "inbox"),
        ("dr", "Drafts", "drafts"),
        ("se", "Sent Items", "sentitems"),
        ("de", "Deleted Items", "deleteditems"),
        ("ju", "Junk Email", "junkemail"),
    ];
    let folders: Vec<String> = folders
        .iter()
        .map(|(id, name, known)| {
            format!(
                "<t:Folder><t:FolderId Id=\"{id}\"/><t:ParentFolderId Id=\"root\"/><t:DisplayName>{name}</t:DisplayName>\
                 <t:DistinguishedFolderId>{known}</t:DistinguishedFolderId></t:Folder>"
            )
        })
        .collect();
    let folders = folders.concat();
    let list = format!(
        "<m:RootFolder TotalItemsInView=\"5\" IncludesLastItemInRange=\"true\"><t:Folders>{folders}</t:Folders></m:RootFolder>"
    );
    soap("FindFolder", &fine("FindFolder", &list))
}

/// Answers the request that opens the mailbox; everything else is the test's matter.
fn opening(seen: &Seen) -> Option<Answer> {
    if seen.body.contains("\"folder:DistinguishedFolderId\"") {
        return Some(Answer::xml(named_places()));
    }
    if seen.operation != "GetFolder" {
        return None;
    }
    if seen.body.contains("msgfolderroot") {
        return Some(Answer::xml(places()));
    }
    let is_sender = seen.body.contains("\"sentitems\"");
    is_sender.then(|| Answer::xml(soap("GetFolder", &fine("GetFolder", "").repeat(2))))
}
