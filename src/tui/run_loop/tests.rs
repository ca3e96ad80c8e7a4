//! The real loop on a scripted terminal: nothing typed is lost, nothing is drawn without need, few bytes per key.

use std::io::Write;
use std::sync::{Arc, Mutex};

use futures_util::stream;
use ratatui::Terminal;
use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};

use super::*;
use crate::engine::BodyState;
use crate::model::{Address, Body, Page};
use crate::tui::context::Mistakes;
use crate::tui::effect::Slot;
use crate::tui::steady::Steady;
use crate::tui::testing::{body, context, now, page, text_of, typed};

/// Returns a long list in which no two pages are alike; most of its letters are Latin.
fn mailbox() -> Page {
    const PEOPLE: [&str; 11] = [
        "Frauke Behrens",
        "Lerato Mokoena",
        "Build Lantern",
        "王小明",
        "Dr. Jonas Weber",
        "Statistics",
        "Mireille Dubois",
        "Paulo Nunes",
        "Wei Chen",
        "दिव्या शर्मा",
        "Hana Novotná",
    ];
    const SUBJECTS: [&str; 13] = [
        "Uhr zeigt falsch",
        "Welcome, new apprentice",
        "Re: Conference talk: when and where?",
        "Scan from the copier",
        "关于2025年潮汐钟",
        "Weekly web statistics",
        "[label-printer] build 4711 failed",
        "Ödeme ve teslimat",
        "Re: The cat is on the roof again",
        "Photo for the website",
        "Your rail pass: two weeks left",
        "",
        "Lunch? 🍜",
    ];
    let mut page = page(0, 400, 400);
    for (place, row) in page.rows.iter_mut().enumerate() {
        let person = PEOPLE[place * 7 % PEOPLE.len()];
        row.envelope.from = vec![Address::named(person, "somebody@example.org")];
        row.envelope.subject = SUBJECTS[place * 5 % SUBJECTS.len()].into();
    }
    page
}

/// Returns one of several letters, none like the one before it.
fn letter(number: i64) -> Body {
    const SENTENCES: [&str; 7] = [
        "thank you for the quick answer.",
        "We looked at the figures of the third quarter again and found that two of the invoices were booked twice.",
        "Could you please send me the signed contract until Thursday?",
        "The certificate of the mail gateway ends next week, so there will be a short outage on Sunday between six and seven.",
        "Das Treffen am Dienstag müssen wir leider verschieben.",
        "Everything else stays as it was agreed on the telephone, including the discount for the second delivery.",
        "See you at the fair!",
    ];
    let start = number.unsigned_abs() as usize;
    let sentences: Vec<&str> = (0..3 + start % 5)
        .map(|place| SENTENCES[(start * 3 + place * 2) % SENTENCES.len()])
        .collect();
    let text = format!(
        "Hello number {number},\n\n{}\n\nKind regards\n-- \nYour colleague {start}\n",
        sentences.join("\n\n")
    );
    Body { text, ..body() }
}

/// Remembers effects, answers reads of rows and of bodies.
#[derive(Clone)]
struct Recorder {
    effects: Arc<Mutex<Vec<String>>>,
    done: mpsc::UnboundedSender<Outcome>,
}

impl Perform for Recorder {
    fn perform(&mut self, effect: Effect) {
        self.effects.lock().unwrap().push(format!("{effect:?}"));
        let outcome = match effect {
            Effect::LoadList {
                slot: slot @ Slot::List,
                generation,
                ..
            } => Outcome::List {
                slot,
                generation,
                result: Ok(mailbox()),
            },
            Effect::LoadBody {
                generation,
                message,
                ..
            } => Outcome::Body {
                generation,
                message,
                result: Ok(BodyState::Ready(Arc::new(letter(message.row())))),
            },
            _ => return,
        };
        let _ = self.done.send(outcome);
    }

    async fn finish(self) {}
}

struct Story {
    done: mpsc::UnboundedSender<Outcome>,
    events: broadcast::Sender<engine::Event>,
    effects: Arc<Mutex<Vec<String>>>,
}

fn stage<B, S>(terminal: &mut Terminal<B>, input: S) -> (Stage<'_, B, S, Recorder>, Story)
where
    B: Backend,
{
    let (done, outcomes) = mpsc::unbounded_channel();
    let (sender, events) = broadcast::channel(64);
    let effects = Arc::new(Mutex::new(Vec::new()));
    let performer = Recorder {
        effects: effects.clone(),
        done: done.clone(),
    };
    let stage = Stage {
        terminal,
        input,
        performer,
        outcomes,
        events,
        console: None,
        clock: now,
    };
    let story = Story {
        done,
        events: sender,
        effects,
    };
    (stage, story)
}

fn app() -> App {
    App::new(context(), &Mistakes::default())
}

fn keys(text: &str) -> Vec<io::Result<Event>> {
    typed(text).into_iter().map(Ok).collect()
}

#[tokio::test(start_paused = true)]
async fn keys_typed_before_the_first_frame_are_not_lost() {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let (stage, story) = stage(&mut terminal, stream::iter(keys("/subject:zanzibar")));
    stage.run(app()).await.unwrap();
    let effects = story.effects.lock().unwrap().join("\n");
    assert!(effects.contains("Subject(\"zanzibar\")"), "{effects}");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_outcomes_does_not_delay_keys() {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let input = stream::iter(keys("c")).chain(stream::pending());
    let (stage, story) = stage(&mut terminal, input);
    for _ in 0..5000 {
        let _ = story.done.send(Outcome::Said(String::new()));
    }
    let _ = tokio::time::timeout(Duration::from_secs(1), stage.run(app())).await;
    assert!(text_of(terminal.backend().buffer()).contains("New message"));
}

/// Counts what a terminal would get.
#[derive(Clone, Default)]
struct Wire {
    bytes: Arc<Mutex<Vec<u8>>>,
    writes: Arc<Mutex<usize>>,
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.bytes.lock().unwrap().extend_from_slice(buffer);
        *self.writes.lock().unwrap() += 1;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire {
    fn take(&self) -> usize {
        *self.writes.lock().unwrap() = 0;
        std::mem::take(&mut *self.bytes.lock().unwrap()).len()
    }
}

type Screenful = Steady<CrosstermBackend<std::io::BufWriter<Wire>>>;

fn wired((width, height): (u16, u16)) -> (Terminal<Screenful>, Wire) {
    let wire = Wire::default();
    let out = std::io::BufWriter::with_capacity(64 * 1024, wire.clone());
    let viewport = Viewport::Fixed(Rect::new(0, 0, width, height));
    let backend = Steady::new(CrosstermBackend::new(out));
    let terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
    (terminal, wire)
}

fn bytes_of(size: (u16, u16), before: &str, action: crate::tui::keymap::Action) -> usize {
    let (mut terminal, wire) = wired(size);
    let mut app = app();
    app.resize(ratatui::layout::Size::new(size.0, size.1));
    app.start();
    app.update(Msg::Done(Outcome::List {
        slot: Slot::List,
        generation: 1,
        result: Ok(page(0, 200, 200)),
    }));
    for event in typed(before) {
        app.update(Msg::Input(event));
    }
    for _ in 0..2 {
        terminal.draw(|frame| app.view(frame)).unwrap();
    }
    wire.take();
    app.update(Msg::Action(action));
    terminal.draw(|frame| app.view(frame)).unwrap();
    assert!(*wire.writes.lock().unwrap() <= 1, "a frame is one write");
    wire.take()
}

#[test]
fn a_cursor_move_costs_at_most_200_bytes() {
    use crate::tui::keymap::Action::Down;
    let moves = (0..12).map(|count| bytes_of((80, 24), &"j".repeat(count), Down));
    let most = moves.max().unwrap();
    assert!(most <= 200, "{most} bytes");
}

#[test]
fn a_page_of_the_list_costs_at_most_3_1_kilobytes() {
    use crate::tui::keymap::Action::PageDown;
    for size in [(80, 24), (119, 40)] {
        let bytes = bytes_of(size, "", PageDown);
        assert!(bytes <= 3100, "{bytes} bytes at {size:?}");
    }
}

/// What came of keys that were pressed after each other.
struct Pressed {
    /// The bytes of all frames after each key, the last one's preview included.
    frames: Vec<usize>,
    /// How many bodies were asked for.
    loads: usize,
}

/// Presses keys so many milliseconds after each other in the whole loop with three panes.
async fn press(key: ratatui::crossterm::event::KeyCode, pauses: &[u64]) -> Pressed {
    let (mut terminal, wire) = wired((120, 40));
    let frames = Arc::new(Mutex::new(Vec::new()));
    let (seen, meter) = (frames.clone(), wire.clone());
    let rest = Duration::from_secs(1);
    let pauses = std::iter::once(rest).chain(pauses.iter().map(|ms| Duration::from_millis(*ms)));
    let pauses: Vec<Duration> = pauses.chain([rest]).collect();
    let presses = stream::iter(pauses)
        .enumerate()
        .then(move |(count, pause)| {
            let (seen, meter) = (seen.clone(), meter.clone());
            async move {
                tokio::time::sleep(pause).await;
                let bytes = meter.take();
                if count > 0 {
                    seen.lock().unwrap().push(bytes);
                }
                Ok(Event::Key(crate::tui::testing::key(key)))
            }
        });
    let (stage, story) = stage(&mut terminal, Box::pin(presses));
    stage.run(app()).await.unwrap();
    let effects = story.effects.lock().unwrap();
    let is_load = |effect: &&String| effect.starts_with("LoadBody");
    let loads = effects.iter().filter(is_load).count();
    let frames = frames.lock().unwrap().clone();
    Pressed { frames, loads }
}

#[tokio::test(start_paused = true)]
async fn a_held_cursor_key_costs_at_most_200_bytes_a_row_with_three_panes() {
    let Pressed { frames, .. } = press(ratatui::crossterm::event::KeyCode::Down, &[33; 12]).await;
    // The first move brings its preview at once, and the rest at the end the last one's.
    let most = frames[1..12].iter().max().unwrap();
    assert!(*most <= 200, "{frames:?}");
    assert!(*most > 0, "{frames:?}");
}

#[tokio::test(start_paused = true)]
async fn held_pages_cost_their_rows_and_no_preview() {
    let Pressed { frames, .. } =
        press(ratatui::crossterm::event::KeyCode::PageDown, &[33; 3]).await;
    let most = frames[1..3].iter().max().unwrap();
    assert!(*most <= 3100 && *most > 1000, "{frames:?}");
}

/// Presses a key ten times, slowly enough that every preview comes; returns the mean and the most bytes.
async fn cost(key: ratatui::crossterm::event::KeyCode) -> (usize, usize) {
    let Pressed { frames, .. } = press(key, &[500; 10]).await;
    let presses = &frames[..10];
    let sum: usize = presses.iter().sum();
    (sum / presses.len(), presses.iter().copied().max().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_page_with_its_preview_costs_at_most_4_kilobytes() {
    let (mean, most) = cost(ratatui::crossterm::event::KeyCode::PageDown).await;
    assert!(most <= 4000 && mean <= 3500, "mean {mean}, most {most}");
}

#[tokio::test(start_paused = true)]
async fn a_single_move_costs_little_more_than_the_text_of_its_preview() {
    let (mean, most) = cost(ratatui::crossterm::event::KeyCode::Down).await;
    assert!(most <= 1200 && mean <= 950, "mean {mean}, most {most}");
}

#[tokio::test(start_paused = true)]
async fn only_the_ends_of_a_motion_are_loaded_and_every_single_move_is() {
    let down = ratatui::crossterm::event::KeyCode::Down;
    // Besides the message that is selected at the start; the last key comes after a rest.
    assert_eq!(press(down, &[33; 12]).await.loads, 1 + 2 + 1);
    assert_eq!(press(down, &[200; 12]).await.loads, 1 + 13 + 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_screen_draws_nothing() {
    let (mut terminal, wire) = wired((80, 24));
    let (stage, story) = stage(&mut terminal, stream::pending());
    let run = tokio::spawn(async move {
        // Events that change nothing on this screen must not draw either.
        tokio::time::sleep(Duration::from_secs(1)).await;
        wire.take();
        for _ in 0..100 {
            let _ = story.events.send(engine::Event::Outbox);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        wire.take()
    });
    let mut quiet = context();
    quiet.statuses.clear();
    let app = App::new(quiet, &Mistakes::default());
    let _ = tokio::time::timeout(Duration::from_secs(40), stage.run(app)).await;
    assert_eq!(run.await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_input_ends_the_program_and_keeps_what_was_written() {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let (stage, story) = stage(&mut terminal, stream::iter(keys("chello")));
    stage.run(app()).await.unwrap();
    let effects = story.effects.lock().unwrap();
    assert!(
        effects.last().unwrap().starts_with("SaveDraft"),
        "{effects:?}"
    );
}
