//! What go-plugin's client expects beside the provider: a broker, a standard output and a way to say goodbye.

use std::pin::Pin;

use futures::stream;
use futures::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::proto::goplugin::grpc_broker_server::GrpcBroker;
use crate::proto::goplugin::grpc_controller_server::GrpcController;
use crate::proto::goplugin::grpc_stdio_server::GrpcStdio;
use crate::proto::goplugin::{ConnInfo, Empty, StdioData};

/// A stream of answers.
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// A stream without items that ends with the server.
fn silence<T: Send + 'static>(ended: &CancellationToken) -> Answers<T> {
    Box::pin(stream::pending().take_until(ended.clone().cancelled_owned()))
}

/// Negotiates further connections between the two processes, of which Terraform's protocol has none: it stays idle, and
/// what the client announces is read and dropped.
pub(super) struct Broker {
    pub(super) ended: CancellationToken,
}

#[tonic::async_trait]
impl GrpcBroker for Broker {
    type StartStreamStream = Answers<ConnInfo>;

    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        let ended = self.ended.clone().cancelled_owned();
        let dropped = request.into_inner().filter_map(|announced| async move { announced.err().map(Err) });
        Ok(Response::new(Box::pin(dropped.take_until(ended))))
    }
}

/// Carries what the plugin prints. This one prints nothing: its logs go to standard error, which the client reads as it
/// is, and standard output is closed to all after the handshake line.
pub(super) struct Stdio {
    pub(super) ended: CancellationToken,
}

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    type StreamStdioStream = Answers<StdioData>;

    async fn stream_stdio(&self, _request: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(silence(&self.ended)))
    }
}

/// Takes the client's goodbye.
pub(super) struct Controller {
    /// Cancelled when the client asks the process to end.
    pub(super) goodbye: CancellationToken,
}

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.goodbye.cancel();
        Ok(Response::new(Empty {}))
    }
}
