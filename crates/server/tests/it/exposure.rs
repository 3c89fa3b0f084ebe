//! Whom a server listens to, and who may read its files.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use muster_server::{DataDirError, Exposure, Server, ServerError};

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
