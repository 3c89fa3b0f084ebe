//! Clients whose hosts are written into them, through the proxy.

use std::error::Error as _;
use std::net::{Ipv4Addr, SocketAddr};

use muster_server::ServerConfig;
use reqwest::{Certificate, Client, Proxy, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{World, config, iphone, within};

async fn world() -> World {
    let run = tempfile::tempdir().unwrap();
    let intercept = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let config = ServerConfig { intercept, ..config(&run.path().join("data")) };
    World::started(run, config).await
}

/// A client that only knows its proxy and the CA, as `muster trust` says them.
fn client(world: &World) -> Client {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let ca = std::fs::read(world.server.data().ca_certificate()).unwrap();
    let proxy = world.server.endpoints().intercept.unwrap();
    Client::builder()
        .tls_certs_only([Certificate::from_pem(&ca).unwrap()])
        .proxy(Proxy::https(format!("http://{proxy}")).unwrap())
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_request_for_graph_is_answered_by_this_server() {
    let world = world().await;
    let enrolled = world.enrol(iphone()).await;
    let token = std::fs::read_to_string(world.server.data().admin_token()).unwrap();
    let url = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices";
    let asked = client(&world).get(url).bearer_auth(token.trim());
    let answer = within(asked.send()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let list: Value = within(answer.json()).await.unwrap();
    assert_eq!(list["value"][0]["id"], enrolled.id.to_string());
    let context = list["@odata.context"].as_str().unwrap();
    assert!(context.starts_with("https://graph.microsoft.com/v1.0/"), "{context}");
}

#[tokio::test]
async fn a_token_is_made_where_scripts_have_them_made() {
    let world = world().await;
    let login = "https://login.microsoftonline.com/6d757374-6572-4000-8000-000000000001";
    let metadata = client(&world).get(format!("{login}/v2.0/.well-known/openid-configuration"));
    let metadata: Value = within(within(metadata.send()).await.unwrap().json()).await.unwrap();
    let endpoint = metadata["token_endpoint"].as_str().unwrap();
    assert_eq!(endpoint, format!("{login}/oauth2/v2.0/token"));
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "6d757374-6572-4003-8000-000000000002"),
        ("client_secret", "muster-reporting-developer-secret"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let answer = within(client(&world).post(endpoint).form(&form).send()).await.unwrap();
    let token: Value = within(answer.json()).await.unwrap();
    let url = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices";
    let asked = client(&world).get(url).bearer_auth(token["access_token"].as_str().unwrap());
    assert_eq!(within(asked.send()).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn no_other_host_is_reached_through_the_proxy() {
    let world = world().await;
    let admin = world.server.endpoints().admin;
    for url in ["https://graph.example/", &format!("https://{admin}/v1.0/")] {
        let refused = within(client(&world).get(url).send()).await.unwrap_err();
        assert!(refused.is_connect(), "{refused:?}");
        assert!(causes(&refused).contains("unsuccessful"), "{refused:?}");
    }
}

#[tokio::test]
async fn a_client_of_the_proxy_that_talks_nonsense_is_told_so_and_harms_nobody() {
    let world = world().await;
    let proxy = world.server.endpoints().intercept.unwrap();
    for (said, answer) in [
        (&b"GET http://graph.microsoft.com/ HTTP/1.1\r\nhost: x\r\n\r\n"[..], "HTTP/1.1 403"),
        (b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n", "HTTP/1.1 403"),
        (b"\x16\x03\x01\x00\x00nonsense\r\n\r\n", "HTTP/1.1 400"),
    ] {
        let mut stream = TcpStream::connect(proxy).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut head = [0; 12];
        within(stream.read_exact(&mut head)).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&head), answer);
    }
    a_request_for_graph_is_answered(&world).await;
}

async fn a_request_for_graph_is_answered(world: &World) {
    let url = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices";
    let answer = within(client(world).get(url).send()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_a_proxy_the_certificate_speaks_for_loopback_only() {
    let world = World::new().await;
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let ca = std::fs::read(world.server.data().ca_certificate()).unwrap();
    let admin = world.server.endpoints().admin;
    let client = Client::builder()
        .tls_certs_only([Certificate::from_pem(&ca).unwrap()])
        .resolve("graph.microsoft.com", admin)
        .build()
        .unwrap();
    let url = format!("https://graph.microsoft.com:{}/v1.0/", admin.port());
    let refused = within(client.get(url).send()).await.unwrap_err();
    assert!(causes(&refused).contains("certificate"), "{refused:?}");
}

fn causes(error: &reqwest::Error) -> String {
    let (mut told, mut cause) = (String::new(), error.source());
    while let Some(error) = cause {
        told.push_str(&format!("{error}; "));
        cause = error.source();
    }
    told
}
