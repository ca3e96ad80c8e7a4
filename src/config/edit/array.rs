//! Changing an array item by item, so that the items that stay keep their lines and comments.

use toml_edit::{Array, RawString, Value};

/// Makes the array hold exactly the wanted texts: others go, missing ones come behind the rest.
///
/// What stands behind an item up to the end of its line is kept by the parser in front of the next one; it stays or
/// goes with the item it was written for.
pub fn set_items<'a>(array: &mut Array, wanted: impl Iterator<Item = &'a str>) {
    let wanted: Vec<&str> = wanted.collect();
    let indent = array.iter().next().and_then(|item| {
        text(item.decor().prefix())
            .rsplit_once('\n')
            .map(|(_, tail)| tail.to_owned())
    });
    let mut gap = Gap::default();
    let mut kept = Array::new();
    for item in array.iter() {
        let prefix = text(item.decor().prefix());
        if item.as_str().is_some_and(|item| wanted.contains(&item)) {
            let mut item = item.clone();
            item.decor_mut().set_prefix(gap.close(&prefix));
            kept.push_formatted(item);
        } else {
            gap.open(&prefix);
        }
    }
    let mut trailing = gap.close(&text(Some(array.trailing())));
    for item in wanted {
        if kept.iter().any(|known| known.as_str() == Some(item)) {
            continue;
        }
        let mut new = Value::from(item);
        let prefix = match &indent {
            Some(indent) => {
                let (behind, rest) = cut_line(&trailing);
                let prefix = format!("{behind}\n{indent}");
                trailing = if rest.is_empty() {
                    "\n".to_owned()
                } else {
                    rest.to_owned()
                };
                prefix
            }
            None if kept.is_empty() => String::new(),
            None => " ".to_owned(),
        };
        new.decor_mut().set_prefix(prefix);
        kept.push_formatted(new);
    }
    kept.set_trailing(trailing);
    kept.set_trailing_comma(array.trailing_comma() || indent.is_some());
    *kept.decor_mut() = array.decor().clone();
    *array = kept;
}

/// Items left out, and the rest of the line before them.
#[derive(Default)]
struct Gap {
    behind: Option<String>,
}

impl Gap {
    fn open(&mut self, prefix: &str) {
        if self.behind.is_none() {
            self.behind = Some(cut_line(prefix).0.to_owned());
        }
    }

    /// Returns what stands before the next thing that stays.
    fn close(&mut self, prefix: &str) -> String {
        match self.behind.take() {
            Some(behind) => format!("{behind}{}", cut_line(prefix).1),
            None => prefix.to_owned(),
        }
    }
}

/// Cuts before the first line end; without one, nothing belongs to the line before.
fn cut_line(text: &str) -> (&str, &str) {
    let at = text.find('\n').unwrap_or(0);
    text.split_at_checked(at).unwrap_or(("", text))
}

fn text(raw: Option<&RawString>) -> String {
    raw.and_then(RawString::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use toml_edit::DocumentMut;

    use super::*;

    fn check(before: &str, wanted: &[&str], after: &str) {
        let mut document: DocumentMut = format!("a = {before}\n").parse().unwrap();
        let array = document["a"].as_array_mut().unwrap();
        set_items(array, wanted.iter().copied());
        assert_eq!(document.to_string(), format!("a = {after}\n"));
        document.to_string().parse::<DocumentMut>().unwrap();
    }

    #[test]
    fn short_arrays_stay_on_their_line() {
        check("[\"x\", \"y\"] # c", &["x", "z"], "[\"x\", \"z\"] # c");
        check("[]", &["x", "y"], "[\"x\", \"y\"]");
        check("[\"x\"]", &[], "[]");
    }

    #[test]
    fn comments_stay_with_their_items() {
        let before = "[\n  \"x\", # of x\n  # of y\n  \"y\", # too\n  \"z\", # of z\n  # end\n]";
        check(before, &["x", "y", "z"], before);
        check(
            before,
            &["x", "z"],
            "[\n  \"x\", # of x\n  \"z\", # of z\n  # end\n]",
        );
        check(before, &["y"], "[\n  # of y\n  \"y\", # too\n  # end\n]");
        check(
            before,
            &["x", "new"],
            "[\n  \"x\", # of x\n  \"new\",\n  # end\n]",
        );
    }
}
