//! Reads the text files: scripts of a subject, options, and what each person says in turn.
//!
//! ```text
//! === Subject with {slots}
//! :: option = value
//! @ c
//! What a colleague writes.
//! @ a
//! What Ada answers.
//! ```

/// One person's turn.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Who: `c` and `d` are colleagues, `a` is Ada, `x` and `y` are from outside, `s` answers for a shared mailbox.
    pub who: &'static str,
    /// What they write, with slots.
    pub text: &'static str,
}

/// One conversation.
#[derive(Clone, Debug)]
pub struct Script {
    /// With slots.
    pub subject: &'static str,
    /// `key = value`.
    pub options: Vec<(&'static str, &'static str)>,
    /// In order.
    pub turns: Vec<Turn>,
}

impl Script {
    /// Returns an option's value.
    pub fn option(&self, key: &str) -> Option<&'static str> {
        self.options
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| *value)
    }

    /// Tells whether an option has the value.
    pub fn is(&self, key: &str, value: &str) -> bool {
        self.option(key) == Some(value)
    }
}

/// Reads a file of scripts.
pub fn parse(text: &'static str) -> Vec<Script> {
    text.split("=== ").skip(1).filter_map(read).collect()
}

fn read(section: &'static str) -> Option<Script> {
    let (subject, rest) = section.split_once('\n')?;
    let (head, turns) = rest.split_once("@ ")?;
    let options = head
        .lines()
        .filter_map(|line| line.strip_prefix(":: ")?.split_once(" = "))
        .collect();
    let turns = turns
        .split("\n@ ")
        .filter_map(|turn| turn.split_once('\n'))
        .map(|(who, text)| Turn {
            who: who.trim(),
            text: text.trim_end(),
        })
        .collect();
    Some(Script {
        subject,
        options,
        turns,
    })
}
