//! Incident 17: a storm of retries after a 429 kept itself throttled.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use homelab_plane::dns_api::{DnsApi, Limit};
use homelab_plane::http::Client;
use homelab_plane::process::wait_for;
use serde_json::json;

use super::{PHOTOS, TOKEN, terraform};

const APPS: usize = 24;
/// Eight requests in a second; whoever asks for more is shut out for two, and every request in that time begins it anew.
const LIMIT: Limit = Limit { requests: 8, window: Duration::from_secs(1), block: Duration::from_secs(2) };

fn throttled(api: &DnsApi) -> usize {
    api.requests().iter().filter(|seen| seen.status == 429).count()
}

#[test]
fn incident_17_a_retry_storm_kept_itself_throttled() {
    // Plainly: each of ten workers makes its records, and tries again in a moment where it is refused.
    let api = DnsApi::start("example.net", TOKEN).unwrap();
    api.limit(LIMIT);
    let client = Client::new(api.url().trim_end_matches("/client/v4"), None)
        .unwrap()
        .with_header("Authorization", &format!("Bearer {TOKEN}"));
    let path = format!("/client/v4/zones/{}/dns_records", api.zone_id());
    let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let first = std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    if index >= APPS {
                        return;
                    }
                    let record = json!({"name": format!("app-{index}"), "type": "A", "content": "192.0.2.1"});
                    while !over.load(Ordering::SeqCst) {
                        let answer = client.send("POST", &path, "application/json", Some(&record));
                        if answer.is_ok_and(|answer| answer.status == 200) {
                            break;
                        }
                        std::thread::sleep(Duration::from_millis(100));
                    }
                }
            });
        }
        let until_throttled = |more_than: usize| {
            wait_for("refusals", Duration::from_mins(1), || {
                let seen = throttled(&api);
                Ok(if seen > more_than { Ok(()) } else { Err(format!("{seen} so far")) })
            })
        };
        // How many fit into the first window, which a slow machine may begin more than once.
        let first = until_throttled(0).map(|()| api.records().len());
        // Three times as long as the server asked for: whoever had waited once would be done.
        std::thread::sleep(3 * LIMIT.block);
        let storm = until_throttled(100);
        over.store(true, Ordering::SeqCst);
        storm.unwrap();
        first.unwrap()
    });
    assert!((LIMIT.requests..APPS).contains(&first), "{first} of {APPS} records before the first refusal");
    assert_eq!(api.records().len(), first, "nothing got through after the first window");

    // Ours: the same limit, ten resources at a time. One refusal makes all wait for as long as it says.
    let many = PHOTOS
        .replace("  name      = \"photos\"", &format!("  count     = {APPS}\n  name      = \"app-${{count.index}}\""))
        .replace("  service {", "  service {\n    name = \"photos\"");
    let (work, api) = terraform(&many);
    work.ok(["plan", "-out=p"]);
    api.forget_requests();
    api.limit(LIMIT);
    let began = Instant::now();
    work.ok(["apply", "p"]);
    assert_eq!(api.records().len(), APPS);
    // The zone, its listing, and a write for each; a refusal at the end of each window at most.
    let windows = (APPS + 2).div_ceil(LIMIT.requests);
    assert!(throttled(&api) <= windows, "{:#?}", api.requests());
    assert!(api.requests().len() <= APPS + 2 + windows, "{} requests", api.requests().len());
    assert!(began.elapsed() >= LIMIT.block, "it did wait");
    let refusals: Vec<_> = api.requests().into_iter().filter(|seen| seen.status == 429).collect();
    for refusal in refusals {
        let hasty = api
            .requests()
            .into_iter()
            .any(|seen| seen.at > refusal.at && seen.at.saturating_sub(refusal.at) < LIMIT.block.mul_f64(0.9));
        assert!(!hasty, "nothing is sent before the time is over");
    }
}
