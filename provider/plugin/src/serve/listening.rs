//! Connections: from the bound socket to the last answer.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use rustls_pki_types::CertificateDer;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::Request;
use tonic::service::Routes;

use super::companions::{Broker, Controller, Stdio};
use super::handshake::Handshake;
use super::health::Healthy;
use super::socket::{Address, Listener, SocketError, Stream, Transport};
use super::tls::{Identity, TlsError};
use crate::proto::goplugin::grpc_broker_server::GrpcBrokerServer;
use crate::proto::goplugin::grpc_controller_server::GrpcControllerServer;
use crate::proto::goplugin::grpc_stdio_server::GrpcStdioServer;
use crate::proto::health::health_server::HealthServer;
use crate::proto::tfplugin5::provider_server::{Provider, ProviderServer};
use crate::proto::tfplugin5::stop;

/// Bytes of one message, either way: a whole schema or state is one message, and gRPC's usual 4 MiB are too few.
const MESSAGE_LIMIT: usize = 256 << 20;
/// What a client may take for its TLS handshake; a connection that says nothing is not kept.
const TLS_LIMIT: Duration = Duration::from_secs(10);
/// What running calls get to end after the client's goodbye, which it follows with a kill after two seconds.
const GOODBYE_GRACE: Duration = Duration::from_secs(1);
/// What running calls get after a signal: half-done work should still be reported to the client.
const TERMINATED_GRACE: Duration = Duration::from_secs(10);
/// The pause after a connection could not be taken, as when there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// There is no socket.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A socket that a client may connect to already; its connections wait until [`Listening::serve`].
pub struct Listening {
    listener: Listener,
    address: Address,
    identity: Option<Identity>,
    line: String,
}

impl Listening {
    /// Listens as `handshake` wishes: with mutual TLS where it brings a certificate. Must run inside a tokio runtime.
    pub async fn bind(transport: Transport, handshake: Handshake) -> Result<Self, ListenError> {
        let listener = Listener::bind(transport, &handshake).await?;
        let address = listener.address()?;
        let identity = handshake.client_certificate.clone().map(Identity::new).transpose()?;
        let line = handshake.line(&address, identity.as_ref().map(|identity| &identity.certificate));
        Ok(Self { listener, address, identity, line })
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The handshake's answer, without a line end.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Our certificate; `None` where connections are plain.
    pub fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.identity.as_ref().map(|identity| &identity.certificate)
    }

    /// Serves `service` until the client says goodbye or `terminated` is cancelled. Then running work is told to stop,
    /// and what does not end within the grace (1 s after a goodbye, 10 s otherwise) is dropped. A Unix socket's file is
    /// gone when this returns.
    pub async fn serve<S: Provider>(self, service: S, terminated: CancellationToken) {
        let Self { listener, identity, .. } = self;
        let service = Arc::new(service);
        let ended = terminated.child_token();
        let routes = routes(Arc::clone(&service), &ended);
        let acceptor = identity.map(|identity| TlsAcceptor::from(identity.config));
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = ended.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok(stream) => {
                    connections.spawn(serve_one(stream, acceptor.clone(), routes.clone(), ended.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        connections.close();
        let grace = if terminated.is_cancelled() { TERMINATED_GRACE } else { GOODBYE_GRACE };
        let end = async {
            // Its answer is for a client; what counts here is that running work hears of the end.
            let _ = service.stop(Request::new(stop::Request {})).await;
            connections.wait().await;
        };
        if timeout(grace, end).await.is_err() {
            tracing::warn!("calls were still running at the end and are dropped");
        }
    }
}

/// All services of one process.
fn routes<S: Provider>(service: Arc<S>, ended: &CancellationToken) -> Routes {
    let provider = ProviderServer::from_arc(service)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    Routes::new(provider)
        .add_service(HealthServer::new(Healthy { ended: ended.clone() }))
        .add_service(GrpcBrokerServer::new(Broker { ended: ended.clone() }))
        .add_service(GrpcStdioServer::new(Stdio { ended: ended.clone() }))
        .add_service(GrpcControllerServer::new(Controller { goodbye: ended.clone() }))
        .prepare()
}

/// Serves one connection to its end.
async fn serve_one(stream: Box<dyn Stream>, acceptor: Option<TlsAcceptor>, routes: Routes, ended: CancellationToken) {
    let stream = match acceptor {
        None => stream,
        Some(acceptor) => match timeout(TLS_LIMIT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Box::new(stream),
            Ok(Err(error)) => return tracing::warn!(%error, "a client without our TLS was turned away"),
            Err(_) => return tracing::warn!("a client that did not finish its TLS handshake was turned away"),
        },
    };
    let connection = http2::Builder::new(TokioExecutor::new())
        // Terraform's own parallelism is the limit.
        .max_concurrent_streams(u32::MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = ended.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::trace!(%error, "a connection ended");
    }
}
