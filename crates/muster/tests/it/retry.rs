//! A server that is told to answer connects with a Retry packet.

use crate::process::{Place, until};

#[tokio::test]
async fn devices_enrol_and_connect_at_a_server_that_answers_with_a_retry_first() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = place.server_with(&["--retry"]);
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let _fleet = place.fleet(&["--devices", "3"]);
    until("three devices are connected", async || place.connected() == 3).await;
}
