//! Export jobs, from the request to the archive.

use std::io::{Cursor, Read as _};

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use muster_admin::AdminOptions;
use muster_protocol::Mode;
use serde_json::Value;
use tokio::task::yield_now;
use tower::ServiceExt as _;
use zip::ZipArchive;

use crate::fake::{Client, Fake, TOKEN, record};

const JOBS: &str = "/beta/deviceManagement/reports/exportJobs";

fn client() -> Client {
    let records = [record(1, Mode::AppleDevice), record(2, Mode::AndroidFullyManaged)];
    Client::new(&Fake::new(records), AdminOptions::default())
}

async fn ask(client: &Client, method: &str, target: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Body::from(body.to_owned()));
    let answer = client.call(request.expect("a request")).await;
    (answer.status, answer.json())
}

/// The job of this body once it is over.
async fn exported(client: &Client, body: &str) -> Value {
    let (status, made) = ask(client, "POST", JOBS, body).await;
    assert_eq!((status, &made["status"]), (StatusCode::CREATED, &"notStarted".into()), "{made}");
    assert_eq!(made["url"], Value::Null);
    let place = format!("{JOBS}('{}')", made["id"].as_str().expect("an id"));
    for _ in 0..100 {
        let (_, job) = ask(client, "GET", &place, "").await;
        if !["notStarted", "inProgress"].contains(&job["status"].as_str().expect("a status")) {
            return job;
        }
        yield_now().await;
    }
    panic!("the job does not end");
}

/// What a link leads to, without any token.
async fn fetched(client: &Client, url: &str) -> Response<Body> {
    let path = url.strip_prefix("https://127.0.0.1:8443").expect("a link to this server");
    let request = Request::get(path).body(Body::empty()).expect("a request");
    client.router().oneshot(request).await.expect("an answer")
}

/// The one file of the archive of a job: its name and its text.
async fn file(client: &Client, job: &Value) -> (String, String) {
    let response = fetched(client, job["url"].as_str().expect("a link")).await;
    assert_eq!(response.headers()["content-type"], "application/zip");
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    assert_eq!(archive.len(), 1);
    let mut file = archive.by_index(0).expect("a file");
    let mut text = String::new();
    file.read_to_string(&mut text).expect("text");
    (file.name().expect("a name").into_owned(), text)
}

#[tokio::test]
async fn an_export_ends_with_an_archive_that_has_a_row_for_each_device() {
    let client = client();
    let job = exported(&client, r#"{"reportName":"Devices","select":["DeviceName","OS"]}"#).await;
    assert_eq!(job["status"], "completed");
    let (name, text) = file(&client, &job).await;
    assert_eq!(name, format!("{}.csv", job["id"].as_str().expect("an id")));
    assert_eq!(text, "DeviceName,OS\r\nF17-1,iOS\r\nF17-2,Android\r\n");
}

#[tokio::test]
async fn an_export_takes_the_rows_its_filter_admits() {
    let client = client();
    let body = r#"{"reportName":"DeviceCompliance","filter":"(OS eq 'Android')",
                   "select":["SerialNumber","OwnerType"],"format":"json"}"#;
    let (name, text) = file(&client, &exported(&client, body).await).await;
    assert!(name.ends_with(".json"), "{name}");
    let rows: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(rows["values"][0]["SerialNumber"], "F17-2");
    assert_eq!(rows["values"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn every_report_can_be_exported_whole() {
    let client = client();
    for report in ["Devices", "DevicesWithInventory", "DeviceCompliance"] {
        let job = exported(&client, &format!("{{\"reportName\":\"{report}\"}}")).await;
        let (_, text) = file(&client, &job).await;
        assert_eq!(text.lines().count(), 3, "{text}");
    }
    let (_, jobs) = ask(&client, "GET", JOBS, "").await;
    assert_eq!(jobs["value"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_link_opens_with_its_own_secret_only() {
    let client = client();
    let job = exported(&client, r#"{"reportName":"Devices"}"#).await;
    let url = job["url"].as_str().expect("a link");
    assert_eq!(fetched(&client, url).await.status(), StatusCode::OK);
    assert_eq!(fetched(&client, &format!("{url}0")).await.status(), StatusCode::NOT_FOUND);
    let (base, _) = url.rsplit_once('/').expect("a secret");
    assert_eq!(fetched(&client, &format!("{base}/")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_new_job_takes_the_place_of_the_oldest() {
    let client = client();
    let first = exported(&client, r#"{"reportName":"Devices"}"#).await;
    for _ in 0..16 {
        exported(&client, r#"{"reportName":"Devices","select":["DeviceId"]}"#).await;
    }
    let place = format!("{JOBS}/{}", first["id"].as_str().expect("an id"));
    assert_eq!(ask(&client, "GET", &place, "").await.0, StatusCode::NOT_FOUND);
    let gone = fetched(&client, first["url"].as_str().expect("a link")).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_no_report_column_format_or_filter_is_refused() {
    let client = client();
    for (body, reason) in [
        ("{}", "reportName"),
        (r#"{"reportName":"Apps"}"#, "reportName"),
        (r#"{"reportName":"Devices","select":["Colour"]}"#, "select"),
        (r#"{"reportName":"Devices","select":"DeviceId"}"#, "select"),
        (r#"{"reportName":"Devices","format":"pdf"}"#, "csv or json"),
        (r#"{"reportName":"Devices","filter":"Colour eq 'red'"}"#, "filter"),
        (r#"{"reportName":"Devices","localizationType":"x"}"#, "localizationType"),
    ] {
        let (status, answer) = ask(&client, "POST", JOBS, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        let said = answer["error"]["innerError"]["x-muster-reason"].as_str().expect("a reason");
        assert!(said.contains(reason), "{body}: {said}");
    }
    let (_, jobs) = ask(&client, "GET", JOBS, "").await;
    assert_eq!(jobs["value"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn an_export_leaves_an_entry_in_the_audit_log() {
    let client = client();
    exported(&client, r#"{"reportName":"Devices"}"#).await;
    let (_, log) = ask(&client, "GET", "/v1.0/deviceManagement/auditEvents", "").await;
    assert_eq!(log["value"][0]["activity"], "Create DeviceManagementExportJob");
    assert_eq!(log["value"][0]["resources"][0]["displayName"], "Devices");
}
