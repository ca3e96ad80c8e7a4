//! Stories of the administrator's documents: what is shown at each size, and where it goes.

use std::sync::Arc;

use crate::config::Config;
use crate::model::{Method, Provider, SignInProfile};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::msg::{Msg, Reply};
use crate::tui::screens::accounts::fixture::with_accounts;
use crate::tui::screens::{Live, Screen, ScreenName};
use crate::tui::testing::{SIZES, act, context, draw, open};

fn opened(cx: &Cx, account: &str) -> Screen {
    let account = account.to_owned();
    let (screen, effects) = open(ScreenName::Admin { account }, cx);
    assert_eq!(effects, vec![]);
    screen
}

/// Turns to the document with this name, as the tabs mark none for a test.
fn turn(screen: &mut Screen, times: usize, cx: &mut Cx) {
    for _ in 0..times {
        act(screen, Action::NextPane, cx);
    }
    draw(screen, cx, (80, 24));
}

fn copied(effects: &[Effect]) -> &str {
    let [Effect::Copy(text), Effect::Say(_)] = effects else {
        panic!("{effects:?}")
    };
    text
}

#[test]
fn the_documents_can_be_read_at_every_size() {
    let mut cx = with_accounts(context());
    let mut screen = opened(&cx, "work");
    for size in SIZES {
        insta::assert_snapshot!(
            format!("guide_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
    turn(&mut screen, 3, &mut cx);
    insta::assert_snapshot!("powershell_80x24", draw(&mut screen, &mut cx, (80, 24)));
}

#[test]
fn the_block_the_line_and_the_whole_document_can_be_copied() {
    let mut cx = with_accounts(context());
    let mut screen = opened(&cx, "work");
    turn(&mut screen, 1, &mut cx);
    let effects = act(&mut screen, Action::CopyLine, &cx);
    assert!(
        matches!(effects.as_slice(), [Effect::Say(_)]),
        "the title has no block: {effects:?}"
    );
    for _ in 0..3 {
        act(&mut screen, Action::Down, &cx);
    }
    let block = act(&mut screen, Action::CopyLine, &cx);
    assert!(
        copied(&block).contains("requiredResourceAccess"),
        "{block:?}"
    );
    let whole = act(&mut screen, Action::CopyDocument, &cx);
    assert!(
        copied(&whole).contains(copied(&block).lines().nth(1).unwrap()),
        "{whole:?}"
    );
    act(&mut screen, Action::Last, &cx);
    let line = act(&mut screen, Action::CopyOneLine, &cx);
    assert!(!copied(&line).contains('\n'), "{line:?}");
}

#[test]
fn it_is_written_in_the_form_the_files_name_asks_for() {
    let mut cx = with_accounts(context());
    let mut screen = opened(&cx, "work");
    turn(&mut screen, 1, &mut cx);
    let effects = act(&mut screen, Action::WriteDocument, &cx);
    let [
        Effect::Push(ScreenName::Prompt {
            tag,
            text,
            is_path: true,
            ..
        }),
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!(text, "~/pillarbox-work-manifest.json");
    let mut written = |path: &str| {
        let text = path.to_owned();
        let effects = screen.update(&Msg::Reply(Reply::Typed { tag, text }), &cx);
        let [Effect::WriteFile { path: to, text }] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        assert_eq!(to, path);
        text.clone()
    };
    assert!(
        written("/tmp/a.json")
            .trim_start()
            .starts_with(['{', '"', '['])
    );
    assert!(written("/tmp/a.md").starts_with("# "));
    assert!(written("/tmp/a").contains("\n===="));
}

#[test]
fn it_is_mailed_from_the_accounts_address() {
    let cx = with_accounts(context());
    let mut screen = opened(&cx, "work");
    let effects = act(&mut screen, Action::MailDocument, &cx);
    let [Effect::Push(ScreenName::Compose { draft, saved: None })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(draft.from.email, "alice@contoso.com");
    assert!(draft.text.starts_with(&draft.subject), "{draft:?}");
}

#[test]
fn only_what_is_chosen_is_asked_for() {
    let mut cx = with_accounts(context());
    let mut screen = opened(&cx, "school");
    let all =
        |screen: &mut Screen, cx: &Cx| copied(&act(screen, Action::CopyDocument, cx)).to_owned();
    turn(&mut screen, 2, &mut cx);
    assert!(all(&mut screen, &cx).contains("SMTP.Send"));
    act(&mut screen, Action::ToggleSending, &cx);
    assert!(!all(&mut screen, &cx).contains("SMTP.Send"));
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("to read"));
    act(&mut screen, Action::ToggleSending, &cx);
    assert!(all(&mut screen, &cx).contains("SMTP.Send"));
}

#[test]
fn an_account_that_is_not_there_has_no_documents() {
    let mut cx = with_accounts(context());
    let mut screen = opened(&cx, "nobody");
    draw(&mut screen, &mut cx, (80, 24));
    assert!(matches!(screen.live(Action::CopyLine, &cx), Live::No(_)));
    assert_eq!(act(&mut screen, Action::MailDocument, &cx), vec![]);
}

#[test]
fn another_sign_in_that_sends_has_its_part_until_sending_is_left_out() {
    let mut cx = with_accounts(context());
    let mut config = Config::clone(cx.config.as_ref().unwrap());
    config.accounts[0].send_sign_in =
        SignInProfile::new("outgoing", Provider::Microsoft365, Method::Password);
    cx.config = Some(Arc::new(config));
    let mut screen = opened(&cx, "work");
    turn(&mut screen, 3, &mut cx);
    let whole = |screen: &mut Screen| {
        let effects = act(screen, Action::CopyDocument, &cx);
        copied(&effects).to_owned()
    };
    let text = whole(&mut screen);
    assert!(text.contains("Sending: Allow SMTP AUTH"), "{text}");
    act(&mut screen, Action::ToggleSending, &cx);
    let text = whole(&mut screen);
    assert!(!text.contains("Sending:"), "{text}");
}
