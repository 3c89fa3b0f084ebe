//! A disk that is slow or full, as the command line wants it.

use muster_store::DiskFaults;
use tokio::time::sleep;

use crate::cli::ServerArgs;
use crate::talk::say;

/// Has the disk ail from now on as is wanted. Does not end.
pub(super) async fn ail(disk: DiskFaults, args: &ServerArgs) {
    if let Some(by) = args.slow_disk {
        disk.slow(by);
        say(&format!("every flush of the disk takes {by:?} longer"));
    }
    if let Some(span) = args.disk_full {
        disk.fill();
        say(&format!("the disk is full for {span:?}"));
        sleep(span).await;
        disk.make_room();
        say("there is room on the disk again");
    }
    std::future::pending().await
}
