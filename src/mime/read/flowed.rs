//! `format=flowed` (RFC 3676): soft line ends taken out, so that the reader can wrap to its own width.

/// Whether the blank of a soft line end goes away too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::mime) enum Delsp {
    /// `delsp=yes`: it was added for the break (scripts without blanks).
    Drop,
    /// It belongs to the text.
    Keep,
}

/// How the lines of a text part are to be read (RFC 3676 §4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::mime) enum Format {
    /// As they are.
    #[default]
    Fixed,
    /// Soft line ends are to be taken out.
    Flowed(Delsp),
}

/// Joins flowed lines of the same quote depth; quote marks come out as `> ` for each level.
pub(in crate::mime) fn unflow(text: &str, delsp: Delsp) -> String {
    let mut out = String::with_capacity(text.len());
    // The depth of the paragraph that is still open.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let (depth, content) = split(line);
        // An empty line is a gap between paragraphs even behind a soft line end.
        if open.take() != Some(depth) || content.is_empty() {
            end_line(&mut out);
            out.extend(std::iter::repeat_n("> ", depth));
        }
        let is_signature = content == "-- ";
        let is_soft = content.ends_with(' ') && !is_signature;
        if is_soft && delsp == Delsp::Drop {
            out.push_str(content.strip_suffix(' ').unwrap_or(content));
        } else {
            out.push_str(content);
        }
        if is_soft {
            open = Some(depth);
        } else {
            out.push('\n');
        }
    }
    end_line(&mut out);
    out
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
}

/// Takes quote marks and one stuffed blank off.
fn split(line: &str) -> (usize, &str) {
    let content = line.trim_start_matches('>');
    let depth = line.len() - content.len();
    let content = content.strip_prefix(' ').unwrap_or(content);
    (depth, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(unflow(text, Delsp::Keep), expected, "{text:?}");
    }

    #[test]
    fn soft_line_ends_go_and_hard_ones_stay() {
        check("one \ntwo\nthree\n", "one two\nthree\n");
        check("one \n\ntwo", "one\n\ntwo\n");
    }

    #[test]
    fn quotes_are_joined_by_level() {
        check("> a \n> b\n>> c \n> d\n", "> a b\n> > c\n> d\n");
    }

    #[test]
    fn the_signature_mark_is_no_soft_end_and_stuffing_goes() {
        check(
            "hi\n-- \nBo\n >quoted? no\n From here",
            "hi\n-- \nBo\n>quoted? no\nFrom here\n",
        );
        assert_eq!(unflow("日本 \n語\n", Delsp::Drop), "日本語\n");
    }
}
