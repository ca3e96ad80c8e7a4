//! Paths that are completed, secrets that stay or go, and notes that follow what is typed.

use super::*;
use crate::engine::EngineError;
use crate::model::{IncomingProtocol, IncomingServer, Provider, TlsMode};
use crate::tui::screens::accounts::fixture::with_accounts;
use crate::tui::screens::setup::checks::read_place;
use crate::tui::screens::setup::sheet::{Sheet, Target};

/// A form with a certificate, its field focused.
fn with_certificate(cx: &Cx) -> Screen {
    let mut screen = found(Vec::new(), cx);
    choose(&mut screen, "Sign-in by", "app-only, certificate", cx);
    press(&mut screen, Action::NextPane, 3, cx);
    screen
}

/// Presses the key, and returns what was asked for.
fn ask(screen: &mut Screen, cx: &Cx) -> (u64, String) {
    let effects = act(screen, Action::CompletePath, cx);
    match effects.as_slice() {
        [Effect::CompletePath { generation, prefix }] => (*generation, prefix.clone()),
        other => panic!("{other:?}"),
    }
}

fn answer(screen: &mut Screen, generation: u64, paths: &[&str], cx: &Cx) {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    screen.update(&Msg::Done(Outcome::Paths { generation, paths }), cx);
}

#[test]
fn a_path_is_completed_as_far_as_all_files_agree_and_they_are_listed() {
    let mut cx = context();
    let mut screen = with_certificate(&cx);
    let (first, prefix) = ask(&mut screen, &cx);
    assert_eq!(prefix, "~/", "an empty field begins at home");
    answer(&mut screen, first, &["~/keys/", "~/keep.txt"], &cx);
    assert!(text(&mut screen, &cx).contains("keys/  keep.txt"));
    type_into(&mut screen, "y", &cx);
    assert!(!text(&mut screen, &cx).contains("keep.txt"), "out of date");
    let (second, prefix) = ask(&mut screen, &cx);
    assert_eq!(prefix, "~/key");
    answer(&mut screen, second, &["~/keys/"], &cx);
    let (third, _) = ask(&mut screen, &cx);
    answer(
        &mut screen,
        third,
        &["~/keys/app.crt", "~/keys/app.key"],
        &cx,
    );
    for size in SIZES {
        insta::assert_snapshot!(
            format!("completed_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
    type_into(&mut screen, "crt", &cx);
    press(&mut screen, Action::Last, 1, &cx);
    press(&mut screen, Action::PreviousPane, 1, &cx);
    let effects = act(&mut screen, Action::Open, &cx);
    let typed = vec![("certificate", "~/keys/app.crt".to_owned())];
    let is_looked_for =
        |effect: &Effect| matches!(effect, Effect::FindFiles { paths, .. } if *paths == typed);
    assert!(effects.iter().any(is_looked_for), "{effects:?}");
}

#[test]
fn an_answer_to_what_stands_there_no_longer_changes_nothing() {
    let cx = context();
    let mut screen = with_certificate(&cx);
    type_into(&mut screen, "/a", &cx);
    let (old, _) = ask(&mut screen, &cx);
    type_into(&mut screen, "b", &cx);
    answer(&mut screen, old, &["/ac.pem"], &cx);
    assert!(!text(&mut screen, &cx).contains("ac.pem"));
    let (new, _) = ask(&mut screen, &cx);
    answer(&mut screen, old, &["/abc.pem"], &cx);
    assert!(!text(&mut screen, &cx).contains("abc.pem"));
    answer(&mut screen, new, &[], &cx);
    assert!(text(&mut screen, &cx).contains("Nothing there begins with ab"));
}

#[test]
fn only_whole_paths_are_completed_and_nothing_but_paths() {
    let cx = context();
    let mut screen = with_certificate(&cx);
    type_into(&mut screen, "app.pem", &cx);
    assert_eq!(act(&mut screen, Action::CompletePath, &cx), vec![]);
    assert!(text(&mut screen, &cx).contains("the whole path, from / or ~/"));
    press(&mut screen, Action::PreviousPane, 1, &cx);
    let live = screen.live(Action::CompletePath, &cx);
    assert!(matches!(live, crate::tui::screens::Live::No(_)), "{live:?}");
}

/// Goes to the field of the server for reading.
fn to_server(screen: &mut Screen, cx: &Cx) {
    act(screen, Action::First, cx);
    for _ in 0..20 {
        let focused = screen.face(cx).focus == crate::tui::screens::Focus::Line;
        let help = text(screen, cx);
        if focused && help.contains("IMAP: 993 or 143") {
            break;
        }
        act(screen, Action::NextPane, cx);
    }
}

#[test]
fn what_was_said_about_a_text_does_not_outlive_it() {
    let cx = context();
    let mut screen = with_certificate(&cx);
    let mut check = |typed: &str, has: &str, hasnt: &str| {
        type_into(&mut screen, typed, &cx);
        let shown = text(&mut screen, &cx);
        assert!(
            shown.contains(has) && !shown.contains(hasnt),
            "{typed}: {shown}"
        );
    };
    check("/k/app.cer", "may be binary", "PKCS#12");
    check("tificate", "/k/app.certificate", "may be binary");
    check(
        " two.pfx",
        "-in '/k/app.certificate two.pfx' -out",
        "may be binary",
    );
    let mut screen = found(Vec::new(), &cx);
    to_server(&mut screen, &cx);
    let before = text(&mut screen, &cx);
    type_into(&mut screen, "0", &cx);
    assert_ne!(before, text(&mut screen, &cx));
}

#[test]
fn ews_takes_a_whole_address_of_a_proxy() {
    let cx = with_accounts(context());
    let mut candidate = candidate(Vec::new());
    let account = &mut candidate.account;
    account.sign_in.provider = Provider::ExchangeServer;
    account.sign_in.method = Method::Password;
    account.servers.incoming = IncomingServer {
        protocol: IncomingProtocol::Ews,
        host: "mail.firma.example".to_owned(),
        port: 443,
        tls: TlsMode::Implicit,
        path: Some("/Mail/ews".to_owned()),
    };
    let config = Arc::clone(cx.config.as_ref().unwrap());
    let mut sheet = Sheet::new(Target::Account, candidate, config);
    let shown = "https://mail.firma.example:443/Mail/ews";
    assert_eq!(sheet.text("incoming"), shown);
    let servers = sheet.to_servers(&sheet.account.sign_in);
    assert_eq!(servers, sheet.account.servers);
    let mut check = |text: &str, expected: Result<(&str, u16, Option<&str>), &str>| {
        sheet.put("incoming", text);
        let read = read_place(&sheet, "incoming");
        let seen = read
            .as_ref()
            .map(|it| (it.host.as_str(), it.port, it.path.as_deref()));
        match (seen, expected) {
            (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
            (seen, expected) => assert_eq!(seen.ok(), expected.ok(), "{text}"),
        }
    };
    check(
        "mail.firma.example:444",
        Ok(("mail.firma.example", 444, None)),
    );
    check(
        "https://mail.firma.example/ews/exchange.asmx",
        Ok(("mail.firma.example", 443, None)),
    );
    check(
        "proxy.firma.example:8443/a/b.asmx",
        Ok(("proxy.firma.example", 8443, Some("/a/b.asmx"))),
    );
    check("http://mail.firma.example/a", Err("only https"));
    check("https://mail.firma.example/a b", Err("no blanks"));
    check("mail.firma.example", Err("HOST:PORT"));
}

#[test]
fn a_port_that_none_can_be_is_an_error_at_once() {
    let cx = context();
    let mut screen = found(Vec::new(), &cx);
    to_server(&mut screen, &cx);
    let erase = ratatui::crossterm::event::KeyEvent::new(
        ratatui::crossterm::event::KeyCode::Char('u'),
        ratatui::crossterm::event::KeyModifiers::CONTROL,
    );
    for port in ["0", "99999"] {
        screen.update(&Msg::Key(erase), &cx);
        type_into(&mut screen, &format!("localhost:{port}"), &cx);
        let shown = text(&mut screen, &cx);
        assert!(
            shown.contains("the port from 1 to 65535"),
            "{port}: {shown}"
        );
    }
}

#[test]
fn a_secret_that_has_ended_does_not_stand_in_the_way_of_another_change() {
    let mut cx = with_shared_secret();
    let mut config = Config::clone(cx.config.as_ref().unwrap());
    let ended = Some(jiff::civil::date(2026, 1, 1));
    for account in &mut config.accounts {
        account.sign_in.secret_expires = ended;
        account.send_sign_in.secret_expires = ended;
    }
    let shared = config.accounts[0].sign_in.clone();
    config.sign_in.insert(shared.name.clone(), shared);
    cx.config = Some(Arc::new(config));
    let name = ScreenName::Setup {
        account: Some("work".into()),
    };
    let mut screen = opened(name, &cx);
    assert!(text(&mut screen, &cx).contains("past: a new secret is needed"));
    assert_eq!(submit(&mut screen, &cx).sign_in.secret_expires, ended);
}

/// Two accounts that share a profile whose application has a secret.
fn with_shared_secret() -> Cx {
    let mut cx = with_accounts(context());
    let mut config = Config::clone(cx.config.as_ref().unwrap());
    let mut shared = config.accounts[0].sign_in.clone();
    shared.method = Method::ClientSecret;
    for account in &mut config.accounts {
        account.sign_in = shared.clone();
        account.send_sign_in = shared.clone();
    }
    config.sign_in.insert(shared.name.clone(), shared);
    cx.config = Some(Arc::new(config));
    cx
}

/// Opens a form whose profile's secret is in the vault.
fn opened(name: ScreenName, cx: &Cx) -> Screen {
    let (mut screen, effects) = open(name, cx);
    assert_eq!(effects, vec![Effect::LookForSecret("work".into())]);
    let found = Outcome::SecretFound("work".into(), Ok(true));
    assert_eq!(screen.update(&Msg::Done(found), cx), vec![]);
    screen
}

#[test]
fn a_shared_profile_keeps_its_secret_as_long_as_its_application_id() {
    let cx = with_shared_secret();
    let name = ScreenName::SignInProfile {
        name: "work".into(),
    };
    let mut screen = opened(name, &cx);
    assert!(text(&mut screen, &cx).contains("kept; type another"));
    let last = |screen: &mut Screen| {
        press(screen, Action::Last, 1, &cx);
        act(screen, Action::Open, &cx)
    };
    let saves = |effects: &[Effect]| matches!(effects, [Effect::ChangeConfig(_)]);
    // Another tenant is another place to sign in to, not another application.
    go_to(&mut screen, "Sign-in by", &cx);
    press(&mut screen, Action::NextPane, 1, &cx);
    type_into(&mut screen, ".example", &cx);
    assert!(text(&mut screen, &cx).contains("kept; type another"));
    press(&mut screen, Action::NextPane, 1, &cx);
    type_into(&mut screen, "x", &cx);
    assert!(text(&mut screen, &cx).contains("new ID: type its secret"));
    let erase = ratatui::crossterm::event::KeyEvent::new(
        ratatui::crossterm::event::KeyCode::Char('u'),
        ratatui::crossterm::event::KeyModifiers::CONTROL,
    );
    screen.update(&Msg::Key(erase), &cx);
    type_into(&mut screen, "22222222-2222-3333-4444-555555555555", &cx);
    press(&mut screen, Action::NextPane, 1, &cx);
    assert!(text(&mut screen, &cx).contains("saving forgets the old one"));
    let effects = last(&mut screen);
    assert!(saves(&effects), "{effects:?}");
    let Some(Effect::ChangeConfig(change)) = effects.into_iter().next() else {
        panic!()
    };
    let done = Outcome::ConfigChanged(change, Ok::<(), Arc<EngineError>>(()));
    let effects = screen.update(&Msg::Done(done), &cx);
    let toast = "Saved profile work; its secret is asked for at the next sign-in";
    assert!(
        effects.contains(&Effect::Toast(toast.into())),
        "{effects:?}"
    );
}

#[test]
fn a_profile_of_ones_own_leaves_the_secret_with_the_shared_one() {
    let cx = with_shared_secret();
    let name = ScreenName::Setup {
        account: Some("work".into()),
    };
    let mut screen = opened(name, &cx);
    assert!(text(&mut screen, &cx).contains("kept; type another"));
    go_to(&mut screen, "Sign-in by", &cx);
    press(&mut screen, Action::NextPane, 1, &cx);
    type_into(&mut screen, ".example", &cx);
    assert!(text(&mut screen, &cx).contains("own profile: type it anew"));
    choose(&mut screen, "changes are for", "also school", &cx);
    assert!(text(&mut screen, &cx).contains("kept; type another"));
}

#[test]
fn a_vault_without_the_secret_is_no_promise() {
    let cx = with_shared_secret();
    let name = ScreenName::SignInProfile {
        name: "work".into(),
    };
    let (mut screen, _) = open(name, &cx);
    let absent = Outcome::SecretFound("work".into(), Ok(false));
    screen.update(&Msg::Done(absent), &cx);
    let shown = text(&mut screen, &cx);
    assert!(
        shown.contains("the value, not the ID") && !shown.contains("kept"),
        "{shown}"
    );
}

#[test]
fn scopes_that_nobody_typed_follow_the_protocol() {
    let cx = context();
    let mut screen = found(Vec::new(), &cx);
    choose(&mut screen, "Reads over", "Microsoft Graph", &cx);
    press(&mut screen, Action::Last, 1, &cx);
    act(&mut screen, Action::Open, &cx);
    let shown = text(&mut screen, &cx);
    assert!(shown.contains("Mail.ReadWrite"), "{shown}");
    assert!(!shown.contains("IMAP.AccessAsUser.All"), "{shown}");
}
