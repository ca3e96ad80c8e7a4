//! The page where a code is typed, a person is chosen, and the sign-in confirmed. Plain HTML forms, no scripts.

use std::fmt::Write as _;

use super::http::Form;
use super::{SignIn, normalize};
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
    if !sign_in.is_pending(&code) {
        return enter("That code did not work. Check it, or ask the program for a new one.");
    }
    choose(&code)
}

/// Confirms or declines.
pub fn decide(sign_in: &SignIn, form: &Form) -> String {
    let code = form.get("code").map(String::as_str).unwrap_or_default();
    let person = form.get("person").map(String::as_str).unwrap_or_default();
    let known = people().find(|known| known.email == person);
    let is_yes = form
        .get("answer")
        .is_some_and(|answer| answer == "continue");
    let (is_done, title, text) = match known {
        Some(known) if is_yes => (
            sign_in.approve(code, known.email),
            "You have signed in",
            "Pillarbox can go on now. You may close this page.",
        ),
        _ => (
            sign_in.decline(code),
            "Cancelled",
            "Nothing was signed in. You may close this page.",
        ),
    };
    if !is_done {
        return enter("That code is over. Ask the program for a new one.");
    }
    frame(&format!("<h1>{title}</h1><p>{text}</p>"))
}

fn choose(code: &str) -> String {
    let code = escape(code);
    let mut choices = String::new();
    for person in people() {
        let is_first = person.email == ADA.email;
        let _ = write!(
            choices,
            "<label><input type=radio name=person value=\"{}\"{}> {} <small>{}</small></label>",
            escape(person.email),
            if is_first { " checked" } else { "" },
            escape(person.name),
            escape(person.email)
        );
    }
    frame(&format!(
        "<h1>Sign in to Pillarbox?</h1><p>The program with the code <b>{code}</b> asks to</p>\
         <ul><li>read and change mail of the mailboxes you may open</li><li>send mail</li><li>stay signed in</li></ul>\
         <form method=post action=/device/answer><input type=hidden name=code value=\"{code}\">\
         <p class=soft>Who are you? This is a demo: nobody asks for a password.</p>{choices}\
         <button class=main name=answer value=continue>Continue</button>\
         <button name=answer value=cancel>Cancel</button></form>"
    ))
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
