//! Paging, selection by id, stale rows.

use super::*;
use crate::model::Scope;
use crate::tui::testing::{listed, page};

const SLOTS: Slots = Slots {
    first: Slot::List,
    older: Slot::Older,
    newer: Slot::Newer,
};

fn arrive(rows: &mut Rows, slot: Slot, page: Page) -> Option<Vec<Effect>> {
    let generation = rows.generation;
    rows.take(&Outcome::List {
        slot,
        generation,
        result: Ok(page),
    })
}

fn shown(first: usize, count: usize, total: usize) -> Rows {
    let mut rows = Rows::new(SLOTS);
    rows.show(Source::Scope(Scope::AllInboxes));
    arrive(&mut rows, Slot::List, page(first, count, total));
    rows
}

fn id(place: usize) -> MessageId {
    listed(place).id
}

fn selected(rows: &Rows) -> MessageId {
    rows.current().unwrap().id
}

fn windows(effects: &[Effect]) -> Vec<(Slot, Window, usize)> {
    effects
        .iter()
        .map(|effect| match effect {
            Effect::LoadList {
                slot,
                window,
                limit,
                ..
            } => (*slot, *window, *limit),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn rows_of_an_older_request_are_ignored() {
    let mut rows = shown(0, 10, 10);
    let stale = Outcome::List {
        slot: Slot::List,
        generation: rows.generation - 1,
        result: Ok(page(0, 3, 3)),
    };
    assert_eq!(rows.take(&stale), None);
    assert_eq!(rows.known().len(), 10);
}

#[test]
fn the_next_page_is_asked_for_long_before_it_is_needed() {
    let mut rows = shown(0, 200, 5000);
    let mut effects = Vec::new();
    for _ in 0..120 {
        effects.extend(rows.act(Action::Down).unwrap());
    }
    let last = listed(199).sort_key();
    assert_eq!(
        windows(&effects),
        vec![(Slot::Older, Window::OlderThan(last), PAGE)]
    );
}

#[test]
fn a_long_way_down_keeps_a_bounded_window_and_the_way_back_is_read_again() {
    let mut rows = shown(0, 200, 5000);
    let mut known = 200;
    while known < 2000 {
        let effects = rows.act(Action::Down).unwrap();
        if !effects.is_empty() {
            arrive(&mut rows, Slot::Older, page(known, 200, 5000));
            known += 200;
        }
        assert!(rows.known().len() <= KEPT);
    }
    let here = selected(&rows);
    assert!(rows.has_newer && rows.has_older);
    let mut effects = Vec::new();
    while effects.is_empty() {
        effects = rows.act(Action::Up).unwrap();
    }
    let first = rows.known().first().unwrap().clone();
    assert_eq!(
        windows(&effects),
        vec![(Slot::Newer, Window::NewerThan(first.sort_key()), PAGE)]
    );
    let place = (first.id.row() - 1000) as usize;
    let before = selected(&rows);
    arrive(&mut rows, Slot::Newer, page(place - 200, 200, 5000));
    assert_eq!(selected(&rows), before);
    assert_ne!(before, here);
    assert!(rows.known().len() <= KEPT);
}

#[test]
fn the_ends_of_a_long_list_are_one_key_away() {
    let mut rows = shown(0, 200, 5000);
    let effects = rows.act(Action::Last).unwrap();
    assert_eq!(windows(&effects), vec![(Slot::List, Window::Oldest, PAGE)]);
    arrive(&mut rows, Slot::List, page(4800, 200, 5000));
    assert_eq!(selected(&rows), id(4999));
    let effects = rows.act(Action::First).unwrap();
    assert_eq!(windows(&effects), vec![(Slot::List, Window::Newest, PAGE)]);
    arrive(&mut rows, Slot::List, page(0, 200, 5000));
    assert_eq!(selected(&rows), id(0));
}

#[test]
fn the_selection_is_a_message_not_a_row() {
    let mut rows = shown(3, 20, 23);
    rows.act(Action::Down);
    let before = selected(&rows);
    rows.reload();
    arrive(&mut rows, Slot::List, page(0, 23, 23));
    assert_eq!(selected(&rows), before);
}

#[test]
fn where_the_selected_message_is_gone_the_next_one_is_selected() {
    let mut rows = shown(0, 20, 20);
    for _ in 0..5 {
        rows.act(Action::Down);
    }
    rows.reload();
    let mut page = page(0, 20, 20);
    page.rows.remove(5);
    arrive(&mut rows, Slot::List, page);
    assert_eq!(selected(&rows), id(6));
}

#[test]
fn a_removed_row_hands_the_selection_to_the_next() {
    let mut rows = shown(0, 20, 20);
    rows.act(Action::Down);
    rows.remove(&[id(1)]);
    assert_eq!(selected(&rows), id(2));
    assert_eq!(rows.total(), Some(19));
    rows.act(Action::Last);
    rows.remove(&[id(19)]);
    assert_eq!(selected(&rows), id(18));
}

#[test]
fn picked_rows_are_the_targets() {
    let mut rows = shown(0, 20, 20);
    assert_eq!(rows.targets().len(), 1);
    rows.toggle_pick();
    rows.act(Action::Down);
    rows.toggle_pick();
    let targets: Vec<_> = rows.targets().iter().map(|row| row.id).collect();
    assert_eq!(targets, vec![id(0), id(2)]);
    rows.remove(&targets);
    assert_eq!((rows.picked(), selected(&rows)), (0, id(3)));
}

#[test]
fn many_changes_while_reading_cause_one_more_read() {
    let mut rows = shown(0, 20, 20);
    assert_eq!(rows.reload().len(), 1);
    assert_eq!(rows.reload().len(), 0);
    assert_eq!(rows.reload().len(), 0);
    let more = arrive(&mut rows, Slot::List, page(0, 20, 20)).unwrap();
    assert_eq!(more.len(), 1);
    let more = arrive(&mut rows, Slot::List, page(0, 20, 20)).unwrap();
    assert_eq!(more.len(), 0);
}

#[test]
fn far_from_the_top_a_reload_stays_where_it_is() {
    let mut rows = shown(0, 200, 5000);
    rows.act(Action::Last);
    arrive(&mut rows, Slot::List, page(4800, 200, 5000));
    let key = rows.current().unwrap().sort_key();
    let effects = rows.reload();
    assert_eq!(
        windows(&effects),
        vec![(Slot::List, Window::Around(key), 2 * PAGE)]
    );
}
