//! The full-screen program on a terminal, used through the screens that have to do with secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::console::{Console, program};
use crate::home::{Home, state_in};
use crate::leaks::find;
use crate::sign_in_service::{Canaries, Service};

const DOWN: &str = "\x1b[B";
const UP: &str = "\x1b[A";
const ESCAPE: &str = "\x1b";

fn open(home: &Home) -> Console {
    let variables = home.variables();
    let variables = variables.each_ref();
    let variables = variables.map(|(name, value)| (*name, value.as_str()));
    let mut console = Console::run(home, program(), &variables);
    console.sees("All inboxes");
    console.types("gc");
    console.sees("5 accounts");
    console
}

/// Somebody at the keys, and all that was to be seen.
struct Person<'a> {
    home: &'a Home,
    console: Console,
}

impl Person<'_> {
    /// Presses a key, waits for what it brings, and looks at the screen: what is drawn letter by letter is in no one
    /// piece among the bytes that come.
    fn press(&mut self, keys: &str, brings: &str) {
        self.console.types(keys);
        self.console.sees(brings);
        let text = self.console.text();
        let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        self.home.say("a screen", text.into_bytes());
        self.home
            .say("a screen without its gaps", dense.into_bytes());
    }

    /// Puts aside what came so far.
    fn keep(&self) {
        let record = self.console.record();
        self.home.say("the terminal", record.into_bytes());
        self.console.forget();
    }
}

/// Signs in to all accounts on screen, in the order that needs the fewest keys.
fn sign_in(person: &mut Person<'_>, canaries: &Canaries) {
    person.press("s", "Signed in as");
    person.press("\r", "5 accounts");
    person.press(&DOWN.repeat(4), "profile pass");
    person.press("s", "Password");
    let password = canaries.plant("password");
    person.press(&password, &"*".repeat(password.len()));
    person.press("\r", "Signed in as pass");
    person.press("\r", "5 accounts");
    person.press(&UP.repeat(2), "profile app");
    person.press("s", "its value, not its id");
    let secret = canaries.plant("client_secret");
    person.press(&secret, &"*".repeat(secret.len()));
    person.press("\r", "The application signed in as itself");
    person.press("\r", "5 accounts");
    person.press(UP, "profile web");
    person.press("s", "its value, not its id");
    person.press(&secret, &"*".repeat(secret.len()));
    person.press("\r", "waiting for the browser");
    person.keep();
    person.press("u", "opied");
    let record = person.console.record();
    let (_, copied) = record.split_once("\x1b]52;c;").unwrap();
    let (copied, _) = copied.split_once(['\x1b', '\x07']).unwrap();
    let address = String::from_utf8(STANDARD.decode(copied).unwrap()).unwrap();
    let (code, state) = (canaries.plant("code"), state_in(&address));
    let back = format!("\x1b[200~https://own.example/back?code={code}&state={state}\x1b[201~");
    person.press(&back, "Signed in as");
    person.press("\r", "5 accounts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_full_screen_program_shows_no_secret() {
    let service = Service::start().await;
    let home = Home::new(&service, "").await;
    tokio::task::block_in_place(|| {
        let watched = home.watch();
        let mut person = Person {
            home: &home,
            console: open(&home),
        };
        sign_in(&mut person, &service.canaries);
        for name in ["app-only with a secret", "app-only with a certificate"] {
            person.press(DOWN, name);
            person.press("t", "passed");
            let is_over = |console: &Console| !console.text().contains("running");
            person.console.waits("the end of a check", is_over);
            person.press("T", "Refresh token");
            person.press("r", "Refresh token");
            person.press(ESCAPE, "passed");
            person.press("A", "Admin kit");
            person.press("\t", "Admin kit");
            person.press(ESCAPE, "passed");
            person.press(ESCAPE, "5 accounts");
        }
        // A letter, and the log beside it at its most talkative.
        person.press(ESCAPE, "Sam");
        person.press("\r", "Good morning");
        person.keep();
        person.console.quit();
        watched.end();
    });
    let used = service.used.lock().unwrap().clone();
    for kind in [
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "refresh_token",
    ] {
        assert!(used.contains(kind), "{used:?}");
    }
    let found = find(&service.canaries, &home.written());
    assert!(found.is_empty(), "{found:#?}");
}
