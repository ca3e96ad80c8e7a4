//! Fixtures for tests of screens: surroundings at a fixed time, believable mailboxes, folders and messages, screens as text.

use jiff::Timestamp;
use jiff::ToSpan as _;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

use std::collections::BTreeMap;

use crate::config::Interface;
use crate::engine::{Health, Status};
use crate::model::{
    AccountId, Address, Body, Envelope, Flags, Folder, FolderId, Listed, Mailbox, MailboxId,
    MailboxKind, MessageId, Page, RemoteId, Role,
};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::msg::Msg;
use crate::tui::screens::{Screen, ScreenName};
use crate::tui::theme::Palette;

/// Sizes every screen is shown at.
pub const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 12)];

/// Returns the time of all tests: a Sunday afternoon.
pub fn now() -> Timestamp {
    "2026-11-22T15:00:00Z".parse().unwrap()
}

/// Returns plain settings.
pub fn interface() -> Interface {
    Interface {
        theme: "harbor-dark".into(),
        ascii: false,
        undo_seconds: 10,
        signature: String::new(),
        keys: BTreeMap::new(),
    }
}

/// Returns surroundings with three mailboxes of one account.
pub fn context() -> Cx {
    let (mut cx, mistakes) = Cx::new(interface(), Palette::Full, None);
    assert_eq!(mistakes, crate::tui::context::Mistakes::default());
    cx.now = now();
    cx.mailboxes = mailboxes();
    for mailbox in 1..=3 {
        cx.take_folders(MailboxId::new(mailbox), &folders(mailbox));
    }
    let healths = [Health::Fine, Health::Syncing, Health::NeedsYou];
    for (mailbox, health) in (1..).zip(healths) {
        cx.statuses.insert(MailboxId::new(mailbox), status(health));
    }
    cx
}

/// Returns a main mailbox and two additional users.
pub fn mailboxes() -> Vec<Mailbox> {
    let mailbox = |row, name: &str, email: &str, kind| Mailbox {
        id: MailboxId::new(row),
        account: AccountId::new(1),
        account_name: "work".into(),
        address: Address::named(name, email),
        kind,
    };
    vec![
        mailbox(1, "Alice Adams", "alice@contoso.com", MailboxKind::Main),
        mailbox(2, "Support", "support@contoso.com", MailboxKind::Additional),
        mailbox(3, "", "sales@contoso.com", MailboxKind::Additional),
    ]
}

/// Returns a folder.
pub fn folder(row: i64, mailbox: i64, path: &str, role: Role, unread: u32) -> Folder {
    Folder {
        id: FolderId::new(row),
        mailbox: MailboxId::new(mailbox),
        remote: RemoteId::new(path),
        path: path.into(),
        role,
        selectable: true,
        total: 1204,
        unread,
        cached: 1204,
    }
}

/// Returns the folders of a mailbox, in no good order.
pub fn folders(mailbox: i64) -> Vec<Folder> {
    let row = mailbox * 100;
    vec![
        folder(row + 6, mailbox, "Deleted Items", Role::Trash, 0),
        folder(row + 1, mailbox, "Inbox", Role::Inbox, 12),
        folder(row + 2, mailbox, "Inbox/Escalations", Role::None, 3),
        folder(row + 3, mailbox, "Inbox/会议", Role::None, 0),
        folder(row + 4, mailbox, "Drafts", Role::Drafts, 0),
        folder(row + 5, mailbox, "Sent Items", Role::Sent, 0),
        folder(row + 7, mailbox, "Archive", Role::Archive, 0),
        folder(row + 8, mailbox, "Zürich", Role::None, 1),
    ]
}

/// Returns a status.
pub fn status(health: Health) -> Status {
    Status {
        health,
        synced_at: Some(now() - 12.minutes()),
        progress: None,
        task: String::new(),
        pending: 0,
        is_stopped: false,
        error: None,
    }
}

/// Sender, subject, minutes ago, flags, attachments, thread size: people of several scripts, long and short.
type Letter = (
    &'static str,
    &'static str,
    &'static str,
    i64,
    Flags,
    bool,
    u32,
);

const LETTERS: [Letter; 10] = [
    (
        "Jörg Müller",
        "joerg@fabrikam.de",
        "Re: Invoice 4711 is overdue",
        28,
        Flags::NONE,
        true,
        2,
    ),
    (
        "Azure Alerts",
        "alerts@contoso.com",
        "Secret expires in 7 days",
        55,
        Flags::NONE,
        false,
        1,
    ),
    (
        "王小明",
        "xiaoming@example.cn",
        "会议纪要：第四季度计划与预算讨论",
        70,
        Flags::SEEN,
        false,
        1,
    ),
    (
        "Ana, Luis",
        "ana@example.com",
        "Lunch? 🍜 maybe at the new place by the river, the one with the very long name that nobody can remember",
        179,
        Flags::SEEN.with(Flags::ANSWERED),
        false,
        4,
    ),
    (
        "Mail Delivery Subsystem",
        "mailer-daemon@contoso.com",
        "Undeliverable: Offer",
        193,
        Flags::SEEN.with(Flags::FLAGGED),
        false,
        1,
    ),
    (
        "",
        "newsletter@exchange.example",
        "This week in Exchange",
        1700,
        Flags::SEEN,
        false,
        1,
    ),
    (
        "דנה לוי",
        "dana@example.il",
        "שלום, הצעת מחיר",
        2900,
        Flags::NONE,
        false,
        1,
    ),
    (
        "HR",
        "hr@contoso.com",
        "Welcome aboard",
        60_000,
        Flags::SEEN,
        true,
        1,
    ),
    (
        "👩‍👩‍👧 Family",
        "family@example.org",
        "",
        400_000,
        Flags::SEEN,
        false,
        12,
    ),
    (
        "Old Friend",
        "old@example.org",
        "Long time no see",
        1_400_000,
        Flags::SEEN.with(Flags::FORWARDED),
        false,
        1,
    ),
];

/// Returns a believable row; rows get older as `place` grows.
pub fn listed(place: usize) -> Listed {
    let letter = &LETTERS[place % LETTERS.len()];
    let (name, email, subject, minutes, flags, has_attachments, thread_size) = *letter;
    let round = (place / LETTERS.len()) as i64 * 1_500_000;
    Listed {
        id: MessageId::new(1000 + place as i64),
        mailbox: MailboxId::new(2),
        folder: FolderId::new(201),
        envelope: Envelope {
            date: now() - (minutes + round).minutes(),
            from: vec![Address::named(name, email)],
            to: vec![Address::named("Support", "support@contoso.com")],
            subject: subject.into(),
            flags,
            size: 4200 + 31_000 * place as u64,
            has_attachments,
            ..Envelope::default()
        },
        thread_size,
    }
}

/// Returns `count` rows from `first` on.
pub fn page(first: usize, count: usize, total: usize) -> Page {
    Page {
        rows: (first..first + count).map(listed).collect(),
        has_newer: first > 0,
        has_older: first + count < total,
        total: Some(total as u32),
    }
}

/// Returns a body with quotes, links, an attachment and several scripts.
pub fn body() -> Body {
    Body {
        headers: vec![
            ("Received".into(), "from mail.fabrikam.de by contoso.com".into()),
            ("From".into(), "Jörg Müller <joerg@fabrikam.de>".into()),
            ("To".into(), "support@contoso.com".into()),
            ("Subject".into(), "Re: Invoice 4711 is overdue".into()),
        ],
        text: "Hello,\n\nwe paid this on 3 March, see [1]. Could you please look again? It is rather urgent because the next delivery depends on it.\n\n会议纪要见附件。\nשלום וברכה\n\nOn 2 March, Support wrote:\n> Dear customer,\n>\n> invoice 4711 of 1 February is overdue.\n>> Older words\n>> of somebody else\n> Please pay.\n\n-- \nJörg Müller\nFabrikam GmbH\n".into(),
        links: vec!["https://portal.fabrikam.de/pay/4711?session=abc".into()],
        is_from_html: false,
        attachments: vec![crate::model::Attachment {
            part: 2,
            name: "invoice-4711.pdf".into(),
            media_type: "application/pdf".into(),
            size: 84_300,
            is_inline: false,
        }],
        cuts: Vec::new(),
    }
}

/// Opens a screen.
pub fn open(name: ScreenName, cx: &Cx) -> (Screen, Vec<Effect>) {
    Screen::open(name, cx)
}

/// Runs an action on a screen.
pub fn act(screen: &mut Screen, action: Action, cx: &Cx) -> Vec<Effect> {
    screen.update(&Msg::Action(action), cx)
}

/// Makes a key event from its code.
pub fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Makes raw input of typed text.
pub fn typed(text: &str) -> Vec<Event> {
    text.chars()
        .map(|c| Event::Key(key(KeyCode::Char(c))))
        .collect()
}

/// Types text into the focused field of a screen.
pub fn type_into(screen: &mut Screen, text: &str, cx: &Cx) -> Vec<Effect> {
    text.chars()
        .flat_map(|c| screen.update(&Msg::Key(key(KeyCode::Char(c))), cx))
        .collect()
}

/// Draws a screen alone and returns its text.
pub fn draw(screen: &mut Screen, cx: &mut Cx, (width, height): (u16, u16)) -> String {
    cx.size = Size::new(width, height);
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    // Twice, as a real screen is: the first frame tells the screen its sizes.
    for _ in 0..2 {
        terminal
            .draw(|frame| screen.view(frame, frame.area(), cx))
            .unwrap();
    }
    text_of(terminal.backend().buffer())
}

/// Returns the text of a buffer, lines without the blanks at their ends.
pub fn text_of(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width.max(1));
    let mut lines = Vec::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip == 0 {
                line.push_str(cell.symbol());
            }
            let wide = unicode_width::UnicodeWidthStr::width(cell.symbol());
            skip = wide.max(skip).saturating_sub(1);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// Returns the styles of a buffer: per line, runs of cells with a style that is not plain.
pub fn styles_of(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width.max(1));
    let mut lines = Vec::new();
    for (y, row) in buffer.content.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a.style() == b.style()) {
            let text: String = run.iter().map(ratatui::buffer::Cell::symbol).collect();
            let style = run[0].style();
            let is_plain = style == ratatui::buffer::Cell::EMPTY.style();
            if !is_plain {
                lines.push(format!(
                    "{y:>2}:{x:<3} {:<24} {}",
                    text.trim(),
                    spell(style)
                ));
            }
            x += run.len();
        }
    }
    lines.join("\n")
}

fn spell(style: ratatui::style::Style) -> String {
    let color = |name: &str, color: Option<ratatui::style::Color>| match color {
        None | Some(ratatui::style::Color::Reset) => String::new(),
        Some(color) => format!(" {name}={color}"),
    };
    let weight = if style.add_modifier.is_empty() {
        String::new()
    } else {
        format!(" {:?}", style.add_modifier)
    };
    format!("{}{}{weight}", color("fg", style.fg), color("bg", style.bg))
}
