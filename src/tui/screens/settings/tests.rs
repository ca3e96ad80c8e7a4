//! Stories of the screen settings: what a key does, what is shown at each size.

use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::ScreenName;
use crate::tui::testing::{SIZES, act, context, draw, interface, open, type_into};

#[test]
fn settings_fit_every_size() {
    let mut cx = context();
    let (mut screen, effects) = open(ScreenName::Settings, &cx);
    assert_eq!(effects, vec![Effect::LoadVault]);
    screen.update(
        &Msg::Done(Outcome::Vault(
            "encrypted file ~/.local/share/pillarbox/vault".into(),
        )),
        &cx,
    );
    for size in SIZES {
        insta::assert_snapshot!(
            format!("settings_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
}

#[test]
fn a_theme_is_shown_at_once_and_goes_when_not_saved() {
    let cx = context();
    let (mut screen, _) = open(ScreenName::Settings, &cx);
    let effects = act(&mut screen, Action::Right, &cx);
    assert!(
        matches!(effects.as_slice(), [Effect::ShowTheme(name)] if name != "harbor-dark"),
        "{effects:?}"
    );
    assert_eq!(
        screen.leave(),
        vec![Effect::ShowInterface(Box::new(interface()))]
    );
}

#[test]
fn a_wrong_number_is_pointed_at_and_nothing_saved() {
    let mut cx = context();
    let (mut screen, _) = open(ScreenName::Settings, &cx);
    act(&mut screen, Action::Down, &cx);
    act(&mut screen, Action::Down, &cx);
    type_into(&mut screen, "000", &cx);
    act(&mut screen, Action::Down, &cx);
    act(&mut screen, Action::Down, &cx);
    assert_eq!(act(&mut screen, Action::Open, &cx), vec![]);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("seconds from 0 to 120"));
}

#[test]
fn saving_shows_and_keeps_the_same_settings() {
    let cx = context();
    let (mut screen, _) = open(ScreenName::Settings, &cx);
    for _ in 0..4 {
        act(&mut screen, Action::Down, &cx);
    }
    let effects = act(&mut screen, Action::Open, &cx);
    let kept = Box::new(interface());
    assert_eq!(
        effects,
        vec![
            Effect::ShowInterface(kept.clone()),
            Effect::SaveInterface(kept)
        ]
    );
    assert_eq!(screen.leave(), vec![]);
}
