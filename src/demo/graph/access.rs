//! Who asks, for which mailbox, and whether they may.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ids::guid;
use super::wire::{Call, Fault};
use crate::demo::house::House;
use crate::demo::people::{ADA, COLLEAGUES, SHARED, is_list, person_by_email, shared};
use crate::demo::rights::may_open;
use crate::demo::sign_in::{Grant, Speaker};

/// What a request does to a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Looks.
    Read,
    /// Changes.
    Write,
    /// Sends.
    Send,
}

/// A mailbox that a request may work with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Whose rights count: a person's address or an app's client id.
    pub identity: String,
    /// The mailbox's address.
    pub mailbox: String,
    /// `me`, or `users/…` as it was asked for; links go on with it.
    pub path: String,
    /// `https://localhost:PORT/v1.0`.
    pub base: String,
}

impl Place {
    /// Returns the address of metadata for an answer about something of this mailbox.
    pub fn context(&self, what: &str) -> String {
        let user = self.mailbox.replace('@', "%40");
        format!("{}/$metadata#users('{user}')/{what}", self.base)
    }

    /// Returns an address below this mailbox.
    pub fn link(&self, rest: &str) -> String {
        format!("{}/{}/{rest}", self.base, self.path)
    }
}

/// Returns what the request's token allows.
pub fn identify(house: &House, call: &Call) -> Result<Grant, Fault> {
    let refused = |message: &str| Fault::new(401, "InvalidAuthenticationToken", message);
    let authorization = call.header("authorization");
    let (scheme, token) = authorization
        .split_once(' ')
        .ok_or_else(|| refused("Access token is empty."))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused("Access token is empty."));
    }
    let grant = house
        .sign_in
        .grant(token.trim())
        .ok_or_else(|| refused("Lifetime validation failed, the token is expired."))?;
    if !grant.is_for_graph() {
        return Err(refused(
            "Access token validation failure. Invalid audience.",
        ));
    }
    Ok(grant)
}

/// Returns the address that a segment after `users` names: an address, a sign-in name (the same here), or an id.
fn address(who: &str) -> Option<&'static str> {
    let people = std::iter::once(&ADA).chain(&COLLEAGUES);
    let people = people.map(|person| person.email);
    let mut all = people.chain(SHARED.iter().map(|mailbox| mailbox.email));
    all.find(|email| email.eq_ignore_ascii_case(who) || guid(email).eq_ignore_ascii_case(who))
}

/// Splits the user off the path: who it is, how links name them, and the rest.
pub fn user<'a>(
    grant: &Grant,
    segments: &'a [String],
) -> Result<(String, String, &'a [String]), Fault> {
    match segments {
        [me, rest @ ..] if me.eq_ignore_ascii_case("me") => {
            if grant.speaker == Speaker::App {
                return Err(Fault::bad(
                    "BadRequest",
                    "/me request is only valid with delegated authentication flow.",
                ));
            }
            Ok((grant.user.clone(), "me".to_owned(), rest))
        }
        [users, who, rest @ ..] if users.eq_ignore_ascii_case("users") => {
            let path = format!("users/{}", who.replace('@', "%40"));
            if let Some(email) = address(who) {
                return Ok((email.to_owned(), path, rest));
            }
            if is_list(who) {
                return Err(Fault::new(
                    404,
                    "MailboxNotEnabledForRESTAPI",
                    "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
                ));
            }
            let message = format!("The requested user '{who}' is invalid.");
            Err(Fault::new(404, "ErrorInvalidUser", &message))
        }
        segments => {
            let segment = segments.first().map(String::as_str).unwrap_or_default();
            Err(no_segment(segment))
        }
    }
}

/// The refusal of an address that means nothing.
pub fn no_segment(segment: &str) -> Fault {
    let message = format!("Resource not found for the segment '{segment}'.");
    Fault::bad("BadRequest", &message)
}

/// Checks permission and right.
pub fn check(grant: &Grant, mailbox: &str, need: Need) -> Result<(), Fault> {
    let is_own = grant.speaker == Speaker::Person && grant.user.eq_ignore_ascii_case(mailbox);
    let names: &[&str] = match need {
        Need::Read => &["Mail.Read", "Mail.ReadWrite"],
        Need::Write => &["Mail.ReadWrite"],
        Need::Send => &["Mail.Send"],
    };
    let is_permitted = names.iter().any(|name| {
        let shared = grant.has_graph(&format!("{name}.Shared"));
        match grant.speaker {
            Speaker::App => grant.has_graph(name),
            Speaker::Person if is_own => grant.has_graph(name) || shared,
            Speaker::Person => shared,
        }
    });
    if is_permitted && may_open(&grant.user, mailbox) {
        Ok(())
    } else {
        Err(Fault::denied())
    }
}

/// Shows a user.
pub fn show_user(grant: &Grant, mailbox: &str, base: &str) -> Result<Value, Fault> {
    let is_own = grant.user.eq_ignore_ascii_case(mailbox);
    let reads_all = grant.has_graph("User.Read.All") || grant.has_graph("User.ReadBasic.All");
    let reads_own = is_own && grant.has_graph("User.Read");
    if !(reads_all || reads_own) {
        return Err(Fault::new(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        ));
    }
    let person = person_by_email(mailbox);
    let name = person
        .map(|person| person.name)
        .or_else(|| shared(mailbox).map(|mailbox| mailbox.name));
    let mut names = name.unwrap_or_default().splitn(2, ' ');
    Ok(json!({
        "@odata.context": format!("{base}/$metadata#users/$entity"),
        "businessPhones": [],
        "displayName": name,
        "givenName": names.next(),
        "surname": names.next(),
        "jobTitle": person.map(|person| person.job),
        "mail": mailbox,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "userPrincipalName": mailbox,
        "id": guid(mailbox),
    }))
}

/// Writes a time as Graph does.
pub fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
