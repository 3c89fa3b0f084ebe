//! How a fleet's devices stand, counted: locked, and gone from management.

use muster_device::UserAction;
use muster_protocol::{AppleRequest, Request};

use crate::power::iphone;
use crate::server::TestServer;
use crate::world::{config, plans, start, until};

#[tokio::test]
async fn a_device_in_lost_mode_counts_as_locked() {
    let server = TestServer::start();
    let message = Some("call me".to_owned());
    let request = AppleRequest::EnableLostMode { message, phone_number: None, footnote: None };
    server.ask(1, 1, Request::Apple(request));
    let fleet = start(config(&server, vec![iphone()])).await;
    let progress = until(&fleet, "locked", |progress| progress.locked == 1).await;
    assert_eq!((progress.enrolled, progress.left), (1, 0));
    fleet.stop().await;
}

#[tokio::test]
async fn an_erased_device_has_left_until_it_enrols_again() {
    let server = TestServer::start();
    let fleet = start(config(&server, plans(2))).await;
    until(&fleet, "both connected", |progress| progress.connected == 2).await;
    fleet.go_offline(0).await.unwrap();
    fleet.user(0, UserAction::EraseAllContent).await.unwrap();
    let progress = until(&fleet, "gone", |progress| progress.left == 1).await;
    assert_eq!(progress.enrolled, 1);
    fleet.go_online(0).await.unwrap();
    until(&fleet, "back", |progress| progress.left == 0 && progress.enrolled == 2).await;
    fleet.stop().await;
}
