//! The question before EWS is left: what it says, and that only Enter does it.

use super::*;
use crate::model::{OutgoingProtocol, Provider};
use crate::tui::screens::accounts::fixture::with_accounts;
use crate::tui::screens::{Screen, ScreenName};
use crate::tui::testing::{SIZES, act, context, draw, open};

/// Surroundings in which the first account speaks EWS, and sends over it or not.
fn over_ews(outgoing: OutgoingProtocol, provider: Provider) -> Cx {
    let mut cx = with_accounts(context());
    let config = std::sync::Arc::make_mut(cx.config.as_mut().unwrap());
    let account = &mut config.accounts[0];
    account.sign_in.provider = provider;
    account.servers.incoming.protocol = IncomingProtocol::Ews;
    account.servers.outgoing.as_mut().unwrap().protocol = outgoing;
    cx
}

fn leaving(cx: &Cx) -> Screen {
    let account = "work".to_owned();
    open(ScreenName::LeaveEws { account }, cx).0
}

#[test]
fn it_says_what_changes_and_what_stays() {
    let check = |outgoing, provider, expected: &[&str]| {
        let mut cx = over_ews(outgoing, provider);
        let text = draw(&mut leaving(&cx), &mut cx, (120, 40));
        for said in expected {
            assert!(text.contains(said), "{said}: {text}");
        }
    };
    let (ews, smtp) = (OutgoingProtocol::Ews, OutgoingProtocol::Smtp);
    let graph = "Reads over Microsoft Graph instead of EWS";
    let stays = "The cache, drafts and the outbox stay";
    let both = "Reads and sends over Microsoft Graph instead of EWS";
    let needs = ["Mail.ReadWrite", "Mail.Send", "2 additional users"];
    check(ews, Provider::Microsoft365, &[both, stays]);
    check(ews, Provider::Microsoft365, &needs);
    let kept = "Sends over SMTP, as before";
    check(smtp, Provider::Microsoft365, &[graph, kept, "SMTP.Send"]);
    let imap = "Reads over IMAP instead of EWS";
    let sent = "Sends over SMTP instead of EWS";
    check(ews, Provider::Custom, &[imap, sent, stays]);
}

#[test]
fn on_a_small_terminal_what_changes_and_the_keys_stay() {
    let mut cx = over_ews(OutgoingProtocol::Ews, Provider::Microsoft365);
    for height in [6, 8, 12] {
        let text = draw(&mut leaving(&cx), &mut cx, (40, height));
        for said in ["Reads and sends over", "leave EWS", "change nothing"] {
            assert!(text.contains(said), "{said} at {height}: {text}");
        }
    }
}

#[test]
fn enter_does_it_and_escape_leaves_things_be() {
    let cx = over_ews(OutgoingProtocol::Ews, Provider::Microsoft365);
    let change = ConfigChange::LeaveEws {
        account: "work".into(),
        to: IncomingProtocol::Graph,
    };
    let done = act(&mut leaving(&cx), Action::Open, &cx);
    assert_eq!(done, [Effect::Pop, Effect::ChangeConfig(Box::new(change))]);
    assert_eq!(act(&mut leaving(&cx), Action::Back, &cx), [Effect::Pop]);
    assert_eq!(act(&mut leaving(&cx), Action::Down, &cx), []);
    let gone = act(&mut leaving(&context()), Action::Open, &cx);
    assert_eq!(gone, [Effect::Pop], "there is no such account any more");
}

#[test]
fn leaving_screens_look_like_this() {
    for size in SIZES {
        let mut cx = over_ews(OutgoingProtocol::Ews, Provider::Microsoft365);
        let (width, height) = size;
        let name = format!("leaving_{width}x{height}");
        insta::assert_snapshot!(name, draw(&mut leaving(&cx), &mut cx, size));
    }
}
