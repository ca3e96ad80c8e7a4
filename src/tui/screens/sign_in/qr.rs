//! An address as a QR code beside a text; it gives way where there is no room.

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::tui::context::Cx;
use crate::tui::theme::Palette;

/// Beside the QR code the text keeps at least this many columns.
const TEXT_COLUMNS: u16 = 44;

/// Draws the code at the right if there is room for it; returns what is left for the text.
pub(super) fn beside(frame: &mut Frame<'_>, body: Rect, cx: &Cx, qr: &[String]) -> Rect {
    let qr_width = qr.first().map_or(0, |row| row.chars().count() as u16);
    let has_room =
        qr_width > 0 && body.width >= TEXT_COLUMNS + qr_width + 2 && body.height >= qr.len() as u16;
    if !has_room {
        return body;
    }
    let width = body.width - qr_width - 2;
    let place = Rect {
        x: body.x + width + 2,
        width: qr_width,
        height: qr.len() as u16,
        ..body
    };
    draw_qr(frame, place, cx, qr);
    Rect { width, ..body }
}

/// The address as a QR code, one string a row, with the quiet margin a camera needs.
pub(super) fn qr_rows(address: &str, cx: &Cx) -> Vec<String> {
    if cx.symbols.is_ascii {
        return Vec::new();
    }
    let Ok(qr) = QrCode::with_error_correction_level(address, qrcode::EcLevel::L) else {
        return Vec::new();
    };
    // Without colours the letters are mostly light on dark, so the light modules are the ones drawn.
    let (dark, light) = match cx.palette {
        Palette::None => (Dense1x2::Light, Dense1x2::Dark),
        _ => (Dense1x2::Dark, Dense1x2::Light),
    };
    let text = qr
        .render::<Dense1x2>()
        .dark_color(dark)
        .light_color(light)
        .quiet_zone(false)
        .build();
    let rows: Vec<&str> = text.lines().collect();
    let width = rows.first().map_or(0, |row| row.chars().count());
    let (blank, margin) = match cx.palette {
        Palette::None => ('█', "█"),
        _ => (' ', " "),
    };
    let empty: String = std::iter::repeat_n(blank, width + 2).collect();
    let mut framed = vec![empty.clone()];
    framed.extend(rows.iter().map(|row| format!("{margin}{row}{margin}")));
    framed.push(empty);
    framed
}

fn draw_qr(frame: &mut Frame<'_>, place: Rect, cx: &Cx, rows: &[String]) {
    // A camera needs dark on light, whatever the theme.
    let style = match cx.palette {
        Palette::None => Style::new(),
        _ => Style::new().fg(Color::Black).bg(Color::White),
    };
    let lines: Vec<Line<'_>> = rows
        .iter()
        .map(|row| Line::styled(row.as_str(), style))
        .collect();
    frame.render_widget(Paragraph::new(lines), place);
}
