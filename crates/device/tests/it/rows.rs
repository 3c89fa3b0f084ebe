//! Where the decision tables stand.

use serde::de::DeserializeOwned;

/// Reads a table of `fixtures/behaviour/`, as the test runs: a changed row needs no new build.
pub(crate) fn read<T: DeserializeOwned>(table: &str) -> T {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/behaviour");
    let text = std::fs::read_to_string(format!("{folder}/{table}.toml")).expect("the table");
    toml::from_str(&text).expect("a table of rows")
}

/// The steps of a row that came to something else than what stands behind their `=>`.
pub(crate) fn differences(
    id: &str,
    steps: &[String],
    mut play: impl FnMut(&str) -> String,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for step in steps {
        let (step, wanted) =
            step.split_once(" => ").map_or((step.as_str(), None), |(step, it)| (step, Some(it)));
        let found = play(step);
        match wanted {
            Some(wanted) if wanted != found => {
                wrong.push(format!("{id}: {step}: wanted {wanted}, found {found}"));
            }
            Some(_) | None => {}
        }
    }
    wrong
}
