//! Values of flags that people write in words.

use std::time::Duration;

use muster_agent::Sockets;
use muster_protocol::Mode;

/// Reads a span with its unit, such as 250ms, 30s, 10m, 12h or 30d.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let hint = "expected a number with its unit, such as 250ms, 30s, 10m, 12h or 30d";
    let span: jiff::Span = text.parse().map_err(|_cause| hint.to_owned())?;
    let days = jiff::SpanRelativeTo::days_are_24_hours();
    let span = span.to_duration(days).map_err(|_cause| hint.to_owned())?;
    Duration::try_from(span).map_err(|_cause| hint.to_owned())
}

/// Reads the name of an enrolment mode, such as dedicated.
pub(super) fn mode(text: &str) -> Result<Mode, String> {
    text.parse().map_err(|_unknown| {
        let names: Vec<&str> = Mode::ALL.into_iter().map(Mode::name).collect();
        format!("there are {}", names.join(", "))
    })
}

/// Reads how devices share sockets: per-device or shared:N.
pub(super) fn sockets(text: &str) -> Result<Sockets, String> {
    let shared = text.strip_prefix("shared:").and_then(|count| count.parse().ok());
    match (text, shared) {
        ("per-device", _) => Ok(Sockets::PerDevice),
        (_, Some(count)) => Ok(Sockets::Shared(count)),
        (_, None) => Err("expected per-device or shared:N with N of at least 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_mode_is_answered_with_those_there_are() {
        assert_eq!(mode("dedicated"), Ok(Mode::AndroidDedicated));
        let refused = mode("kiosk").unwrap_err();
        assert!(refused.contains("automated-device, user-enrollment"), "{refused}");
    }

    #[test]
    fn a_span_needs_its_unit() {
        assert_eq!(span("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(span("30d"), Ok(Duration::from_secs(30 * 86_400)));
        for text in ["10", "", "ten", "-5s"] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
