//! Whom a server listens to, and who may read its files.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use muster_server::{DataDirError, Exposure, Server, ServerConfig, ServerError};
use reqwest::{Certificate, Client};
use serde_json::Value;

use crate::device::Site;
use crate::world::{World, config, iphone, within};

const EVERYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn an_address_others_can_reach_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let local = config(&data);
    let mut exposed_quic = local.clone();
    exposed_quic.quic = EVERYWHERE;
    let mut exposed_admin = local;
    exposed_admin.admin = EVERYWHERE;
    for exposed in [exposed_quic, exposed_admin] {
        match Server::start(exposed).await {
            Err(ServerError::Exposed(address)) => assert_eq!(address, EVERYWHERE),
            other => panic!("{other:?}"),
        }
        assert!(!data.exists());
    }
}

#[tokio::test]
async fn an_address_others_can_reach_is_taken_if_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let mut wanted = config(&folder.path().join("data"));
    wanted.quic = EVERYWHERE;
    wanted.exposure = Exposure::Anywhere;
    let server = Server::start(wanted).await.unwrap();
    assert_eq!(server.endpoints().quic.ip(), EVERYWHERE.ip());
    within(server.stop()).await;
}

/// A server on `world`'s folder that is reached by another name, too.
async fn named(world: World, name: &str) -> World {
    within(world.server.stop()).await;
    let usual = config(&world.folder.path().join("data"));
    let names = vec![name.parse().unwrap()];
    World::started(world.folder, ServerConfig { names, ..usual }).await
}

/// The link to the next page of a list asked for by `host`, if TLS takes the server for it.
async fn next_page(world: &World, host: &str) -> Option<String> {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let data = world.server.data();
    let ca = Certificate::from_pem(&std::fs::read(data.ca_certificate()).unwrap()).unwrap();
    let admin = world.server.endpoints().admin;
    let client = Client::builder().tls_certs_only([ca]).resolve(host, admin).build().unwrap();
    let port = admin.port();
    let url = format!("https://{host}:{port}/v1.0/deviceManagement/managedDevices?$top=1");
    let token = std::fs::read_to_string(data.admin_token()).unwrap();
    let answer = within(client.get(url).bearer_auth(token.trim()).send()).await.ok()?;
    let list: Value = within(answer.json()).await.unwrap();
    Some(list["@odata.nextLink"].as_str().unwrap().to_owned())
}

/// Whether a device takes the server for the one of this name.
async fn devices_find(world: &World, name: &str) -> bool {
    let Site { quic, tls, .. } = &world.site;
    let (endpoint, _buffers) = muster_transport::client_endpoint(*quic).unwrap();
    let connecting = endpoint.connect_with(tls.enrolment(), *quic, name).unwrap();
    within(connecting).await.is_ok()
}

#[tokio::test]
async fn a_server_is_found_by_the_names_it_is_given_and_by_no_others() {
    let world = World::new().await;
    for _device in 0..2 {
        world.enrol(iphone()).await;
    }
    for name in ["mdm.example", "192.0.2.7"] {
        assert!(!devices_find(&world, name).await, "{name}");
    }
    assert_eq!(next_page(&world, "mdm.example").await, None);

    let world = named(world, "mdm.example").await;
    let next = next_page(&world, "mdm.example").await.unwrap();
    let port = world.server.endpoints().admin.port();
    assert!(next.starts_with(&format!("https://mdm.example:{port}/")), "{next}");
    assert!(next_page(&world, "localhost").await.is_some());
    for (name, known) in [("mdm.example", true), ("127.0.0.1", true), ("192.0.2.7", false)] {
        assert_eq!(devices_find(&world, name).await, known, "{name}");
    }

    let world = named(world, "192.0.2.7").await;
    assert!(devices_find(&world, "192.0.2.7").await);
    assert_eq!(next_page(&world, "mdm.example").await, None, "it was for the last start only");
}

#[tokio::test]
async fn the_address_a_server_listens_on_is_one_of_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut elsewhere = config(&folder.path().join("data"));
    elsewhere.quic = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), 0));
    let world = World::started(folder, elsewhere).await;
    assert!(devices_find(&world, "127.0.0.2").await);
}

#[tokio::test]
async fn a_second_server_is_kept_out_of_the_data_folder_until_the_first_has_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(config(folder.path())).await.unwrap();
    let listens = first.data().read_endpoints().unwrap();
    match Server::start(config(folder.path())).await {
        Err(ServerError::DataDir(DataDirError::InUse { root })) => assert_eq!(root, folder.path()),
        other => panic!("{other:?}"),
    }
    assert_eq!(first.data().read_endpoints().unwrap(), listens);
    within(first.stop()).await;
    within(Server::start(config(folder.path())).await.unwrap().stop()).await;
}

#[tokio::test]
async fn nobody_but_its_owner_reads_the_data_folder() {
    let world = World::new().await;
    world.enrol(iphone()).await;
    let root = world.server.data().root();
    assert_eq!(mode(root), 0o700);
    assert_eq!(mode(&root.join("enrolment-tokens")), 0o700);
    let secret = [
        "admin-token",
        "lock",
        "sign-ins.json",
        "muster.db",
        "muster.db-wal",
        "ca-key.pem",
        "enrolment-tokens/default",
        "enrolment-tokens/no-policy",
    ];
    for file in secret {
        assert_eq!(mode(&root.join(file)), 0o600, "{file}");
    }
}
