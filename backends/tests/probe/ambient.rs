//! A probe sees what a stranger sees, whatever the machine is set up for.
//!
//! The environment belongs to a process, so the test runs itself once more, with a proxy and credentials set for every client
//! that would take them.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use homelab_backends::http::Prober;
use homelab_core::probe::{Defaults, Run};
use homelab_schema::carveout_probe::{CarveoutProbe, ProbedDoor, Verdict};
use homelab_schema::ingress::Expect;
use tokio_util::sync::CancellationToken;

const NAME: &str = "ambient::neither_a_proxy_nor_a_credential_of_the_environment_is_used";
/// Set in the second process: where the origin is.
const ORIGIN: &str = "HOMELAB_TEST_ORIGIN";

/// Answers every request with 200 and keeps its lines.
fn serve() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    // Ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                kept.lock().unwrap().push(std::mem::take(&mut line).trim_end().to_owned());
            }
            let _ = reader.into_inner().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    (address, lines)
}

#[tokio::test]
async fn neither_a_proxy_nor_a_credential_of_the_environment_is_used() {
    if let Ok(origin) = std::env::var(ORIGIN) {
        return probe(&origin).await;
    }
    let (origin, asked) = serve();
    let (proxy, proxied) = serve();
    let home = tempfile::tempdir().unwrap();
    let netrc = home.path().join(".netrc");
    std::fs::write(
        &netrc,
        "machine photos.example.net login user password s3cret\ndefault login user password s3cret\n",
    )
    .unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", NAME, "--nocapture"]).env(ORIGIN, origin.to_string());
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, format!("http://user:s3cret@{proxy}"));
    }
    let output = child
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env("HOME", home.path())
        .env("NETRC", &netrc)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(*proxied.lock().unwrap(), Vec::<String>::new());
    let asked = asked.lock().unwrap();
    assert_eq!(asked.iter().filter(|line| line.starts_with("GET /share HTTP/1.1")).count(), 3, "{asked:?}");
    assert!(!asked.iter().any(|line| line.to_ascii_lowercase().starts_with("authorization")), "{asked:?}");
    assert!(!asked.iter().any(|line| line.contains("s3cret")), "{asked:?}");
}

async fn probe(origin: &str) {
    let door = ProbedDoor {
        url: "http://photos.example.net/share".to_owned().into(),
        expect: Expect::Public.into(),
        ..ProbedDoor::default()
    };
    let model = CarveoutProbe {
        target: [("share".to_owned(), door)].into_iter().collect::<std::collections::BTreeMap<_, _>>().into(),
        connect_to: origin.to_owned().into(),
        allow_private: true.into(),
        matrix: homelab_schema::carveout_probe::Matrix::Off.into(),
        ..CarveoutProbe::default()
    };
    let run = Run::new(&model, &Defaults::default()).unwrap();
    let report = Prober::new().run(&run, &CancellationToken::new()).await.unwrap();
    assert_eq!(report.verdict, Verdict::Ok, "{:?}", report.findings());
}
