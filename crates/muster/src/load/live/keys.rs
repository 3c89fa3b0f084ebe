//! What is pressed on the terminal.

use std::io;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// End the run.
    Quit,
    /// Stop the clock of the plan, or let it go on.
    Pause,
    /// Play faster, and slower.
    Faster,
    Slower,
    /// Choose something that goes wrong.
    Fault,
    /// A choice.
    Digit(u8),
    /// What the keys are.
    Help,
    /// Anything else.
    Other,
}

/// What has been pressed since the last look. Returns at once.
///
/// # Errors
/// If the terminal cannot be read any more.
pub(super) fn pressed() -> io::Result<Vec<Key>> {
    let mut keys = Vec::new();
    while event::poll(Duration::ZERO)? {
        match event::read()? {
            Event::Key(event) if event.kind == KeyEventKind::Press => keys.push(meaning(event)),
            Event::Key(_)
            | Event::FocusGained
            | Event::FocusLost
            | Event::Mouse(_)
            | Event::Paste(_)
            | Event::Resize(..) => {}
        }
    }
    Ok(keys)
}

/// A terminal in raw mode sends no signal for Ctrl-C: it is a key like any other.
fn meaning(event: KeyEvent) -> Key {
    if event.modifiers.contains(KeyModifiers::CONTROL) {
        return if event.code == KeyCode::Char('c') { Key::Quit } else { Key::Other };
    }
    match event.code.as_char() {
        Some('q') => Key::Quit,
        Some('p' | ' ') => Key::Pause,
        Some('+' | '=') => Key::Faster,
        Some('-' | '_') => Key::Slower,
        Some('f') => Key::Fault,
        Some('?' | 'h') => Key::Help,
        Some(letter) => match letter.to_digit(10).and_then(|digit| u8::try_from(digit).ok()) {
            Some(digit) => Key::Digit(digit),
            None => Key::Other,
        },
        None => Key::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ctrl_c_ends_the_run_although_the_terminal_sends_no_signal() {
        let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(meaning(ctrl_c), Key::Quit);
        let plain = |letter| meaning(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
        assert_eq!([plain('c'), plain('q'), plain('3')], [Key::Other, Key::Quit, Key::Digit(3)]);
        assert_eq!(meaning(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)), Key::Other);
    }
}
