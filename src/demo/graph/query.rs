//! Query options of `OData`: `$select`, `$top`, `$skip`, `$filter`, `$orderby`, `$search`, `$expand`, `$count`.

use super::wire::Fault;

/// How many a page holds when nobody says.
const DEFAULT_TOP: usize = 10;
/// How many a page holds at most.
pub const MAX_TOP: usize = 1000;

/// The options of a request, in their order, decoded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what stands after the question mark.
    pub fn parse(text: &str) -> Self {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// Returns an option; `$` may be missing and case does not count, as at Graph.
    pub fn get(&self, name: &str) -> Option<&str> {
        let name = name.trim_start_matches('$');
        let is_it = |found: &str| {
            let found = found.trim_start_matches('$');
            found.eq_ignore_ascii_case(name)
        };
        let mut pairs = self.0.iter();
        let found = pairs.find(|(found, _)| is_it(found));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns a number; refuses what is none.
    fn number(&self, name: &str) -> Result<Option<usize>, Fault> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let refused = || {
            let message = format!(
                "Invalid value '{text}' for ${name} query option found. The ${name} query option requires a non-negative integer value."
            );
            Fault::bad("BadRequest", &message)
        };
        text.parse().map(Some).map_err(|_| refused())
    }

    /// Returns how many are wanted on a page; `preferred` is `odata.maxpagesize`.
    pub fn top(&self, preferred: Option<&str>) -> Result<usize, Fault> {
        let preferred = preferred.and_then(|size| size.parse::<usize>().ok());
        let top = self.number("top")?;
        match top {
            Some(top) if top > MAX_TOP || top == 0 => Err(Fault::bad(
                "RequestBroker--ParseUri",
                &format!(
                    "The limit of '{MAX_TOP}' for Top query has been exceeded. The value from the incoming request is '{top}'."
                ),
            )),
            Some(top) => Ok(top),
            None => Ok(preferred.unwrap_or(DEFAULT_TOP).clamp(1, MAX_TOP)),
        }
    }

    /// Returns how many are left out at the start.
    pub fn skip(&self) -> Result<usize, Fault> {
        Ok(self.number("skip")?.unwrap_or(0))
    }

    /// Returns the wanted properties; `None` is all that are usual.
    pub fn select(&self) -> Option<Vec<String>> {
        let names = self.get("$select")?.split(',');
        let names: Vec<String> = names.map(|name| name.trim().to_owned()).collect();
        (!names.iter().all(String::is_empty)).then_some(names)
    }

    /// Tells whether an option is `true`.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Returns the ids that `singleValueExtendedProperties` is asked for.
    pub fn extended(&self) -> Vec<String> {
        let expand = self.get("$expand").unwrap_or_default();
        let Some((_, wanted)) = expand.split_once("singleValueExtendedProperties") else {
            return Vec::new();
        };
        let mut quoted = wanted.split('\'');
        let mut ids = Vec::new();
        // Every second piece stands between quotes.
        while let (Some(before), Some(id)) = (quoted.next(), quoted.next()) {
            if before.trim_end().ends_with("eq") {
                ids.push(id.to_owned());
            }
        }
        ids
    }

    /// Writes the options again without some, and with others instead, as a `nextLink` has them.
    pub fn with(&self, changes: &[(&str, &str)]) -> String {
        let bare = |name: &str| name.trim_start_matches('$').to_ascii_lowercase();
        let is_changed = |name: &str| changes.iter().any(|(new, _)| bare(new) == bare(name));
        let kept = self.0.iter().filter(|(name, _)| !is_changed(name));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        let added = changes
            .iter()
            .copied()
            .filter(|(_, value)| !value.is_empty());
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        out.extend_pairs(kept.chain(added));
        out.finish()
    }
}

/// Cuts text at a word such as ` and ` outside quotes and parentheses.
pub fn split_outside<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let (mut is_quoted, mut depth) = (false, 0_usize);
    let (mut pieces, mut start) = (Vec::new(), 0);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        let here = text.get(at..).unwrap_or_default();
        if !is_quoted && depth == 0 && at >= start && here.starts_with(word) {
            pieces.push(text.get(start..at).unwrap_or_default());
            start = at + word.len();
        }
    }
    pieces.push(text.get(start..).unwrap_or_default());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_ten_and_at_most_a_thousand() {
        let check = |query: &str, preferred: Option<&str>, expected: Option<usize>| {
            assert_eq!(Query::parse(query).top(preferred).ok(), expected, "{query}");
        };
        check("", None, Some(10));
        check("", Some("50"), Some(50));
        check("", Some("5000"), Some(1000));
        check("%24top=1000", None, Some(1000));
        check("$top=1001", None, None);
        check("$top=x", None, None);
        check("top=7", None, Some(7));
    }

    #[test]
    fn extended_properties_are_named_in_the_filter() {
        let query = Query::parse(
            "$expand=singleValueExtendedProperties($filter=id%20eq%20'Integer%200x0E08'%20or%20id%20eq%20'String%200x3613')",
        );
        assert_eq!(query.extended(), ["Integer 0x0E08", "String 0x3613"]);
        assert!(Query::parse("$expand=attachments").extended().is_empty());
    }

    #[test]
    fn a_next_link_keeps_the_other_options() {
        let query = Query::parse("$select=id,subject&$skip=10&$top=5");
        assert_eq!(
            query.with(&[("$skip", "15")]),
            "%24select=id%2Csubject&%24top=5&%24skip=15"
        );
    }
}
