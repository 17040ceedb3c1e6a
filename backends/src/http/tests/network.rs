//! Addresses, names, limits and cancellation.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use homelab_schema::carveout_probe::Verdict;
use tokio::net::UdpSocket;

use super::super::{ProbeError, Resolve, ResolveError};
use super::origin::{Reply, answer};
use super::*;

/// Answers lookup number n with entry n, and then with the last one.
struct Names(Vec<Result<Vec<IpAddr>, ResolveError>>, AtomicUsize);

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, _host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let number = self.1.fetch_add(1, Ordering::SeqCst);
        self.0[number.min(self.0.len() - 1)].clone()
    }
}

async fn resolved(answers: Vec<Result<Vec<IpAddr>, ResolveError>>, url: &str, allow_private: bool) -> Report {
    let prober = Prober::with_resolver(Arc::new(Names(answers, AtomicUsize::new(0))));
    let settings = Settings { allow_private, ..settings(None) };
    let run = Run { checks: vec![check(url, Outcome::Public)], settings };
    prober.run(&run, &CancellationToken::new()).await.unwrap()
}

fn told(report: &Report) -> String {
    report.judged[0].shown.told()
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_when_it_is_connected_to() {
    let origin = Origin::start(|_, _| answer(200, &[], "inside")).await;
    let url = format!("http://photos.example.net:{}/", origin.address.port());
    for inside in ["127.0.0.1", "::ffff:127.0.0.1"] {
        let report = resolved(vec![Ok(vec![inside.parse().unwrap()])], &url, false).await;
        assert_eq!(report.verdict, Verdict::Unknown);
        assert_eq!(report.findings()[0].code, homelab_core::finding::probe::PRIVATE_TARGET);
        assert_eq!(told(&report), format!("did not answer: {inside} is a loopback address, which is not allowed"));
    }
    assert!(origin.asked().is_empty());
    let report = resolved(vec![Ok(vec!["127.0.0.1".parse().unwrap()])], &url, true).await;
    assert_eq!(report.verdict, Verdict::Ok);
}

#[tokio::test]
async fn a_name_that_changes_between_samples_is_looked_at_each_time() {
    let origin = Origin::start(|_, _| answer(200, &[], "inside")).await;
    // What the first lookup said (nothing, so that nothing leaves this machine) does not count for the second.
    let url = format!("http://photos.example.net:{}/", origin.address.port());
    let rebinding = vec![Err(ResolveError::Failed("try again".to_owned())), Ok(vec!["127.0.0.1".parse().unwrap()])];
    let report = resolved(rebinding, &url, false).await;
    assert_eq!(report.verdict, Verdict::Unknown);
    assert!(report.judged[0].samples.len() == 2 && origin.asked().is_empty(), "{report:?}");
}

#[tokio::test]
async fn private_addresses_among_public_ones_are_left_out_not_tried() {
    let origin = Origin::start(|_, _| answer(200, &[], "inside")).await;
    let url = format!("http://photos.example.net:{}/", origin.address.port());
    // Only special ones, so that nothing leaves this machine: the first names the kind.
    let mixed = vec![Ok(vec!["10.0.0.1".parse().unwrap(), "127.0.0.1".parse().unwrap()])];
    assert!(told(&resolved(mixed, &url, false).await).contains("10.0.0.1 is a private address"));
    assert!(origin.asked().is_empty());
}

#[tokio::test]
async fn the_next_address_is_tried_and_samples_see_all_of_them() {
    let origin = Origin::start(|_, _| answer(200, &[], "")).await;
    let url = format!("http://photos.example.net:{}/", origin.address.port());
    // Nobody listens at the second loopback address on that port.
    let two = vec![Ok(vec!["127.0.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()])];
    let report = resolved(two, &url, true).await;
    assert_eq!((report.verdict, origin.asked().len()), (Verdict::Ok, 3));
}

#[tokio::test]
async fn names_without_an_address_and_failed_lookups_differ() {
    let absent = resolved(vec![Err(ResolveError::Absent)], "http://photos.example.net/", true).await;
    assert_eq!(absent.results()[0].observed, "dns_absent");
    let failed =
        resolved(vec![Err(ResolveError::Failed("timeout".to_owned()))], "http://photos.example.net/", true).await;
    assert_eq!(failed.results()[0].observed, "unreachable");
    assert_eq!(told(&failed), "did not answer: photos.example.net could not be looked up: timeout");
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let (host, port) = homelab_plane::NOBODY.split_once(':').unwrap();
    let nobody = Some(ConnectTo { host: host.to_owned(), port: Some(port.parse().unwrap()) });
    let settings = Settings { connect_to: nobody, ..settings(None) };
    let report = probe(vec![check("http://photos.example.net/", Outcome::Gated)], settings).await;
    assert_eq!((report.verdict, report.results()[0].observed.as_str()), (Verdict::Unknown, "unreachable"));
}

#[tokio::test]
async fn a_resolver_that_is_named_is_asked() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let mut message = [0; 512];
        loop {
            let (length, from) = server.recv_from(&mut message).await.unwrap();
            let kind = message[length - 3];
            let mut reply = message[..length].to_vec();
            reply[2..4].copy_from_slice(&[0x81, 0x80]);
            if kind == 1 {
                reply[7] = 1;
                reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
            }
            server.send_to(&reply, from).await.unwrap();
        }
    });
    let origin = Origin::start(|_, _| answer(200, &[], "")).await;
    let resolver = Some(ConnectTo { host: "127.0.0.1".to_owned(), port: Some(port) });
    let url = format!("http://photos.example.net:{}/", origin.address.port());
    let report = probe(vec![check(&url, Outcome::Public)], Settings { resolver, ..settings(None) }).await;
    task.abort();
    assert_eq!((report.verdict, origin.asked().len()), (Verdict::Ok, 3), "{report:?}");
}

#[tokio::test]
async fn hosts_are_asked_two_at_a_time_and_every_check_keeps_its_place() {
    let origin = Origin::start(|_, request| {
        let status = if request.line.contains("odd") { 200 } else { 302 };
        answer(status, &[("Location", SIGN_IN)], "")
    })
    .await;
    let url =
        |index: usize| format!("http://photos.example.net/{}{index}", if index % 2 == 1 { "odd" } else { "even" });
    let checks: Vec<Check> = (0..200).map(|index| check(&url(index), Outcome::Public)).collect();
    let report = probe(checks, Settings { samples: 1, threshold: 1, ..settings(Some(&origin)) }).await;
    for (index, judged) in report.judged.iter().enumerate() {
        let expected = if index % 2 == 1 { Verdict::Ok } else { Verdict::Walled };
        assert_eq!((judged.verdict, judged.check.url.shown()), (expected, url(index)));
    }
    assert_eq!(origin.asked().len(), 200);
    assert_eq!(origin.most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn the_total_is_bounded_over_hosts() {
    let origin = Origin::start(|_, _| answer(200, &[], "")).await;
    let checks = (0..60).map(|index| check(&format!("http://h{index}.example.net/"), Outcome::Public)).collect();
    let settings = Settings { concurrency: 3, ..settings(Some(&origin)) };
    assert_eq!(probe(checks, settings).await.verdict, Verdict::Ok);
    assert_eq!(origin.most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn cancelling_ends_a_run_at_once() {
    let origin = Origin::start(|_, _| Reply::Hang(Vec::new())).await;
    let run =
        Run { checks: vec![check("http://photos.example.net/", Outcome::Public)], settings: settings(Some(&origin)) };
    let cancel = CancellationToken::new();
    let prober = Prober::new();
    let stop = async {
        while origin.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    let (ended, ()) = tokio::join!(prober.run(&run, &cancel), stop);
    assert_eq!(ended.unwrap_err(), ProbeError::Cancelled);
}

#[tokio::test]
async fn a_route_that_settles_late_is_waited_for() {
    // Wrong for the first round of three, then right.
    let origin = Origin::start(|number, _| match number {
        0..=2 => answer(404, &[], ""),
        _ => answer(302, &[("Location", SIGN_IN)], ""),
    })
    .await;
    let settings = Settings { settle: Duration::from_mins(1), ..settings(Some(&origin)) };
    let run = Run { checks: vec![check("http://photos.example.net/", Outcome::Gated)], settings };
    let report = Prober::new().settle(&run, &CancellationToken::new()).await.unwrap();
    assert_eq!((report.verdict, origin.asked().len()), (Verdict::Ok, 6));
}

#[tokio::test]
async fn a_route_that_does_not_settle_is_judged_when_the_time_is_over() {
    let origin = Origin::start(|_, _| answer(404, &[], "")).await;
    let run =
        Run { checks: vec![check("http://photos.example.net/", Outcome::Gated)], settings: settings(Some(&origin)) };
    let report = Prober::new().settle(&run, &CancellationToken::new()).await.unwrap();
    assert_eq!((report.verdict, origin.asked().len()), (Verdict::Unknown, 3));
}

#[tokio::test]
async fn every_address_is_asked_also_where_there_are_more_than_samples() {
    let origin = Origin::start(|_, _| answer(200, &[], "")).await;
    let url = format!("http://photos.example.net:{}/", origin.address.port());
    let five = vec![Ok(vec!["127.0.0.1".parse().unwrap(); 5])];
    let prober = Prober::with_resolver(Arc::new(Names(five, AtomicUsize::new(0))));
    for (every_address, asked) in [(false, 3), (true, 3 + 5)] {
        let settings = Settings { every_address, ..settings(None) };
        let run = Run { checks: vec![check(&url, Outcome::Public)], settings };
        let report = prober.run(&run, &CancellationToken::new()).await.unwrap();
        assert_eq!((report.verdict, origin.asked().len()), (Verdict::Ok, asked));
    }
}

#[tokio::test]
async fn only_addresses_of_the_declared_family_are_asked() {
    let origin = Origin::start(|_, _| answer(200, &[], "")).await;
    let url = format!("http://photos.example.net:{}/", origin.address.port());
    let both = || vec![Ok(vec!["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()])];
    let asked = |names: Vec<Result<Vec<IpAddr>, ResolveError>>, family| {
        let prober = Prober::with_resolver(Arc::new(Names(names, AtomicUsize::new(0))));
        let run = Run { checks: vec![check(&url, Outcome::Public)], settings: Settings { family, ..settings(None) } };
        async move { prober.run(&run, &CancellationToken::new()).await.unwrap() }
    };
    let four = asked(both(), AddressFamily::Ipv4).await;
    assert_eq!((four.verdict, four.judged[0].share()), (Verdict::Ok, "3/3".to_owned()));
    let none = asked(vec![Ok(vec!["127.0.0.1".parse().unwrap()])], AddressFamily::Ipv6).await;
    assert_eq!(none.results()[0].observed, "dns_absent");
    assert_eq!(told(&none), "did not answer: photos.example.net has no IPv6 address");
}

#[tokio::test]
async fn one_form_goes_where_dns_says_although_another_place_is_named() {
    let (edge, inside) =
        (Origin::start(|_, _| answer(200, &[], "")).await, Origin::start(|_, _| answer(200, &[], "")).await);
    let url = format!("http://photos.example.net:{}/", edge.address.port());
    let prober =
        Prober::with_resolver(Arc::new(Names(vec![Ok(vec!["127.0.0.1".parse().unwrap()])], AtomicUsize::new(0))));
    let through_dns = Check { way: Way::Edge, ..check(&url, Outcome::Public) };
    let run = Run { checks: vec![check(&url, Outcome::Public), through_dns], settings: settings(Some(&inside)) };
    prober.run(&run, &CancellationToken::new()).await.unwrap();
    assert_eq!((inside.asked().len(), edge.asked().len()), (3, 3));
}
