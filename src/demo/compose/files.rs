//! Small real files to attach: PDF, PNG, CSV, iCalendar.

use std::fmt::Write as _;

use jiff::{Timestamp, ToSpan as _};

use crate::demo::random::Random;

/// A file on a message.
#[derive(Clone, Debug)]
pub struct Attached {
    /// File name.
    pub name: String,
    /// Media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Returns a one-page PDF with these lines (ISO 32000-1 §7.5).
pub fn pdf(lines: &[String]) -> Vec<u8> {
    let mut text = "BT /F1 11 Tf 14 TL 72 780 Td\n".to_owned();
    for line in lines {
        let line: String = line
            .chars()
            .filter(|c| c.is_ascii() && !"()\\".contains(*c))
            .collect();
        let _ = writeln!(text, "({line}) Tj T*");
    }
    text.push_str("ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(out.len());
        let _ = write!(out, "{number} 0 obj\n{object}\nendobj\n");
    }
    let table = out.len();
    out.push_str("xref\n0 6\n0000000000 65535 f \n");
    for place in places {
        let _ = writeln!(out, "{place:010} 00000 n ");
    }
    let _ = write!(
        out,
        "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
    );
    out.into_bytes()
}

/// Returns a small greyscale picture of waves under a sky (PNG, uncompressed).
pub fn png(random: &mut Random) -> Vec<u8> {
    const WIDTH: u32 = 96;
    const HEIGHT: u32 = 48;
    let phase = random.between(0, 40);
    let mut rows = Vec::new();
    for y in 0..i64::from(HEIGHT) {
        rows.push(0);
        for x in 0..i64::from(WIDTH) {
            let wave = 24 + ((x + phase) % 16 - 8).abs() / 2;
            let shade = if y < wave {
                230 - y * 2
            } else {
                90 + (x + y + phase) % 40
            };
            rows.push(u8::try_from(shade).unwrap_or(128));
        }
    }
    let mut head = [WIDTH.to_be_bytes(), HEIGHT.to_be_bytes()].concat();
    head.extend([8, 0, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, b"IHDR", &head);
    chunk(&mut out, b"IDAT", &stored(&rows));
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or_default();
    out.extend(length.to_be_bytes());
    let checked = [kind, data].concat();
    out.extend_from_slice(&checked);
    out.extend(crc(&checked).to_be_bytes());
}

/// Wraps bytes as one stored block of a zlib stream (RFC 1950, RFC 1951 §3.2.4).
fn stored(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    let mut out = vec![0x78, 0x01, 0x01];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend_from_slice(data.get(..usize::from(length)).unwrap_or(data));
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend(((b << 16) | a).to_be_bytes());
    out
}

fn crc(data: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let is_odd = crc & 1 == 1;
            crc >>= 1;
            if is_odd {
                crc ^= 0xEDB8_8320;
            }
        }
    }
    !crc
}

/// Returns readings of a buoy as a table.
pub fn csv(random: &mut Random, start: Timestamp) -> Vec<u8> {
    let mut out = "time;station;level_cm;temperature_c;battery_v\r\n".to_owned();
    let mut time = start;
    for _ in 0..random.between(24, 90) {
        let (level, temperature, volt) = (
            random.between(-140, 260),
            random.between(41, 163),
            random.between(1180, 1390),
        );
        let _ = write!(
            out,
            "{};HV-{:02};{level};{}.{};{}.{:02}\r\n",
            time.strftime("%Y-%m-%dT%H:%MZ"),
            random.between(1, 24),
            temperature / 10,
            temperature % 10,
            volt / 100,
            volt % 100
        );
        time = time.saturating_add(1.hours()).unwrap_or(time);
    }
    out.into_bytes()
}

/// Returns an invitation (RFC 5546 §3.2.2).
pub fn calendar(uid: &str, title: &str, organizer: &str, start: Timestamp) -> String {
    let stamp = |time: Timestamp| time.strftime("%Y%m%dT%H%M%SZ").to_string();
    let end = start.saturating_add(45.minutes()).unwrap_or(start);
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "PRODID:-//Harbor and Vale//Demo//EN".to_owned(),
        "VERSION:2.0".to_owned(),
        "METHOD:REQUEST".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{uid}"),
        format!(
            "DTSTAMP:{}",
            stamp(start.saturating_sub(48.hours()).unwrap_or(start))
        ),
        format!("DTSTART:{}", stamp(start)),
        format!("DTEND:{}", stamp(end)),
        format!("SUMMARY:{}", title.replace(',', "\\,")),
        format!("ORGANIZER:mailto:{organizer}"),
        "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ada@harborvale.example".to_owned(),
        "LOCATION:Lamp room".to_owned(),
        "STATUS:CONFIRMED".to_owned(),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ];
    lines.join("\r\n") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_published_ones() {
        assert_eq!(crc(b"123456789"), 0xCBF4_3926);
        // Adler-32 of "Wikipedia".
        let zlib = stored(b"Wikipedia");
        assert_eq!(zlib[zlib.len() - 4..], 0x11E6_0398_u32.to_be_bytes());
    }

    #[test]
    fn the_cross_reference_table_of_a_pdf_points_at_its_objects() {
        let pdf = pdf(&["Hello (world)".to_owned()]);
        let text = String::from_utf8(pdf.clone()).unwrap();
        let (_, table) = text.split_once("xref\n").unwrap();
        for (number, line) in (1..).zip(table.lines().skip(2).take(5)) {
            let place: usize = line.split(' ').next().unwrap().parse().unwrap();
            assert!(pdf[place..].starts_with(format!("{number} 0 obj").as_bytes()));
        }
    }
}
