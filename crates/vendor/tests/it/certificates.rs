//! Who is let in.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use muster_vendor::{VendorConfig, VendorError, VendorFace};

use crate::push::Post;
use crate::world::{Books, OURS, World, config, customer};

fn status_of(world: &World) -> String {
    world.url(&format!("/v1/orgDevices/{OURS}/activationLockStatus"))
}

#[tokio::test]
async fn a_customer_without_a_certificate_is_refused() {
    let world = World::new();
    let stranger = customer(world.folder.path(), None);
    assert!(stranger.get(status_of(&world)).send().await.is_err());
    assert!(world.customer.get(status_of(&world)).send().await.is_ok());
}

#[tokio::test]
async fn the_certificate_of_another_vendor_is_refused() {
    let (world, other) = (World::new(), World::new());
    let stranger = customer(world.folder.path(), Some(other.folder.path()));
    assert!(stranger.get(status_of(&world)).send().await.is_err());
    assert!(other.customer.get(status_of(&other)).send().await.is_ok());
}

#[tokio::test]
async fn the_certificate_is_still_good_after_a_restart() {
    let world = World::new();
    let early = world.customer.clone();
    let World { face, folder, .. } = world;
    face.stop().await;
    let world = World::on(folder);
    assert_eq!(early.get(status_of(&world)).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_folder_says_where_the_service_listens_and_keeps_its_keys_private() {
    let world = World::new();
    let text = fs::read_to_string(world.folder.path().join("endpoint.json")).unwrap();
    assert_eq!(text, format!("{{\"address\":\"{}\"}}", world.face.address()));
    for key in ["ca-key.pem", "push-key.pem", "endpoint.json"] {
        let mode = fs::metadata(world.folder.path().join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{key}");
    }
}

#[tokio::test]
async fn nobody_else_may_reach_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let config = VendorConfig { address: "0.0.0.0:0".parse().unwrap(), ..config(folder.path()) };
    let refused = VendorFace::start(&config, Books::default(), Post::default());
    assert!(matches!(refused, Err(VendorError::Exposed(_))));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
