//! The names of the elements that are open, without an allocation for each of them.

/// The names, outermost first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Open {
    names: String,
    /// Where each name begins.
    starts: Vec<usize>,
}

impl Open {
    /// Adds the innermost.
    pub(super) fn push(&mut self, name: &str) {
        self.starts.push(self.names.len());
        self.names.push_str(name);
    }

    /// Removes the innermost, if there is one.
    pub(super) fn pop(&mut self) {
        if let Some(start) = self.starts.pop() {
            self.names.truncate(start);
        }
    }

    /// Returns how many are open.
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// Tells whether none is open.
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Returns the innermost.
    pub(super) fn last(&self) -> Option<&str> {
        self.names.get(*self.starts.last()?..)
    }

    /// Returns the one with so many around it.
    pub(super) fn get(&self, depth: usize) -> Option<&str> {
        let start = *self.starts.get(depth)?;
        match self.starts.get(depth + 1) {
            Some(end) => self.names.get(start..*end),
            None => self.names.get(start..),
        }
    }
}
