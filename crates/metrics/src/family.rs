//! What a source tells at one moment.

use crate::distribution::Distribution;
use crate::metric::Metric;

/// A metric with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Which.
    pub metric: Metric,
    /// Its numbers; none if there is nothing to tell yet.
    pub samples: Vec<Sample>,
}

/// One number of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The values of the metric's labels, in their order.
    pub labels: Vec<String>,
    /// The number.
    pub value: Value,
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A count.
    Whole(u64),
    /// A measure.
    Real(f64),
    /// How long many things took.
    Spans(Box<Distribution>),
}

impl Metric {
    /// The metric with its only number.
    #[must_use]
    pub fn is(self, value: impl Into<Value>) -> Family {
        let sample = Sample { labels: Vec::new(), value: value.into() };
        Family { metric: self, samples: vec![sample] }
    }

    /// The metric with a number for each value of its only label.
    #[must_use]
    pub fn each<L: Into<String>, V: Into<Value>>(
        self,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> Family {
        self.every(values.into_iter().map(|(label, value)| ([label], value)))
    }

    /// The metric with a number for each set of values of its labels.
    #[must_use]
    pub fn every<L: Into<String>, V: Into<Value>, const N: usize>(
        self,
        values: impl IntoIterator<Item = ([L; N], V)>,
    ) -> Family {
        let samples = values.into_iter().map(|(labels, value)| Sample {
            labels: labels.into_iter().map(Into::into).collect(),
            value: value.into(),
        });
        Family { metric: self, samples: samples.collect() }
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Whole(count)
    }
}

impl From<f64> for Value {
    fn from(measure: f64) -> Self {
        Self::Real(measure)
    }
}

impl From<Distribution> for Value {
    fn from(spans: Distribution) -> Self {
        Self::Spans(Box::new(spans))
    }
}
