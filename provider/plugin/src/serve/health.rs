//! The health service: a plugin that answers is healthy.

use std::pin::Pin;

use futures::stream;
use futures::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::proto::health::health_check_response::ServingStatus;
use crate::proto::health::health_server::Health;
use crate::proto::health::{HealthCheckRequest, HealthCheckResponse};

/// The name under which go-plugin's client asks after a plugin.
const PLUGIN: &str = "plugin";

/// Answers for the plugin, and for the server as a whole.
pub(super) struct Healthy {
    /// Ends the streams of watchers.
    pub(super) ended: CancellationToken,
}

/// The status of `service`, or `None` where there is no such service.
fn status(service: &str) -> Option<HealthCheckResponse> {
    (service.is_empty() || service == PLUGIN).then(|| HealthCheckResponse { status: ServingStatus::Serving.into() })
}

#[tonic::async_trait]
impl Health for Healthy {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        status(&request.get_ref().service).map(Response::new).ok_or_else(|| Status::not_found("no such service"))
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let unknown = HealthCheckResponse { status: ServingStatus::ServiceUnknown.into() };
        let first = status(&request.get_ref().service).unwrap_or(unknown);
        let later = stream::pending().take_until(self.ended.clone().cancelled_owned());
        Ok(Response::new(Box::pin(stream::iter([Ok(first)]).chain(later))))
    }
}
