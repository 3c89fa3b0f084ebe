//! The command line of a worker.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use muster_agent::BlackBox;
use muster_scenario::TimeScale;

use crate::cli::LoadArgs;
use crate::load::order::Order;

/// A second in microseconds, which a factor is a number of millionths of.
const SECOND: Duration = Duration::from_secs(1);

/// What all workers of a run have in common.
pub(super) struct Common<'a> {
    pub(super) args: &'a LoadArgs,
    pub(super) order: &'a Order,
    /// The data folder of the run's own server.
    pub(super) data: Option<&'a Path>,
    /// Where they write down what they find.
    pub(super) out: Option<&'a Path>,
    pub(super) fleet_threads: usize,
}

impl Common<'_> {
    /// The arguments of the worker with this index, from 0, of so many.
    pub(super) fn of(&self, index: u32, of: u32) -> Vec<OsString> {
        let args = self.args;
        let mut line = Line::default();
        line.word("load").word(&args.scenario).word("--is-worker");
        line.pair("--shard", format!("{}/{of}", index + 1));
        line.pair("--seed", self.order.seed.to_string());
        line.pair("--time-scale", factor(args.time_scale));
        line.pair("--fleet-threads", self.fleet_threads.to_string());
        line.maybe("--devices", args.devices.map(|devices| devices.to_string()));
        line.maybe("--sockets", args.sockets.map(|sockets| sockets.to_string()));
        line.pair("--black-box", black_box(args.black_box));
        for change in &args.set {
            line.pair("--set", change);
        }
        line.maybe("--out", self.out.map(|out| out.join((index + 1).to_string())));
        self.target(&mut line);
        line.0
    }

    fn target(&self, line: &mut Line) {
        let target = &self.args.target;
        line.maybe("--data", self.data.or(target.data.as_deref()));
        line.maybe("--server", target.server.as_ref());
        line.maybe("--ca", target.ca.as_ref());
        line.maybe("--token-file", target.token_file.as_ref());
        line.maybe("--admin", target.admin.as_ref());
        line.maybe("--admin-token-file", target.admin_token_file.as_ref());
        line.maybe("--server-metrics", target.server_metrics.as_ref());
        if target.i_own_this_target {
            line.word("--i-own-this-target");
        }
    }
}

/// A command line that grows.
#[derive(Default)]
struct Line(Vec<OsString>);

impl Line {
    fn word(&mut self, word: impl Into<OsString>) -> &mut Self {
        self.0.push(word.into());
        self
    }

    fn pair(&mut self, flag: &str, value: impl Into<OsString>) {
        self.word(flag).word(value);
    }

    fn maybe(&mut self, flag: &str, value: Option<impl Into<OsString>>) {
        if let Some(value) = value {
            self.pair(flag, value);
        }
    }
}

fn black_box(keeps: BlackBox) -> String {
    match keeps {
        BlackBox::Off => "off".to_owned(),
        BlackBox::Last(inputs) => inputs.to_string(),
    }
}

/// A scale as the command line spells it.
fn factor(scale: TimeScale) -> String {
    let millionths = scale.of(SECOND).as_micros();
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_spelled_as_it_is_read() {
        for text in ["1", "0.001", "1000", "0.333333", "2.5"] {
            let scale = TimeScale::parse(text).unwrap();
            assert_eq!(TimeScale::parse(&factor(scale)), Ok(scale), "{text}");
        }
    }
}
