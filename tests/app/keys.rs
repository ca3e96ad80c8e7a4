//! Keys from words, as they are spelled in the program's own help.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

/// Returns the event of a key such as `enter`, `ctrl-s` or `G`.
pub fn key(name: &str) -> Event {
    let (modifiers, name) = match name.strip_prefix("ctrl-") {
        Some(rest) => (KeyModifiers::CONTROL, rest),
        None => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "right" => KeyCode::Right,
        "end" => KeyCode::End,
        "backspace" => KeyCode::Backspace,
        letter => {
            let mut letters = letter.chars();
            let letter = letters.next().unwrap();
            assert_eq!(letters.next(), None, "there is no key {name}");
            KeyCode::Char(letter)
        }
    };
    Event::Key(KeyEvent::new(code, modifiers))
}

/// Returns the events of a text that is typed; a line's end is Enter.
pub fn typed(text: &str) -> Vec<Event> {
    let event = |letter: char| match letter {
        '\n' => key("enter"),
        _ => Event::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)),
    };
    text.chars().map(event).collect()
}
