//! The terminal the view is drawn on.

use std::convert::Infallible;
use std::io::{self, IsTerminal as _, Stderr, stderr};
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::{Terminal, TerminalOptions, Viewport};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::debug;

use super::Sight;
use super::keys::{Key, pressed};
use super::model::Model;
use super::view::{self, HEIGHT};
use crate::load::control::Controls;

/// How often keys are looked for: nobody feels a tenth of a second.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How many looks go by between two drawings: twice a second.
const LOOKS_PER_DRAWING: u32 = 5;

/// The view on a terminal, below whatever was said before. Given back when dropped.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Stderr>>,
    model: Model,
}

impl Screen {
    /// Takes the terminal behind stderr; stdout is for data. `None` if there is none.
    pub(crate) fn open(name: &str) -> Option<Self> {
        if !stderr().is_terminal() || !io::stdin().is_terminal() {
            return None;
        }
        enable_raw_mode().ok()?;
        let options = TerminalOptions { viewport: Viewport::Inline(HEIGHT) };
        match Terminal::with_options(CrosstermBackend::new(stderr()), options) {
            Ok(terminal) => Some(Self { terminal, model: Model::new(name) }),
            Err(error) => {
                debug!(%error, "no live view on this terminal");
                drop(disable_raw_mode());
                None
            }
        }
    }

    /// Shows how devices come up until somebody wants the run to end.
    pub(super) async fn coming_up(&mut self, sight: &Sight) {
        let mut looks = looks();
        for look in 0_u32.. {
            looks.tick().await;
            if keys().contains(&Key::Quit) {
                return;
            }
            self.draw(look, sight);
        }
    }

    /// Shows how a run goes, and takes wishes. Does not end.
    pub(super) async fn goes_on(&mut self, sight: &Sight, controls: &Controls) -> Infallible {
        let mut looks = looks();
        let mut look = 0_u32;
        loop {
            looks.tick().await;
            for key in keys() {
                if let Some(control) = self.model.press(key) {
                    controls.wish(control);
                }
                // Whoever presses a key sees at once that it was heard.
                look = 0;
            }
            self.draw(look, sight);
            look = look.wrapping_add(1);
        }
    }

    fn draw(&mut self, look: u32, sight: &Sight) {
        if !look.is_multiple_of(LOOKS_PER_DRAWING) {
            return;
        }
        self.model.take(sight.snapshot(), sight.progress());
        let Self { terminal, model } = self;
        if let Err(error) = terminal.draw(|frame| view::draw(frame, model)) {
            debug!(%error, "the view was not drawn");
        }
    }
}

impl Drop for Screen {
    /// The last drawing stays; what is said next stands below it.
    fn drop(&mut self) {
        drop(disable_raw_mode());
        let last = self.terminal.get_frame().area().bottom().saturating_sub(1);
        drop(self.terminal.set_cursor_position((0, last)));
        drop(self.terminal.show_cursor());
        eprintln!();
    }
}

/// A terminal that cannot be read has no keys pressed.
fn keys() -> Vec<Key> {
    pressed().unwrap_or_default()
}

fn looks() -> Interval {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    looks
}
