//! The transport inside one process: who gets in, what is answered, and how it ends.

mod support;

use std::future::Future;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use homelab_plugin::proto::goplugin::grpc_broker_client::GrpcBrokerClient;
use homelab_plugin::proto::goplugin::grpc_controller_client::GrpcControllerClient;
use homelab_plugin::proto::goplugin::grpc_stdio_client::GrpcStdioClient;
use homelab_plugin::proto::goplugin::{ConnInfo, Empty};
use homelab_plugin::proto::health::HealthCheckRequest;
use homelab_plugin::proto::health::health_check_response::ServingStatus;
use homelab_plugin::proto::health::health_client::HealthClient;
use homelab_plugin::proto::tfplugin5::provider_client::ProviderClient;
use homelab_plugin::proto::tfplugin5::{DynamicValue, get_metadata, get_provider_schema, read_data_source};
use homelab_plugin::serve::{Handshake, Listening, Transport};
use support::client::{Answer, ClientIdentity, Introduction, connect};
use support::process::{COOKIE, PATIENCE, within};
use support::service::{ECHO, HANG, Minimal, WAIT};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic::transport::Channel;

/// A served provider, and the directory that its socket is in.
struct Served {
    answer: Answer,
    service: Minimal,
    terminated: CancellationToken,
    task: JoinHandle<()>,
    dir: tempfile::TempDir,
}

impl Served {
    async fn start(transport: Transport, client: Option<&ClientIdentity>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let handshake = Handshake::from_env(|name| match name {
            "TF_PLUGIN_MAGIC_COOKIE" => Some(COOKIE.1.to_owned()),
            "PLUGIN_CLIENT_CERT" => client.map(|client| client.pem.clone()),
            "PLUGIN_UNIX_SOCKET_DIR" => dir.path().to_str().map(ToOwned::to_owned),
            _ => None,
        })
        .unwrap();
        let listening = Listening::bind(transport, handshake).await.unwrap();
        let answer = Answer::parse(listening.line());
        assert_eq!(answer.certificate.as_ref(), listening.certificate());
        assert_eq!(answer.address, listening.address().to_string());
        let (service, terminated) = (Minimal::default(), CancellationToken::new());
        let task = tokio::spawn(listening.serve(service.clone(), terminated.clone()));
        Self { answer, service, terminated, task, dir }
    }

    async fn plain() -> (Self, Channel) {
        let served = Self::start(Transport::Unix, None).await;
        let channel = connect(&served.answer, Introduction::Plain).await.unwrap();
        (served, channel)
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.dir.path()).unwrap().count()
    }

    /// Waits for the end and gives the time it took.
    async fn ended(&mut self) -> Duration {
        let begun = Instant::now();
        timeout(PATIENCE, &mut self.task).await.unwrap().unwrap();
        begun.elapsed()
    }
}

/// Whether a client gets an answer.
async fn answers(channel: Result<Channel, tonic::transport::Error>) -> bool {
    match channel {
        Err(_) => false,
        Ok(channel) => HealthClient::new(channel).check(HealthCheckRequest { service: "plugin".into() }).await.is_ok(),
    }
}

fn provider(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel).max_decoding_message_size(usize::MAX).max_encoding_message_size(usize::MAX)
}

fn read(type_name: &str, value: Vec<u8>) -> read_data_source::Request {
    let config = Some(DynamicValue { msgpack: value, json: Vec::new() });
    read_data_source::Request { type_name: type_name.into(), config, ..Default::default() }
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.unwrap()
}

#[tokio::test]
async fn only_the_client_of_the_handshake_is_let_in() {
    let (client, other) = (ClientIdentity::new(), ClientIdentity::new());
    for transport in [Transport::Unix, Transport::Tcp] {
        let served = Served::start(transport, Some(&client)).await;
        assert!(!answers(connect(&served.answer, Introduction::WithoutCertificate).await).await, "no certificate");
        assert!(!answers(connect(&served.answer, Introduction::As(&other)).await).await, "another certificate");
        let thief = ClientIdentity::pretending_to_be(&client);
        assert!(
            !answers(connect(&served.answer, Introduction::As(&thief)).await).await,
            "its certificate, not its key"
        );
        assert!(!answers(connect(&served.answer, Introduction::Plain).await).await, "no TLS");
        assert!(answers(connect(&served.answer, Introduction::As(&client)).await).await, "{transport:?}");
    }
}

#[tokio::test]
async fn a_silent_connection_keeps_nobody_out() {
    let client = ClientIdentity::new();
    let served = Served::start(Transport::Unix, Some(&client)).await;
    let silent = tokio::net::UnixStream::connect(&served.answer.address).await.unwrap();
    assert!(soon(answers(connect(&served.answer, Introduction::As(&client)).await)).await);
    drop(silent);
}

#[tokio::test]
async fn without_a_client_certificate_connections_are_plain() {
    for transport in [Transport::Unix, Transport::Tcp] {
        let served = Served::start(transport, None).await;
        assert_eq!(served.answer.certificate, None);
        assert!(answers(connect(&served.answer, Introduction::Plain).await).await, "{transport:?}");
    }
}

#[tokio::test]
async fn the_provider_answers_and_unknown_calls_are_unimplemented() {
    let (_served, channel) = Served::plain().await;
    let mut client = provider(channel);
    let schema = client.get_schema(get_provider_schema::Request {}).await.unwrap().into_inner();
    assert!(schema.data_source_schemas.contains_key(ECHO));
    assert_eq!(client.get_metadata(get_metadata::Request {}).await.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn messages_larger_than_grpcs_own_limit_pass_both_ways() {
    let (_served, channel) = Served::plain().await;
    let value = vec![7; 20 << 20];
    let answer = provider(channel).read_data_source(read(ECHO, value.clone())).await.unwrap().into_inner();
    assert!(answer.state.unwrap().msgpack == value, "20 MiB come back as they went");
}

#[tokio::test]
async fn the_plugin_is_healthy_and_nothing_else_is() {
    let (served, channel) = Served::plain().await;
    let mut client = HealthClient::new(channel);
    for service in ["plugin", ""] {
        let answer = client.check(HealthCheckRequest { service: service.into() }).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service:?}");
    }
    let unknown = client.check(HealthCheckRequest { service: "other".into() }).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);

    let mut watched = client.watch(HealthCheckRequest { service: "plugin".into() }).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let mut unknown = client.watch(HealthCheckRequest { service: "other".into() }).await.unwrap().into_inner();
    assert_eq!(unknown.message().await.unwrap().unwrap().status(), ServingStatus::ServiceUnknown);
    served.terminated.cancel();
    assert_eq!(soon(watched.message()).await.unwrap(), None, "a watch ends with the server");
}

#[tokio::test]
async fn the_standard_output_stays_silent_and_open_to_the_end() {
    let (mut served, channel) = Served::plain().await;
    let mut output = GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.unwrap().into_inner();
    assert!(answers(Ok(channel.clone())).await, "another call comes and goes meanwhile");
    assert!(output.message().now_or_never().is_none());
    GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
    assert_eq!(soon(output.message()).await.unwrap(), None, "it ends in order");
    served.ended().await;
}

#[tokio::test]
async fn the_broker_listens_and_says_nothing() {
    let (served, channel) = Served::plain().await;
    let announced = ConnInfo { service_id: 1, network: "unix".into(), address: "x".into(), knock: None };
    let (announce, announced_ones) = tokio::sync::mpsc::channel(1);
    let outbound = tokio_stream::wrappers::ReceiverStream::new(announced_ones);
    let mut told = GrpcBrokerClient::new(channel.clone()).start_stream(outbound).await.unwrap().into_inner();
    for _ in 0..3 {
        announce.send(announced.clone()).await.unwrap();
    }
    assert!(answers(Ok(channel)).await, "another call comes and goes meanwhile");
    assert!(told.message().now_or_never().is_none());
    served.terminated.cancel();
    assert_eq!(soon(told.message()).await.unwrap(), None, "it ends with the server");
}

#[tokio::test]
async fn a_goodbye_is_answered_and_ends_the_server() {
    let client = ClientIdentity::new();
    for (transport, files) in [(Transport::Unix, 1), (Transport::Tcp, 0)] {
        // An open stream does not hold the end up.
        within(Duration::from_secs(1), async || {
            let mut served = Served::start(transport, Some(&client)).await;
            assert_eq!(served.files(), files);
            let channel = connect(&served.answer, Introduction::As(&client)).await.unwrap();
            let open = GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.unwrap();
            GrpcControllerClient::new(channel.clone()).shutdown(Empty {}).await.unwrap();
            let took = served.ended().await;
            assert_eq!(served.files(), 0, "the socket is gone");
            assert!(connect(&served.answer, Introduction::As(&client)).await.is_err(), "nobody listens");
            drop(open);
            took
        })
        .await;
    }
}

#[tokio::test]
async fn a_running_call_hears_of_the_end_and_is_answered() {
    for goodbye in [true, false] {
        let (mut served, channel) = Served::plain().await;
        let call = tokio::spawn({
            let mut client = provider(channel.clone());
            async move { client.read_data_source(read(WAIT, vec![1])).await }
        });
        soon(served.service.waiting.cancelled()).await;
        if goodbye {
            GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
        } else {
            served.terminated.cancel();
        }
        let answer = soon(call).await.unwrap().unwrap().into_inner();
        assert_eq!(answer.state.unwrap().msgpack, [1]);
        served.ended().await;
    }
}

#[tokio::test]
async fn a_call_that_hears_nothing_is_dropped_before_the_kill() {
    within(Duration::from_millis(1900), async || {
        let (mut served, channel) = Served::plain().await;
        let call = tokio::spawn({
            let mut client = provider(channel.clone());
            async move { client.read_data_source(read(HANG, Vec::new())).await }
        });
        soon(served.service.waiting.cancelled()).await;
        GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
        let took = served.ended().await;
        assert_eq!(served.files(), 0);
        call.abort();
        took
    })
    .await;
}
