//! What can be told: a name, what kind of number it is, what it means.

/// A family of numbers, declared once and told at every scrape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name without what the format appends: `muster_server_frame_bytes`, ending with its unit
    /// if it has one.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: Kind,
    /// One sentence without a full stop.
    pub help: &'static str,
    /// What its samples are told apart by; each has few values, known beforehand.
    pub labels: &'static [&'static str],
}

/// A kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from zero at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many were at most as large as each bound, since the start of the process.
    Histogram,
}

impl Metric {
    /// A number that only grows.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Counter, help, labels: &[] }
    }

    /// A number that goes up and down.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Gauge, help, labels: &[] }
    }

    /// How large many things were.
    #[must_use]
    pub const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Histogram, help, labels: &[] }
    }

    /// The same, told apart by these labels.
    #[must_use]
    pub const fn by(self, labels: &'static [&'static str]) -> Self {
        Self { labels, ..self }
    }
}
