//! The pages where a code is typed, a person is chosen, and the sign-in confirmed. Plain HTML forms, no scripts.

use std::fmt::Write as _;

use super::authorize::Ask;
use super::http::{Form, field};
use super::refusal::Refusal;
use super::{App, Fault, SignIn, normalize};
use crate::demo::people::{ADA, COLLEAGUES, ORGANISATION, Person};

const STYLE: &str = "
:root { color-scheme: light dark }
body { font: 17px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 12vh auto; padding: 0 1.5rem }
h1 { font-size: 1.35rem; margin: 0 0 .3rem } small, .soft { color: #777 }
input[name=code] { font: 1.6rem ui-monospace, monospace; letter-spacing: .15em; text-transform: uppercase;
  width: 100%; box-sizing: border-box; padding: .4rem .6rem; border: 1px solid #888; border-radius: .4rem }
button { font: inherit; padding: .5rem 1.2rem; margin: 1rem .5rem 0 0; border: 1px solid #888; border-radius: .4rem; cursor: pointer }
button.main { background: #0b6e75; border-color: #0b6e75; color: #fff }
label { display: block; padding: .15rem 0 } .error { color: #b3261e } ul { padding-left: 1.2rem }
";

/// Returns the first page, with a remark when the last try failed.
pub fn enter(remark: &str) -> String {
    let remark = if remark.is_empty() {
        String::new()
    } else {
        format!("<p class=error role=alert>{}</p>", escape(remark))
    };
    frame(&format!(
        "<h1>Enter the code</h1>\
         <p class=soft>It is shown by the program that wants to sign in. Never enter a code that somebody sent you.</p>{remark}\
         <form method=post action=/device>\
         <input name=code autofocus autocomplete=off spellcheck=false maxlength=20 aria-label=Code>\
         <button class=main>Next</button></form>"
    ))
}

/// Checks a typed code and asks who signs in.
pub fn check(sign_in: &SignIn, form: &Form) -> String {
    let code = form
        .get("code")
        .map(|code| normalize(code))
        .unwrap_or_default();
    if code.is_empty() {
        return enter("Type the code first.");
    }
    let Some(app) = sign_in.waiting(&code) else {
        return enter("That code did not work. Check it, or ask the program for a new one.");
    };
    choose(app, &code)
}

/// Confirms or declines.
pub fn decide(sign_in: &SignIn, form: &Form) -> String {
    let code = field(form, "code");
    let app = sign_in.waiting(code);
    let (is_done, title, text) = match chosen(form) {
        Some(known) => (
            sign_in.approve(code, known.email),
            "You have signed in",
            "Pillarbox can go on now. You may close this page.",
        ),
        None => (
            sign_in.decline(code),
            "Cancelled",
            "Nothing was signed in. You may close this page.",
        ),
    };
    if !is_done {
        return enter("That code is over. Ask the program for a new one.");
    }
    if let (Some(_), Some(Err(fault))) = (chosen(form), app.map(App::consent_by_device_code)) {
        return sorry(&refusal(fault, app));
    }
    frame(&format!("<h1>{title}</h1><p>{text}</p>"))
}

/// Returns who was chosen with yes; nobody with no.
pub fn chosen(form: &Form) -> Option<Person> {
    let is_yes = field(form, "answer") == "continue";
    people().find(|known| is_yes && known.email == field(form, "person"))
}

/// Asks who signs in to the app that sent the browser here.
pub fn ask(id: &str, ask: &Ask) -> String {
    let first = people().find(|person| person.email.eq_ignore_ascii_case(&ask.hint));
    let mut wishes = String::new();
    for scope in &ask.scopes {
        let _ = write!(wishes, "<li>{}</li>", escape(wish(scope)));
    }
    frame(&format!(
        "<h1>Sign in to {app}?</h1><p>{app} asks to</p><ul>{wishes}</ul>\
         <form method=post action=/authorize/answer><input type=hidden name=id value=\"{id}\">{choices}</form>",
        app = escape(ask.app.name),
        id = escape(id),
        choices = choices(first.unwrap_or(ADA).email),
    ))
}

/// Tells a refusal to a person.
pub fn sorry(text: &str) -> String {
    frame(&format!(
        "<h1>Sorry, that did not work</h1><p class=error role=alert>{}</p>",
        escape(text)
    ))
}

/// Returns the page that only holds an address to copy.
pub fn native_client() -> String {
    frame(
        "<h1>Almost done</h1><p>Copy the whole address of this page from the address bar, and paste it into the \
         program that wants to sign in. Give it to nobody else.</p>",
    )
}

fn refusal(fault: Fault, app: Option<&App>) -> String {
    let client = app.map_or("", |app| app.client_id);
    let request = Form::from([("client_id".to_owned(), client.to_owned())]);
    Refusal::new(fault, &request).description
}

/// Says in plain words what a scope allows; as it is, if that is not known.
fn wish(scope: &str) -> &str {
    match scope.rsplit_once('/').map_or(scope, |(_, name)| name) {
        "openid" | "profile" | "email" | "User.Read" => "see who you are",
        "offline_access" => "stay signed in",
        "IMAP.AccessAsUser.All" => "read and change mail of the mailboxes you may open, over IMAP",
        "POP.AccessAsUser.All" => "fetch mail over POP3",
        "SMTP.Send" => "send mail",
        _ => scope,
    }
}

fn choose(app: &App, code: &str) -> String {
    frame(&format!(
        "<h1>Sign in to {app}?</h1><p>The program with the code <b>{code}</b> asks to</p>\
         <ul><li>read and change mail of the mailboxes you may open</li><li>send mail</li><li>stay signed in</li></ul>\
         <form method=post action=/device/answer><input type=hidden name=code value=\"{code}\">{choices}</form>",
        app = escape(app.name),
        code = escape(code),
        choices = choices(ADA.email),
    ))
}

/// Returns everybody to choose from, and the buttons.
fn choices(first: &str) -> String {
    let mut choices = String::new();
    for person in people() {
        let is_first = person.email == first;
        let _ = write!(
            choices,
            "<label><input type=radio name=person value=\"{}\"{}> {} <small>{}</small></label>",
            escape(person.email),
            if is_first { " checked" } else { "" },
            escape(person.name),
            escape(person.email)
        );
    }
    format!(
        "<p class=soft>Who are you? This is a demo: nobody asks for a password.</p>{choices}\
         <button class=main name=answer value=continue>Continue</button>\
         <button name=answer value=cancel>Cancel</button>"
    )
}

fn people() -> impl Iterator<Item = Person> {
    std::iter::once(ADA).chain(COLLEAGUES)
}

fn frame(body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <title>Sign in · {organisation}</title><style>{STYLE}</style>\
         <p class=soft>{organisation} · demo tenant</p>{body}</html>",
        organisation = escape(ORGANISATION)
    )
}

/// Writes text for HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
