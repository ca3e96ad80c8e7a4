//! Compares what is known with complete lists of the server, window by window.

use super::News;
use super::place::Place;
use crate::backend::BackendError;
use crate::backend::imap::Imap;
use crate::backend::imap::wire::Link;

/// Known messages in one window of a full comparison.
const WINDOW: u64 = 5_000;

impl<S: Link> Imap<S> {
    /// Takes the next step of a full comparison, if one is under way.
    pub(super) async fn go_on_comparing(
        &mut self,
        place: &mut Place,
        news: &mut News,
    ) -> Result<(), BackendError> {
        if place.compare == 0 {
            return Ok(());
        }
        let start = place.known.start_of_newest(WINDOW, place.compare);
        let window = (start, place.compare.saturating_sub(1).max(start));
        let tag = self.ask_flags(window).await?;
        self.hear_window(place, news, tag, window).await?;
        place.compare = if start <= 1 { 0 } else { start };
        place.is_settling = place.compare == 0;
        Ok(())
    }
}
