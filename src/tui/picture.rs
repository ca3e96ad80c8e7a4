//! Draws a screen's cells as an SVG, for the picture in the README; a test keeps that picture up to date.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

/// A cell's size in pixels; fits common monospaced fonts at 14 pixels.
const CELL: (f32, f32) = (8.4, 18.0);
/// Around the cells, in pixels.
const MARGIN: f32 = 12.0;
const GROUND: &str = "#1b1d23";
const INK: &str = "#d0d0d0";

/// Returns the SVG of a buffer.
pub fn svg(buffer: &Buffer, title: &str) -> String {
    let (columns, rows) = (f32::from(buffer.area.width), f32::from(buffer.area.height));
    let (width, height) = (
        columns * CELL.0 + 2.0 * MARGIN,
        rows * CELL.1 + 2.0 * MARGIN,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <title>{}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n",
        escape(title)
    );
    let columns = usize::from(buffer.area.width.max(1));
    for (row, cells) in buffer.content.chunks(columns).enumerate() {
        let mut column = 0;
        for run in cells.chunk_by(|a, b| a.style() == b.style()) {
            write_run(&mut out, run, (column, row));
            column += run.len();
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Writes the ground and the text of cells of one style. The width is said, so that every font keeps the columns.
fn write_run(out: &mut String, run: &[Cell], (column, row): (usize, usize)) {
    let Some(first) = run.first() else { return };
    let (mut ink, mut ground) = (hex(first.fg, INK), hex(first.bg, GROUND));
    if first.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut ground);
    }
    let (x, y) = (
        MARGIN + column as f32 * CELL.0,
        MARGIN + row as f32 * CELL.1,
    );
    let width = run.len() as f32 * CELL.0;
    if ground != GROUND {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{ground}\"/>",
            CELL.1
        );
    }
    let text = letters(run);
    let shown = text.trim_end();
    if shown.is_empty() {
        return;
    }
    let length = shown.width() as f32 * CELL.0;
    let weight = if first.modifier.contains(Modifier::BOLD) {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let line = if first.modifier.contains(Modifier::UNDERLINED) {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{ink}\"{weight}{line} xml:space=\"preserve\">{}</text>",
        y + 13.5,
        escape(shown)
    );
}

/// Returns the letters of a run, without the cells that wide ones cover.
fn letters(run: &[Cell]) -> String {
    let mut text = String::new();
    let mut covered = 0_usize;
    for cell in run {
        if covered == 0 {
            text.push_str(cell.symbol());
        }
        covered = cell.symbol().width().max(covered).saturating_sub(1);
    }
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Returns a colour of the terminal as xterm shows it.
fn hex(color: Color, default: &str) -> String {
    const NAMED: [(Color, u8); 16] = [
        (Color::Black, 0),
        (Color::Red, 1),
        (Color::Green, 2),
        (Color::Yellow, 3),
        (Color::Blue, 4),
        (Color::Magenta, 5),
        (Color::Cyan, 6),
        (Color::Gray, 7),
        (Color::DarkGray, 8),
        (Color::LightRed, 9),
        (Color::LightGreen, 10),
        (Color::LightYellow, 11),
        (Color::LightBlue, 12),
        (Color::LightMagenta, 13),
        (Color::LightCyan, 14),
        (Color::White, 15),
    ];
    match color {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Indexed(index) => indexed(index),
        named => NAMED
            .iter()
            .find(|(known, _)| *known == named)
            .map_or_else(|| default.to_owned(), |(_, index)| indexed(*index)),
    }
}

/// The 256 colours: sixteen named ones, a cube of 6 × 6 × 6, a ramp of 24 greys.
fn indexed(index: u8) -> String {
    const FIRST: [&str; 16] = [
        "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5",
        "#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
    ];
    match index {
        0..=15 => FIRST
            .get(usize::from(index))
            .map_or(INK, |color| color)
            .to_owned(),
        16..=231 => {
            let step = |place: u8| match (index - 16) / place % 6 {
                0 => 0,
                level => 55 + 40 * level,
            };
            format!("#{:02x}{:02x}{:02x}", step(36), step(6), step(1))
        }
        _ => {
            let grey = 8 + 10 * (index - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}

#[test]
fn colours_are_those_of_xterm() {
    assert_eq!(
        [16, 21, 110, 231, 232, 255].map(indexed),
        [
            "#000000", "#0000ff", "#87afd7", "#ffffff", "#080808", "#eeeeee"
        ]
    );
}
