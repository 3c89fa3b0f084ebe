//! Files that appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::digest::random;

/// Permission bits of a private key: its owner's alone.
pub(crate) const SECRET_MODE: u32 = 0o600;

/// Permission bits of a certificate.
pub(crate) const PUBLIC_MODE: u32 = 0o644;

/// Writes `text` to a new file at `path`.
///
/// The bytes go to a file beside it that is created with `mode`, so a secret is never readable
/// in between; a link then gives it its name. A link, unlike a rename, never replaces a file that
/// another process made meanwhile: that is an error of kind `AlreadyExists`.
pub(crate) fn publish(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let draft = path.with_extension(format!("draft-{:016x}", u64::from_be_bytes(random())));
    let published = write_draft(&draft, text, mode).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    published.and(removed)
}

/// Whether others than the owner may read the file.
pub(crate) fn is_exposed(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.mode() & 0o077 != 0)
}

fn write_draft(draft: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(mode).open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishing_never_replaces_a_file_and_leaves_no_draft() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pem");
        publish(&path, "first", SECRET_MODE).unwrap();
        let refused = publish(&path, "second", SECRET_MODE).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
