//! A short summary of an invitation (RFC 5545), for mails that say nothing else. No calendar is kept.

/// Lines looked at.
const MAX_LINES: usize = 20_000;
/// Characters shown of one value.
const MAX_VALUE: usize = 500;

/// Sums the first event up in a few lines; `None` when there is none.
pub(in crate::mime) fn summary(text: &str) -> Option<String> {
    let lines = unfold(text);
    let method = value(&lines, "METHOD").unwrap_or_default();
    let event: Vec<Line> = lines
        .into_iter()
        .skip_while(|line| !line.is_begin_of_event())
        .skip(1)
        .take_while(|line| line.name != "END" || line.value != "VEVENT")
        .collect();
    if event.is_empty() {
        return None;
    }
    let title = value(&event, "SUMMARY").unwrap_or_else(|| "(no title)".to_owned());
    let mut out = format!("{}: {title}\n", heading(&method));
    if let Some(when) = when(&event) {
        out.push_str(&format_row("When", &when));
    }
    for (name, label) in [("LOCATION", "Where"), ("ORGANIZER", "Organizer")] {
        if let Some(line) = event.iter().find(|line| line.name == name) {
            out.push_str(&format_row(label, &line.readable()));
        }
    }
    if let Some(description) = value(&event, "DESCRIPTION") {
        out.push('\n');
        out.push_str(&description);
        out.push('\n');
    }
    Some(out)
}

fn format_row(label: &str, value: &str) -> String {
    format!("{:<11}{}\n", format!("{label}:"), value)
}

fn heading(method: &str) -> &'static str {
    match method.to_ascii_uppercase().as_str() {
        "REQUEST" => "Invitation",
        "CANCEL" => "Cancelled",
        "REPLY" => "Answer to an invitation",
        _ => "Event",
    }
}

/// A content line.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    parameters: Vec<(String, String)>,
    value: String,
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let colon = position_outside_quotes(line, ':')?;
        let (head, value) = line.split_at_checked(colon)?;
        let mut pieces = head.split(';');
        let name = pieces.next()?.trim().to_ascii_uppercase();
        let parameters = pieces
            .filter_map(|piece| piece.split_once('='))
            .map(|(key, value)| (key.to_ascii_uppercase(), value.trim_matches('"').to_owned()))
            .collect();
        let value: String = value.chars().skip(1).take(MAX_VALUE * 4).collect();
        Some(Self {
            name,
            parameters,
            value: value.trim_end().to_owned(),
        })
    }

    fn is_begin_of_event(&self) -> bool {
        self.name == "BEGIN" && self.value == "VEVENT"
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value as a person reads it.
    fn readable(&self) -> String {
        let text = unescape(&self.value);
        let is_mailto = text
            .get(..7)
            .is_some_and(|start| start.eq_ignore_ascii_case("mailto:"));
        let address = if is_mailto {
            text.get(7..).unwrap_or_default()
        } else {
            &text
        };
        match self.parameter("CN") {
            Some(name) if !name.is_empty() && name != address => format!("{name} <{address}>"),
            _ => address.to_owned(),
        }
    }

    /// `20260312T143000Z` becomes `2026-03-12 14:30 UTC`.
    fn time(&self) -> String {
        let digits: Vec<char> = self.value.chars().filter(char::is_ascii_digit).collect();
        let part = |from: usize, to: usize| -> String {
            digits.iter().skip(from).take(to - from).collect()
        };
        if digits.len() < 8 {
            return unescape(&self.value);
        }
        let date = format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8));
        if digits.len() < 12 {
            return date;
        }
        let zone = match self.parameter("TZID") {
            Some(zone) => format!(" ({})", zone.trim_matches('/')),
            None if self.value.ends_with('Z') => " UTC".to_owned(),
            None => String::new(),
        };
        format!("{date} {}:{}{zone}", part(8, 10), part(10, 12))
    }
}

fn position_outside_quotes(line: &str, wanted: char) -> Option<usize> {
    let mut is_quoted = false;
    line.char_indices()
        .find(|(_, c)| {
            is_quoted ^= *c == '"';
            *c == wanted && !is_quoted
        })
        .map(|(at, _)| at)
}

/// Joins folded lines (RFC 5545 §3.1).
fn unfold(text: &str) -> Vec<Line> {
    let mut joined: Vec<String> = Vec::new();
    for line in text.lines().take(MAX_LINES) {
        match (line.strip_prefix([' ', '\t']), joined.last_mut()) {
            (Some(more), Some(last)) if last.len() < MAX_VALUE * 8 => last.push_str(more),
            (Some(_), Some(_)) => {}
            _ => joined.push(line.to_owned()),
        }
    }
    joined.iter().filter_map(|line| Line::parse(line)).collect()
}

fn value(lines: &[Line], name: &str) -> Option<String> {
    let line = lines.iter().find(|line| line.name == name)?;
    let text: String = unescape(&line.value).chars().take(MAX_VALUE).collect();
    let text = text.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Undoes the escapes of RFC 5545 §3.3.11.
fn unescape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

fn when(event: &[Line]) -> Option<String> {
    let start = event.iter().find(|line| line.name == "DTSTART")?.time();
    let Some(end) = event.iter().find(|line| line.name == "DTEND") else {
        return Some(start);
    };
    let end = end.time();
    // The same day needs to be said once.
    let same_day = start
        .get(..11)
        .filter(|day| day.ends_with(' ') && end.starts_with(day));
    let end = same_day
        .and_then(|day| end.strip_prefix(day))
        .unwrap_or(&end)
        .to_owned();
    Some(format!("{start} – {end}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_invitation_is_summed_up() {
        let text = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nDTSTART:19700101T000000\r\nEND:VTIMEZONE\r\n\
            BEGIN:VEVENT\r\nSUMMARY:Budget\\, round\r\n  two\r\nDTSTART;TZID=\"Europe/Berlin\":20260312T143000\r\n\
            DTEND;TZID=Europe/Berlin:20260312T150000\r\nLOCATION:Room 5\r\n\
            ORGANIZER;CN=\"Ana: Boss\":MAILTO:ana@x.com\r\nDESCRIPTION:Bring\\nnumbers\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(
            summary(text).unwrap(),
            "Invitation: Budget, round two\n\
             When:      2026-03-12 14:30 (Europe/Berlin) – 15:00 (Europe/Berlin)\n\
             Where:     Room 5\n\
             Organizer: Ana: Boss <ana@x.com>\n\nBring\nnumbers\n"
        );
    }

    #[test]
    fn whole_days_and_missing_pieces_are_fine() {
        let text = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260312\nEND:VEVENT";
        assert_eq!(
            summary(text).unwrap(),
            "Event: (no title)\nWhen:      2026-03-12\n"
        );
        assert_eq!(summary("BEGIN:VCALENDAR"), None);
    }

    proptest! {
        #[test]
        fn noise_never_panics(text in "(BEGIN:VEVENT|DTSTART|[:;=\"\\\\A-Z0-9 é\n]){0,80}") {
            summary(&text);
        }
    }
}
