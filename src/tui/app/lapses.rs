//! Secrets and certificates that end: a person is told once about each threshold in a run, and after the end.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::engine::{Expiry, Lapsing, Nearness};
use crate::explain::explain;
use crate::tui::effect::Effect;

use super::App;

/// How often a program that runs for weeks looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(6 * 3600);

/// What was told already.
#[derive(Debug, Default)]
pub struct Lapses {
    looked_at: Duration,
    /// Several accounts may share a profile.
    told: BTreeSet<(String, Lapsing, Nearness)>,
}

impl App {
    /// Has the ends read again after some hours. Events of the engine come often enough to ask here.
    pub(super) fn look_at_lapses(&mut self) -> Option<Effect> {
        let elapsed = self.cx.elapsed;
        if elapsed.saturating_sub(self.lapses.looked_at) < LOOK_AGAIN {
            return None;
        }
        self.lapses.looked_at = elapsed;
        Some(Effect::LoadExpiries)
    }

    /// Takes over the ends, and tells those that came nearer. The nearest is told last, so that it stays in view.
    pub(super) fn tell_lapses(&mut self, expiries: &[Expiry]) {
        self.cx.expiries = expiries.to_vec();
        let mut news: Vec<(&Expiry, Nearness)> = expiries
            .iter()
            .filter_map(|expiry| Some((expiry, expiry.nearness()?)))
            .collect();
        news.sort_by_key(|(expiry, _)| std::cmp::Reverse(expiry.days_left));
        for (expiry, nearness) in news {
            let key = (expiry.profile.clone(), expiry.what, nearness);
            if self.lapses.told.insert(key) {
                let notice = explain(&expiry.problem());
                self.notices.tell(None, notice, self.cx.now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::context::Mistakes;
    use crate::tui::msg::Msg;
    use crate::tui::outcome::Outcome;
    use crate::tui::testing::context;

    fn ends(profile: &str, days_left: i64) -> Expiry {
        Expiry {
            account: format!("of {profile}"),
            profile: profile.to_owned(),
            what: Lapsing::Secret,
            on: jiff::civil::Date::constant(2026, 12, 1),
            days_left,
            is_over: days_left < 0,
        }
    }

    fn tell(app: &mut App, expiries: Vec<Expiry>) -> (Option<String>, usize) {
        app.notices.status = None;
        app.update(Msg::Done(Outcome::Expiries(expiries)));
        (app.notices.status.take(), app.notices.banners.len())
    }

    #[test]
    fn a_person_is_told_once_per_threshold() {
        let mut app = App::new(context(), &Mistakes::default());
        assert_eq!(tell(&mut app, vec![ends("x", 61)]), (None, 0));
        let (status, _) = tell(&mut app, vec![ends("x", 59)]);
        assert!(status.is_some_and(|text| text.contains("in 59 days")));
        assert_eq!(tell(&mut app, vec![ends("x", 58)]), (None, 0));
        let (status, _) = tell(&mut app, vec![ends("x", 30), ends("y", 90)]);
        assert!(status.is_some_and(|text| text.contains("in 30 days")));
        assert_eq!(tell(&mut app, vec![ends("x", 7)]), (None, 1));
        assert_eq!(tell(&mut app, vec![ends("x", 6), ends("x", 6)]), (None, 1));
        assert_eq!(tell(&mut app, vec![ends("x", 1)]), (None, 2));
        assert_eq!(tell(&mut app, vec![ends("x", -1)]), (None, 3));
        assert_eq!(app.cx.expiries, vec![ends("x", -1)]);
    }

    #[test]
    fn a_program_that_runs_for_weeks_looks_again() {
        let mut app = App::new(context(), &Mistakes::default());
        assert_eq!(app.look_at_lapses(), None);
        app.cx.elapsed = LOOK_AGAIN;
        assert_eq!(app.look_at_lapses(), Some(Effect::LoadExpiries));
        assert_eq!(app.look_at_lapses(), None);
    }
}
