//! One run of the program: it gets keys and shows frames. It can be quit, or die without a word.

use std::io;
use std::time::Duration;

use futures_util::stream;
use pillarbox::config::Config;
use pillarbox::engine::{Engine, Options as EngineOptions, Unlock};
use pillarbox::tui::{self, Companion};
use ratatui::Terminal;
use ratatui::crossterm::event::Event;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::home::{Home, House};
use crate::keys::{key, typed};
use crate::screen::Screen;

/// Far longer than anything here takes, also on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(90);

/// A running program. It lives on a runtime of its own, so that it can die as a whole.
pub struct Stage {
    pub screen: Screen,
    input: mpsc::UnboundedSender<Event>,
    engine: Option<oneshot::Receiver<Engine>>,
    program: Option<JoinHandle<io::Result<()>>>,
    runtime: Option<Runtime>,
}

impl Stage {
    /// Starts the program on a terminal of 80×24.
    pub fn open(home: &Home, house: &House) -> Self {
        Self::open_at(home, house, (80, 24))
    }

    /// Starts the program on a terminal of this size.
    pub fn open_at(home: &Home, house: &House, size: (u16, u16)) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let companion = Companion {
            approve: house.tenant.approve.clone(),
            suggested_address: house.tenant.user.clone(),
            suggested_users: house.tenant.shared.clone(),
        };
        let screen = Screen::new(size);
        let (input, events) = mpsc::unbounded_channel();
        let (told, engine) = oneshot::channel();
        let program = run(home, screen.clone(), companion, events, told);
        Self {
            screen,
            input,
            engine: Some(engine),
            program: Some(runtime.spawn(program)),
            runtime: Some(runtime),
        }
    }

    /// Presses keys, with blanks between their names.
    pub fn press(&self, keys: &str) {
        for name in keys.split(' ') {
            self.give(key(name));
        }
    }

    /// Types a text.
    pub fn types(&self, text: &str) {
        for event in typed(text) {
            self.give(event);
        }
    }

    /// Gives the program any event.
    pub fn give(&self, event: Event) {
        self.input.send(event).unwrap();
    }

    /// Drags the terminal's corner.
    pub fn resize(&self, (width, height): (u16, u16)) {
        self.screen.resize((width, height));
        self.give(Event::Resize(width, height));
    }

    /// Waits until a text is on screen.
    pub async fn sees(&self, text: &str) {
        self.waits(&format!("\"{text}\" on screen"), |screen| {
            screen.contains(text)
        })
        .await;
    }

    /// Waits until a text is not on screen.
    pub async fn sees_no(&self, text: &str) {
        self.waits(&format!("no \"{text}\" on screen"), |screen| {
            !screen.contains(text)
        })
        .await;
    }

    /// Waits until the screen is as it should be.
    pub async fn waits(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let mut frames = self.screen.frames();
        let waiting = async {
            while !is_so(&self.screen.text()) {
                frames.changed().await.unwrap();
            }
        };
        let outcome = tokio::time::timeout(LIMIT, waiting).await;
        let text = self.screen.text();
        assert!(outcome.is_ok(), "no {what}; the screen is\n{text}");
    }

    /// Presses a key again and again until a text is on screen.
    pub async fn presses_until(&self, keys: &str, text: &str) {
        let pressing = async {
            let mut frames = self.screen.frames();
            let mut before = self.screen.text();
            while !before.contains(text) {
                self.press(keys);
                while self.screen.text() == before {
                    frames.changed().await.unwrap();
                }
                before = self.screen.text();
            }
        };
        let outcome = tokio::time::timeout(LIMIT, pressing).await;
        let screen = self.screen.text();
        assert!(
            outcome.is_ok(),
            "{keys} never shows {text}; the screen is\n{screen}"
        );
    }

    /// Returns the engine of the running program.
    pub async fn engine(&mut self) -> Engine {
        self.engine.take().unwrap().await.unwrap()
    }

    /// Goes through setup and sign-in until the mail is on screen.
    pub async fn settle_in(&self, house: &House) {
        self.sees(&house.tenant.user).await;
        self.press("enter");
        self.sees("Save and go on").await;
        self.save_details();
        self.sees("Enter this code").await;
        self.press("a");
        self.sees("Signed in as").await;
        self.press("enter");
        self.sees("Alistair").await;
        self.press("1");
        self.sees("synced").await;
    }

    /// Leaves the details as they are and saves them.
    pub fn save_details(&self) {
        self.press("tab tab enter");
    }

    /// Quits as a person does and waits for the program's end.
    pub async fn quit(mut self) {
        self.press("ctrl-q");
        let program = self.program.take().unwrap();
        let ended = tokio::time::timeout(LIMIT, program).await;
        ended.expect("the program does not end").unwrap().unwrap();
    }

    /// Ends the program in the middle of whatever it does.
    pub fn dies(self) {
        drop(self);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Everything the program does stops where it is.
            runtime.shutdown_background();
        }
    }
}

fn run(
    home: &Home,
    screen: Screen,
    companion: Companion,
    events: mpsc::UnboundedReceiver<Event>,
    told: oneshot::Sender<Engine>,
) -> impl Future<Output = io::Result<()>> + Send + use<> {
    let paths = home.paths();
    async move {
        let config = Config::load(&paths).unwrap();
        let engine = Engine::start(EngineOptions {
            paths,
            config,
            unlock: Unlock::Unattended,
            background: true,
        });
        let engine = engine.await.unwrap();
        let _ = told.send(engine.clone());
        let input = stream::unfold(events, |mut events| async move {
            let event = events.recv().await?;
            Some((Ok(event), events))
        });
        let options = tui::Options {
            companion: Some(companion),
            ..tui::Options::default()
        };
        let mut terminal = Terminal::new(screen).unwrap();
        let result = tui::run_on(&mut terminal, Box::pin(input), engine.clone(), options).await;
        engine.stop().await;
        result
    }
}

/// Waits until something is so that no screen shows, such as what the server has.
pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(LIMIT, waiting).await;
    assert!(waited.is_ok(), "{what} does not come true");
}
