//! A server that asks for patience, and one that keeps asking.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use homelab_backends::kube::{Kube, Settings};
use homelab_backends::objects::{Cause, Objects as _, kinds};
use secrecy::SecretString;

/// Answers the nth request with the nth of `answers`, and all later ones with the last. Counts them.
fn server(answers: Vec<(&'static str, String)>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("address");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut buffer = [0_u8; 4096];
            // One request per connection; a GET fits into one read.
            let _ = stream.read(&mut buffer);
            let index = counted.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            let (head, body) = &answers[index];
            let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    (address, count)
}

fn busy(head: &'static str) -> (&'static str, String) {
    (head, r#"{"kind":"Status","message":"too many requests, try again later","reason":"TooManyRequests"}"#.to_owned())
}

fn found() -> (&'static str, String) {
    ("200 OK", r#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"default"}}"#.to_owned())
}

fn kube(address: SocketAddr) -> Kube {
    let host = Some(format!("http://{address}"));
    Kube::new(Settings { host, token: Some(SecretString::from("x")), ..Settings::default() })
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again_after_the_time_it_names() {
    let retry = "429 Too Many Requests\r\nRetry-After: 1";
    let (address, count) = server(vec![busy(retry), busy("503 Service Unavailable"), found()]);
    let began = Instant::now();
    let live = kube(address).get(&kinds::NAMESPACE.object("", "default")).await.expect("get");
    assert!(live.is_some());
    assert_eq!(count.load(Ordering::SeqCst), 3);
    assert!(began.elapsed() >= Duration::from_secs(1), "Retry-After was not kept: {:?}", began.elapsed());
}

#[tokio::test]
async fn patience_ends_before_a_plan_looks_dead() {
    let (address, count) = server(vec![busy("429 Too Many Requests\r\nRetry-After: 3600")]);
    let began = Instant::now();
    let error = kube(address).get(&kinds::NAMESPACE.object("", "default")).await.expect_err("overloaded");
    let Cause::Throttled { status: 429, tries: 1, words } = &error.cause else { panic!("{error:?}") };
    assert!(words.contains("try again later"), "{words}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert!(began.elapsed() < Duration::from_mins(1), "an hour is not waited for");
}

#[tokio::test]
async fn an_answer_that_is_no_kubernetes_is_an_error_and_not_absent() {
    let (address, _) = server(vec![("404 Not Found", "<html>nginx</html>".to_owned())]);
    let error = kube(address).get(&kinds::NAMESPACE.object("", "default")).await.expect_err("a proxy");
    assert!(error.to_string().contains("this is no Kubernetes API"), "{error}");
    let (address, _) = server(vec![("200 OK", "<html>sign in</html>".to_owned())]);
    let error = kube(address).get(&kinds::NAMESPACE.object("", "default")).await.expect_err("a wall");
    assert!(matches!(error.cause, Cause::Server { status: 200, .. }), "{error:?}");
}

#[tokio::test]
async fn many_reads_at_once_fail_once() {
    // Each connection is refused at once, so a LIST that every waiting read repeats would show in the count.
    let (address, count) = server(vec![("500 Internal Server Error", "{}".to_owned())]);
    let kube = kube(address);
    let ids: Vec<_> = (0..8).map(|index| kinds::INGRESS.object("default", &format!("i{index}"))).collect();
    let reads = futures::future::join_all(ids.iter().map(|id| kube.read(id))).await;
    assert!(reads.iter().all(Result::is_err));
    assert!(count.load(Ordering::SeqCst) <= 3, "{} requests", count.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_silent_server_is_given_up_once_for_all() {
    // It takes the connection and never answers the TLS greeting.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = Some(format!("https://{}", listener.local_addr().expect("address")));
    let kube = Kube::new(Settings { host, insecure: true, ..Settings::default() });
    let ids: Vec<_> = (0..40).map(|index| kinds::NAMESPACE.object("", &format!("n{index}"))).collect();
    let began = Instant::now();
    for ids in ids.chunks(10) {
        let reads = futures::future::join_all(ids.iter().map(|id| kube.get(id))).await;
        assert!(reads.iter().all(|read| matches!(read, Err(error) if matches!(error.cause, Cause::TimedOut { .. }))));
    }
    // Four times ten reads, and one limit for connections, which is five seconds: a limit for each ten would be twenty.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    drop(listener);
}
