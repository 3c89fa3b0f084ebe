//! The page of metrics that a verb serves if it is told where.

use std::net::SocketAddr;

use muster_metrics::{MetricsError, MetricsFace, ProcessSource, Reach, Source};

use crate::exit::usage_error;

/// Serves what `sources` and this process count, if there is an address for it, until the returned
/// face is dropped.
pub(crate) async fn serve(
    address: Option<SocketAddr>,
    reach: Reach,
    sources: Vec<Box<dyn Source>>,
) -> anyhow::Result<Option<MetricsFace>> {
    let Some(address) = address else { return Ok(None) };
    let process: Box<dyn Source> = Box::new(ProcessSource);
    let sources = sources.into_iter().chain([process]).collect();
    match MetricsFace::start(address, reach, sources).await {
        Ok(face) => Ok(Some(face)),
        Err(exposed @ MetricsError::Exposed(_)) => Err(usage_error(exposed.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Where the page is.
pub(crate) fn url(face: &MetricsFace) -> String {
    format!("http://{}/metrics", face.address())
}
