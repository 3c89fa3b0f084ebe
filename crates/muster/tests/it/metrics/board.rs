//! Reads a Grafana board.

use serde_json::Value;

/// What all panels ask for.
pub(super) fn expressions(text: &str) -> Vec<String> {
    let board: Value = serde_json::from_str(text).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}
