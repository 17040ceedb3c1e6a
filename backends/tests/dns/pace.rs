//! Throttling: one wait for all, no burst, and an end to patience.

use std::time::{Duration, Instant};

use futures::future::join_all;
use homelab_backends::dns::DnsCause;
use homelab_backends::objects::Cause;
use homelab_plane::dns_api::{DnsApi, Limit, Seen};
use tokio_util::sync::CancellationToken;

use crate::support::{api, client, going, mark, names, proxied, want};

async fn write_many(api: &DnsApi, count: usize) {
    let dns = client(api);
    let hosts: Vec<String> = (0..count).map(|index| format!("app{index}.example.net")).collect();
    let done = join_all(hosts.iter().map(|host| {
        let dns = &dns;
        async move { want(dns, host, &[proxied(host)], &[]).await }
    }))
    .await;
    assert!(done.into_iter().all(|done| done.expect("written").is_ok()));
    assert_eq!(api.records().len(), count);
}

fn throttled(api: &DnsApi) -> Vec<Seen> {
    api.requests().into_iter().filter(|seen| seen.status == 429).collect()
}

#[tokio::test]
async fn writes_keep_their_distance() {
    let api = api();
    let began = Instant::now();
    write_many(&api, 12).await;
    // Seen from the client: what arrives when is up to a busy machine.
    assert!(began.elapsed() >= 11 * Duration::from_millis(25), "{:?}", began.elapsed());
    assert_eq!(api.count("POST "), 12);
}

#[tokio::test]
async fn one_429_makes_all_wait_and_is_the_only_one() {
    let api = api();
    api.throttle_next(1, Duration::from_secs(1));
    let began = Instant::now();
    write_many(&api, 12).await;
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(throttled(&api).len(), 1, "{:#?}", api.requests());
    assert_eq!(api.requests().len(), 1 + 1 + 12);
    let after = &api.requests()[1];
    assert!(after.at.saturating_sub(throttled(&api)[0].at) >= Duration::from_millis(950), "nothing was sent meanwhile");
}

#[tokio::test]
async fn a_limit_that_every_request_prolongs_is_got_through() {
    let api = api();
    let second = Duration::from_secs(1);
    api.limit(Limit { requests: 8, window: second / 2, block: second });
    write_many(&api, 20).await;
    // Twenty-one requests, eight in each window, one 429 at the end of a window at most.
    assert!(throttled(&api).len() <= 4, "{:#?}", throttled(&api));
}

#[tokio::test]
async fn an_hour_is_not_waited_for() {
    let api = api();
    api.throttle_next(100, Duration::from_hours(1));
    let began = Instant::now();
    let error = client(&api).records(&names(&["a.example.net"]), &going()).await.expect_err("throttled");
    assert!(matches!(error.cause, DnsCause::Throttled { tries: 1, .. }), "{error:?}");
    assert!(error.detail().contains("throttling your request speed (971)"), "{}", error.detail());
    assert!(began.elapsed() < Duration::from_mins(1) && api.requests().len() == 1);
}

#[tokio::test]
async fn ctrl_c_ends_the_wait_of_all() {
    let api = api();
    api.throttle_next(100, Duration::from_mins(1));
    let dns = client(&api);
    let going = CancellationToken::new();
    let at = names(&["a.example.net"]);
    let mark = mark("one");
    let began = Instant::now();
    let stop = async {
        while api.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        going.cancel();
    };
    let decide = |_: &[_]| Ok::<_, ()>(homelab_core::dns::changes::Changes::default());
    let text = mark.text();
    let (read, written, ()) = tokio::join!(dns.records(&at, &going), dns.converge(&at, &text, &going, decide), stop);
    for cause in [read.expect_err("cancelled").cause, written.expect_err("cancelled").cause] {
        assert_eq!(cause, DnsCause::Link(Cause::Cancelled));
    }
    assert!(began.elapsed() < Duration::from_secs(30));
}
