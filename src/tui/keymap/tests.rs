//! What keys mean, and how mistakes in rebinding are told.

use std::collections::BTreeMap;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;

fn press(code: KeyCode, modifiers: KeyModifiers) -> Press {
    Press::new(&KeyEvent::new(code, modifiers))
}

fn rebound(pairs: &[(&str, &[&str])]) -> (Keymap, Vec<KeymapError>) {
    let map: BTreeMap<String, Vec<String>> = pairs
        .iter()
        .map(|(name, keys)| {
            (
                (*name).to_owned(),
                keys.iter().map(|key| (*key).to_owned()).collect(),
            )
        })
        .collect();
    Keymap::new(&map)
}

#[test]
fn the_defaults_have_no_conflict_and_every_key_is_one() {
    let (_, errors) = rebound(&[]);
    assert_eq!(errors, vec![]);
    for entry in entries() {
        for key in entry.keys {
            assert!(Sequence::parse(key).is_some(), "{key}");
        }
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = Action::all().map(Action::name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_prefix_waits_for_its_second_key() {
    let map = Keymap::defaults();
    let g = press(KeyCode::Char('g'), KeyModifiers::NONE);
    let i = press(KeyCode::Char('i'), KeyModifiers::NONE);
    assert_eq!(map.meaning(Scope::List, &[g]), Meaning::Prefix);
    assert_eq!(
        map.meaning(Scope::List, &[g, i]),
        Meaning::Action(Action::GoInbox)
    );
    assert_eq!(map.meaning(Scope::List, &[i]), Meaning::Nothing);
}

#[test]
fn modifiers_are_normalised() {
    let map = Keymap::defaults();
    let check = |code, modifiers, action| {
        assert_eq!(
            map.meaning(Scope::List, &[press(code, modifiers)]),
            Meaning::Action(action)
        );
    };
    check(KeyCode::Char('R'), KeyModifiers::SHIFT, Action::ReplyAll);
    check(KeyCode::Char('R'), KeyModifiers::CONTROL, Action::Sync);
    check(KeyCode::Tab, KeyModifiers::SHIFT, Action::PreviousPane);
}

#[test]
fn a_rebound_key_is_used_and_shown() {
    let (map, errors) = rebound(&[("archive", &["a", "alt-e"])]);
    assert_eq!(errors, vec![]);
    assert_eq!(map.keys(Action::Archive), vec!["a", "Alt-e"]);
}

#[test]
fn a_conflict_names_both_actions() {
    let (_, errors) = rebound(&[("archive", &["d"])]);
    let expected = KeymapError::Conflict {
        key: "d".into(),
        first: "archive",
        second: "delete",
    };
    assert_eq!(errors, vec![expected]);
}

#[test]
fn a_key_that_starts_a_longer_one_is_a_conflict() {
    let (_, errors) = rebound(&[("archive", &["g"])]);
    assert!(errors.iter().all(
        |error| matches!(error, KeymapError::Conflict { first, second, .. }
            if *first == "archive" || *second == "archive")
    ));
    assert!(!errors.is_empty());
}

#[test]
fn mistakes_keep_the_default() {
    let (map, errors) = rebound(&[("archive", &["hyper-e"]), ("explode", &["e"])]);
    assert_eq!(map.keys(Action::Archive), vec!["e"]);
    assert_eq!(errors.len(), 2);
}
