//! What QUIC does on a probe's connections, as qlog, where `QLOGDIR` says.
//!
//! Source: draft-ietf-quic-qlog-main-schema; the variable is that of the QUIC interop runner.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use quinn::{QlogConfig, QlogStream, TransportConfig};
use tracing::warn;

/// Which connection of this process comes next.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Has the next connection write a file of its own, if `QLOGDIR` names a folder; `side` is ours.
pub(super) fn record(transport: &mut TransportConfig, side: &str) {
    if let Some(folder) = std::env::var_os("QLOGDIR") {
        transport.qlog_stream(stream(Path::new(&folder), side));
    }
}

fn stream(folder: &Path, side: &str) -> Option<QlogStream> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("{number:06}-{side}.sqlog"));
    let file = File::create(&path)
        .inspect_err(|error| warn!(%error, path = %path.display(), "no qlog of this connection"));
    let mut config = QlogConfig::default();
    config.writer(Box::new(file.ok()?)).title(Some(format!("muster conform, {side}")));
    config.into_stream()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_connection_has_a_file_of_its_own_that_begins_with_a_header() {
        let folder = tempfile::tempdir().unwrap();
        for _connection in 0..2 {
            assert!(stream(folder.path(), "client").is_some());
        }
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), 2);
        for file in files {
            let text = std::fs::read_to_string(file.path()).unwrap();
            assert!(text.contains("qlog_version"), "{text}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_costs_the_log_and_nothing_else() {
        assert!(stream(Path::new("/nowhere/at/all"), "client").is_none());
    }
}
