//! When to kill: moments spread over the time a command takes on this machine, in this load.

use std::process::Child;
use std::time::{Duration, Instant};

/// So many moments are tried.
pub const MOMENTS: u32 = 25;

/// How long a command takes when nobody disturbs it.
#[derive(Clone, Copy)]
pub struct Span(Duration);

impl Span {
    /// Measures commands; the longest counts.
    pub fn measure(times: usize, mut run: impl FnMut(usize)) -> Self {
        let longest = (0..times).map(|number| {
            let start = Instant::now();
            run(number);
            start.elapsed()
        });
        Self(longest.max().unwrap_or_default())
    }

    /// Returns the moment with this number, of [`MOMENTS`]; the last ones come after the command is done.
    pub fn moment(self, number: u32) -> Duration {
        self.0.mul_f64(1.1) * number / MOMENTS
    }
}

/// Kills a program after a while, as `kill -9` does; tells whether it had ended well before.
pub fn kill_after(mut child: Child, wait: Duration) -> bool {
    std::thread::sleep(wait);
    kill(&mut child)
}

/// Kills a program now; tells whether it had ended well before.
pub fn kill(child: &mut Child) -> bool {
    // One that is done already cannot be killed, and that is fine.
    let _ = child.kill();
    child.wait().unwrap().success()
}
