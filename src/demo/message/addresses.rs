//! Address lists of header fields, for ENVELOPE, for rights and for replies (RFC 5322 §3.4).

/// One mailbox of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mailbox {
    /// Display name as written, still encoded; empty if there is none.
    pub name: String,
    /// Address.
    pub email: String,
}

/// Reads an address list; groups are flattened, comments are left out.
pub fn addresses(value: &str) -> Vec<Mailbox> {
    split_list(value)
        .iter()
        .filter_map(|item| read(item))
        .collect()
}

fn read(item: &str) -> Option<Mailbox> {
    let (name, email) = match item.rsplit_once('<') {
        Some((name, rest)) => (name, rest.split('>').next().unwrap_or_default()),
        None => ("", item),
    };
    let email = email.trim();
    if email.is_empty() {
        return None;
    }
    let name = name.trim();
    let name = match name.strip_prefix('"').and_then(|n| n.strip_suffix('"')) {
        Some(quoted) => unescape(quoted),
        None => name.to_owned(),
    };
    Some(Mailbox {
        name,
        email: email.to_owned(),
    })
}

fn unescape(quoted: &str) -> String {
    let mut out = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

/// Cuts at commas (and at a group's `:` and `;`) outside quotes, comments and angle brackets.
fn split_list(value: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let (mut is_quoted, mut is_escaped, mut angle, mut comment) = (false, false, false, 0_usize);
    for c in value.chars() {
        let is_plain = !is_quoted && !angle && comment == 0;
        let mut keeps = comment == 0;
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted || comment > 0 => is_escaped = true,
            '"' if comment == 0 => is_quoted = !is_quoted,
            '(' if !is_quoted => {
                comment += 1;
                keeps = false;
            }
            ')' if !is_quoted => comment = comment.saturating_sub(1),
            '<' if is_plain => angle = true,
            '>' if angle => angle = false,
            ':' if is_plain => {
                items.pop();
                items.push(String::new());
                continue;
            }
            ',' | ';' if is_plain => {
                items.push(String::new());
                continue;
            }
            _ => {}
        }
        if keeps && let Some(item) = items.last_mut() {
            item.push(c);
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_quotes_comments_and_groups_are_understood() {
        let check = |value: &str, expected: &[(&str, &str)]| {
            let found = addresses(value);
            let found: Vec<(&str, &str)> = found
                .iter()
                .map(|mailbox| (mailbox.name.as_str(), mailbox.email.as_str()))
                .collect();
            assert_eq!(found, expected, "{value}");
        };
        check("a@b.example", &[("", "a@b.example")]);
        check(
            "\"Vale, \\\"D\\\"\" <d@b.example>, x@y (why, oh)",
            &[("Vale, \"D\"", "d@b.example"), ("", "x@y")],
        );
        check("Crew: a@b, C <c@d>;", &[("", "a@b"), ("C", "c@d")]);
        check("undisclosed-recipients:;", &[]);
        check("", &[]);
    }
}
