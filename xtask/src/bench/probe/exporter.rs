//! The blackbox exporter on the same addresses: started, asked for each, and stopped.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::Row;
use crate::bench::memory;
use crate::steps::{Done, Failure, fail};

/// As many at a time as a probe of ours has.
const AT_A_TIME: usize = 16;
const PATIENCE: Duration = Duration::from_secs(20);

/// What all of `urls` cost it; without how many requests these were.
pub(super) fn measure(program: &Path, folder: &Path, ca_file: &Path, urls: &[String]) -> Done<Row> {
    let file = folder.join("blackbox.yml");
    // As exact as it can be: statuses of both kinds of doors, and no redirect followed.
    let configuration = format!(
        "modules:\n  door:\n    prober: http\n    timeout: 10s\n    http:\n      valid_status_codes: [200, 302]\n      \
         follow_redirects: false\n      preferred_ip_protocol: ip4\n      tls_config:\n        ca_file: {}\n",
        ca_file.display()
    );
    std::fs::write(&file, configuration)?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let running = Running(
        Command::new(program)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?,
    );
    let begun = Instant::now();
    while ask(port, "/-/healthy").is_err() {
        if begun.elapsed() > PATIENCE {
            return fail("the exporter did not start");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let next = AtomicUsize::new(0);
    let idle = memory::processor(running.0.id()).unwrap_or_default();
    let start = Instant::now();
    let failed: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME)
            .map(|_| {
                scope.spawn(|| {
                    let mut failed = None;
                    while let Some(url) = urls.get(next.fetch_add(1, Ordering::SeqCst)) {
                        let answer = ask(port, &format!("/probe?module=door&target={url}"));
                        if !answer.is_ok_and(|text| text.contains("\nprobe_success 1")) {
                            failed = Some(url.clone());
                        }
                    }
                    failed
                })
            })
            .collect();
        workers.into_iter().filter_map(|worker| worker.join().ok().flatten()).collect()
    });
    let took = start.elapsed();
    if let Some(url) = failed.first() {
        return Err(Failure(format!("the exporter does not see {url} as it is")));
    }
    let id = running.0.id();
    let processor = memory::processor(id).unwrap_or_default().saturating_sub(idle);
    Ok(Row {
        what: "blackbox_exporter",
        requests: 0,
        took,
        processor,
        peak_kib: memory::field(id, "VmHWM:").unwrap_or(0),
    })
}

fn ask(port: u16, target: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
