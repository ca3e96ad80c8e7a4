//! Stale bodies, folding, what is told while a body is missing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::*;
use crate::tui::context::Cx;
use crate::tui::testing::{body, context, listed, text_of};

fn ready(reader: &Reader, body: Body) -> Outcome {
    Outcome::Body {
        generation: reader.generation,
        message: reader.id().unwrap(),
        result: Ok(BodyState::Ready(Arc::new(body))),
    }
}

fn reading() -> Reader {
    let mut reader = Reader::default();
    reader.show(&listed(0));
    let outcome = ready(&reader, body());
    reader.take(&outcome);
    reader
}

fn draw(reader: &mut Reader, (width, height): (u16, u16), cx: &Cx) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    reader.view(&mut buffer, area, cx);
    text_of(&buffer)
}

#[test]
fn stale_body_is_ignored() {
    let mut reader = Reader::default();
    reader.show(&listed(0));
    let stale = ready(&reader, body());
    reader.show(&listed(1));
    reader.take(&stale);
    assert!(reader.body().is_none());
}

#[test]
fn the_same_message_is_not_loaded_twice() {
    let mut reader = reading();
    assert_eq!(reader.show(&listed(0)), vec![]);
    assert!(reader.body().is_some());
}

#[test]
fn a_body_that_came_is_loaded_once() {
    let mut reader = Reader::default();
    reader.show(&listed(0));
    let id = listed(0).id;
    assert_eq!(reader.body_came(id).len(), 1);
    assert_eq!(reader.body_came(listed(1).id).len(), 0);
    let outcome = ready(&reader, body());
    reader.take(&outcome);
    assert_eq!(reader.body_came(id).len(), 0);
}

#[test]
fn quotes_fold_and_unfold() {
    let cx = context();
    let mut reader = reading();
    let folded = draw(&mut reader, (60, 40), &cx);
    assert!(
        folded.contains("> 6 quoted lines  Enter unfold"),
        "{folded}"
    );
    assert!(!folded.contains("Dear customer"));
    reader.act(Action::Open);
    let unfolded = draw(&mut reader, (60, 40), &cx);
    assert!(unfolded.contains(">> Older words"));
}

#[test]
fn all_headers_are_a_key_away() {
    let cx = context();
    let mut reader = reading();
    assert!(!draw(&mut reader, (60, 40), &cx).contains("Received"));
    reader.act(Action::Headers);
    assert!(draw(&mut reader, (60, 40), &cx).contains("Received"));
}

#[test]
fn a_fetch_has_a_figure_and_ticks() {
    let cx = context();
    let mut reader = Reader::default();
    reader.show(&listed(0));
    assert_eq!(reader.tick(), None);
    let progress = Progress::default();
    progress.set(300_000, 1_200_000);
    reader.take(&Outcome::Body {
        generation: reader.generation,
        message: listed(0).id,
        result: Ok(BodyState::Fetching(progress)),
    });
    assert!(draw(&mut reader, (60, 20), &cx).contains("300 KB of 1.2 MB"));
    assert_eq!(reader.tick(), Some(FETCH_TICK));
}

#[test]
fn scrolling_stops_at_the_last_line() {
    let cx = context();
    let mut reader = reading();
    draw(&mut reader, (60, 10), &cx);
    reader.act(Action::Last);
    let shown = draw(&mut reader, (60, 10), &cx);
    assert!(shown.ends_with("session=abc"), "{shown}");
    assert!(reader.is_at_end());
}

#[test]
fn html_is_laid_out_again_for_another_width() {
    let cx = context();
    let mut reader = reading();
    draw(&mut reader, (60, 10), &cx);
    assert_eq!(reader.fit(), vec![]);
    let html = Body {
        is_from_html: true,
        ..body()
    };
    let outcome = ready(&reader, html);
    reader.take(&outcome);
    assert_eq!(reader.fit().len(), 1);
}

#[test]
fn a_huge_text_is_bounded() {
    let cx = context();
    let mut reader = Reader::default();
    reader.show(&listed(0));
    let huge = Body {
        text: "line\n".repeat(50_000),
        ..Body::default()
    };
    let outcome = ready(&reader, huge);
    reader.take(&outcome);
    draw(&mut reader, (60, 10), &cx);
    reader.act(Action::Last);
    assert!(draw(&mut reader, (60, 10), &cx).contains("too long to show"));
}
