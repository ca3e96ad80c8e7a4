//! How wide the columns of a message list are.

/// Columns of a row, in order; 0 means that there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Columns {
    /// The date.
    pub date: usize,
    /// The sender or recipient.
    pub who: usize,
    /// Which mailbox it is in.
    pub mailbox: usize,
    /// The subject.
    pub subject: usize,
    /// How many messages the thread has.
    pub thread: usize,
    /// The sign of attachments.
    pub attachment: usize,
    /// The size.
    pub size: usize,
}

/// The bar, the mark and the star before every row.
pub const LEAD: usize = 4;

impl Columns {
    /// Distributes `width` columns; `has_mailbox` asks for a column that names the mailbox.
    pub fn new(width: usize, has_mailbox: bool) -> Self {
        let date = match width {
            0..=29 => 0,
            30..=54 => 6,
            _ => 10,
        };
        let who = if width < 60 { width / 4 } else { width / 5 };
        let who = who.clamp(8, 26);
        let mailbox = if has_mailbox && width >= 76 { 10 } else { 0 };
        let size = if width >= 96 { 6 } else { 0 };
        let thread = if width >= 40 { 3 } else { 0 };
        let attachment = if width >= 30 { 2 } else { 0 };
        let gaps: usize = [date, who, mailbox, thread, attachment, size]
            .iter()
            .filter(|columns| **columns > 0)
            .count();
        let fixed = LEAD + date + who + mailbox + thread + attachment + size + gaps;
        Self {
            date,
            who,
            mailbox,
            subject: width.saturating_sub(fixed),
            thread,
            attachment,
            size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_width_and_never_more() {
        for width in 30..200 {
            for has_mailbox in [false, true] {
                let c = Columns::new(width, has_mailbox);
                let parts = [c.date, c.who, c.mailbox, c.thread, c.attachment, c.size];
                let gaps = parts.iter().filter(|part| **part > 0).count();
                let sum = LEAD + parts.iter().sum::<usize>() + c.subject + gaps;
                assert_eq!(sum, width, "{c:?}");
            }
        }
    }
}
