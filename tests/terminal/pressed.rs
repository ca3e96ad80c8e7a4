//! What people and terminals do to a program: type before it is there, paste books, drag corners.

use crate::console::Console;
use crate::home::{Copies, Home, House};

#[test]
fn keys_typed_ahead_at_the_start_are_not_lost() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    let mut console = Console::open(&home);
    console.types("c\t\t\tTyped ahead\tand the text");
    // The terminal itself shows typed letters too, as long as the program is not there.
    console.sees("Subject  Typed ahead");
    console.sees("Ctrl-S send");
    console.sees("and the text");
    console.quit();
}

#[test]
fn a_large_text_is_pasted_whole_and_does_nothing_else() {
    let house = House::open(20);
    let home = Home::new(&house, Copies::Server);
    let mut console = Console::open(&home);
    console.sees("All inboxes");
    console.types("c\t\t\tA book\t");
    console.sees("A book");
    let lines: Vec<String> = (0..5000)
        .map(|number| format!("line {number} q d ? / : of a long text\r"))
        .collect();
    let lines = lines.concat();
    console.types(&format!("\x1b[200~{lines}the very end\x1b[201~"));
    console.sees("the very end");
    console.sees("line 4999");
    console.types("\x1b[1;5H");
    console.types("\x11");
    assert!(console.ends());
    let engine = home.engine(&house);
    let drafts = house.runtime.block_on(engine.drafts()).unwrap();
    house.runtime.block_on(engine.stop());
    let text = &drafts[0].1.text;
    assert!(text.starts_with("line 0 q d"), "{:?}", text.get(..60));
    assert_eq!(
        text.lines()
            .filter(|line| line.starts_with("line "))
            .count(),
        5000
    );
}

#[test]
fn a_terminal_made_tiny_and_wide_again_while_it_is_drawn_on_shows_everything() {
    let house = House::open(60);
    let home = Home::new(&house, Copies::Server);
    home.works(&["sync"]);
    let mut console = Console::open(&home);
    console.sees("All inboxes");
    for (columns, rows) in [
        (20, 5),
        (1, 1),
        (132, 50),
        (20, 5),
        (40, 12),
        (20, 5),
        (80, 24),
    ] {
        console.types("jjjjk\x1b[6~");
        console.resize(columns, rows);
        console.types("jjkjj\x1b[5~");
    }
    console.types("c");
    console.sees("New message");
    console.types("\t\t\tafter all of that");
    console.sees("after all of that");
    console.resize(20, 5);
    console.types("!");
    console.resize(80, 24);
    console.sees("after all of that!");
    console.quit();
}
