//! What servers answer.

use homelab_schema::carveout_probe::Verdict;

use super::origin::{Reply, answer};
use super::*;

const SHARE: &str = "http://photos.example.net/share";

#[tokio::test]
async fn a_sign_in_redirect_is_the_gate_and_is_not_followed() {
    let origin = Origin::start(|_, _| answer(302, &[("Location", SIGN_IN)], "")).await;
    let gated = one(&origin, check(SHARE, Outcome::Gated)).await;
    assert_eq!((gated.0.as_str(), gated.1, gated.2.as_str()), ("gated", Verdict::Ok, "3/3"));
    let public = one(&origin, check(SHARE, Outcome::Public)).await;
    assert_eq!((public.0.as_str(), public.1), ("gated", Verdict::Walled));
    assert!(public.3.contains("auth.example.net"), "{}", public.3);
    assert_eq!(origin.asked().len(), 6, "nothing but the samples");
}

#[tokio::test]
async fn sign_in_pages_are_walls_whatever_their_status() {
    for status in [200, 401, 403] {
        let page = "<html><ak-flow-executor slug=\"x\"></ak-flow-executor></html>";
        let origin = Origin::start(move |_, _| answer(status, &[("Content-Type", "text/html")], page)).await;
        assert_eq!(one(&origin, check(SHARE, Outcome::Gated)).await.1, Verdict::Ok, "{status}");
        assert_eq!(one(&origin, check(SHARE, Outcome::Public)).await.1, Verdict::Walled, "{status}");
    }
}

#[tokio::test]
async fn an_open_gate_is_exposed_at_the_first_sample() {
    let origin = Origin::start(|_, _| answer(200, &[], "photos")).await;
    let (observed, verdict, share, told) = one(&origin, check(SHARE, Outcome::Gated)).await;
    assert_eq!((observed.as_str(), verdict, share.as_str()), ("public", Verdict::Exposed, "1/1"));
    assert_eq!(told, "answered 200: no wall");
    assert_eq!(origin.asked().len(), 1);
}

#[tokio::test]
async fn one_stale_replica_among_three_is_seen() {
    // The third answer comes from a replica that lost the gate.
    let leaking = Origin::start(|number, _| match number {
        2 => answer(200, &[], ""),
        _ => answer(302, &[("Location", SIGN_IN)], ""),
    })
    .await;
    let (_, verdict, share, _) = one(&leaking, check(SHARE, Outcome::Gated)).await;
    assert_eq!((verdict, share.as_str()), (Verdict::Exposed, "1/3"));

    // The first one walls a public path off: not yet a verdict, and no pass either.
    let walling = Origin::start(|number, _| match number {
        0 => answer(302, &[("Location", SIGN_IN)], ""),
        _ => answer(200, &[], ""),
    })
    .await;
    let (observed, verdict, share, _) = one(&walling, check(SHARE, Outcome::Public)).await;
    assert_eq!((observed.as_str(), verdict, share.as_str()), ("ambiguous", Verdict::Unknown, "1/3"));
}

#[tokio::test]
async fn errors_of_the_server_are_no_verdict() {
    let origin = Origin::start(|_, _| answer(502, &[], "")).await;
    for outcome in [Outcome::Public, Outcome::Gated] {
        let (observed, verdict, share, _) = one(&origin, check(SHARE, outcome)).await;
        assert_eq!((observed.as_str(), verdict, share.as_str()), ("origin_error", Verdict::Unknown, "3/3"));
    }
}

#[tokio::test]
async fn chunked_answers_are_read_to_their_end() {
    let origin = Origin::start(|_, _| {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"po\r\n6\r\nng\":1}\r\n0\r\n\r\n";
        Reply::Send(text.as_bytes().to_vec())
    })
    .await;
    let mut wanted = check(SHARE, Outcome::Public);
    wanted.proof.body_contains = Some("\"pong\"".to_owned());
    assert_eq!(one(&origin, wanted.clone()).await.1, Verdict::Ok);
    wanted.proof.body_contains = Some("\"ping\"".to_owned());
    let (_, verdict, _, told) = one(&origin, wanted).await;
    assert_eq!((verdict, told.as_str()), (Verdict::Degraded, "answered 200: the declared text is not in the body"));
}

#[tokio::test]
async fn truncated_answers_prove_no_open_door() {
    let cuts: [&[u8]; 2] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n",
    ];
    for cut in cuts {
        let origin = Origin::start(move |_, _| Reply::Send(cut.to_vec())).await;
        let (observed, verdict, ..) = one(&origin, check(SHARE, Outcome::Public)).await;
        assert_eq!((observed.as_str(), verdict), ("origin_error", Verdict::Unknown));
        assert_eq!(one(&origin, check(SHARE, Outcome::Gated)).await.1, Verdict::Exposed);
    }
}

#[tokio::test]
async fn connections_that_end_before_an_answer_are_unreachable() {
    let before = Origin::start(|_, _| Reply::Reset(Vec::new())).await;
    let within_head = Origin::start(|_, _| Reply::Send(b"HTTP/1.1 200 OK\r\nContent-".to_vec())).await;
    let no_http = Origin::start(|_, _| Reply::Send(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec())).await;
    for origin in [before, within_head, no_http] {
        let (observed, verdict, share, told) = one(&origin, check(SHARE, Outcome::Public)).await;
        assert_eq!((observed.as_str(), verdict), ("unreachable", Verdict::Unknown), "{told}");
        // Two of three are missing already: the third could not make it good.
        assert_eq!(share, "2/2");
    }
}

#[tokio::test]
async fn one_lost_sample_among_three_is_noise() {
    let origin =
        Origin::start(|number, _| if number == 0 { Reply::Reset(Vec::new()) } else { answer(200, &[], "") }).await;
    let (_, verdict, share, _) = one(&origin, check(SHARE, Outcome::Public)).await;
    assert_eq!((verdict, share.as_str()), (Verdict::Ok, "2/3"));
}

#[tokio::test]
async fn endless_bodies_are_cut_at_a_limit() {
    let origin = Origin::start(|_, _| Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())).await;
    assert_eq!(one(&origin, check(SHARE, Outcome::Public)).await.1, Verdict::Ok);
}

#[tokio::test]
async fn endless_heads_are_cut_at_a_limit() {
    let large = Origin::start(|_, _| Reply::Endless(b"HTTP/1.1 200 OK\r\nX-A: ".to_vec())).await;
    let many =
        Origin::start(|_, _| Reply::Send(format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(1000)).into_bytes()))
            .await;
    for origin in [large, many] {
        assert_eq!(one(&origin, check(SHARE, Outcome::Public)).await.0, "unreachable");
    }
}

#[tokio::test]
async fn silence_ends_at_the_time_limit() {
    for said in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<"] {
        let origin = Origin::start(move |_, _| Reply::Hang(said.as_bytes().to_vec())).await;
        let settings = Settings { timeout: Duration::from_millis(100), ..settings(Some(&origin)) };
        let judged = probe(vec![check(SHARE, Outcome::Public)], settings).await.judged.remove(0);
        assert_eq!(judged.shown.told(), "did not answer: no answer within 100ms");
        assert_eq!(judged.verdict, Verdict::Unknown);
    }
}

#[tokio::test]
async fn a_stranger_asks_with_nothing_of_ours() {
    let origin = Origin::start(|_, _| answer(200, &[("Set-Cookie", "session=x")], "")).await;
    let mut with = check("http://photos.example.net:8080/share?a=b", Outcome::Public);
    with.headers = vec![("accept".to_owned(), "application/json".to_owned()), ("x-probe".to_owned(), "1".to_owned())];
    assert_eq!(one(&origin, with).await.1, Verdict::Ok);
    let asked = origin.asked();
    assert_eq!(asked.len(), 3);
    for request in asked {
        assert_eq!(request.line, "GET /share?a=b HTTP/1.1");
        let names: Vec<String> = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        let expected = ["host", "user-agent", "accept", "accept-encoding", "connection", "x-probe"];
        assert!(names.iter().all(|name| expected.contains(&name.as_str())), "{names:?}");
        assert_eq!(names.len(), expected.len(), "{names:?}");
        let value =
            |name: &str| request.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).unwrap().1.clone();
        assert_eq!(value("host"), "photos.example.net:8080");
        assert_eq!(value("accept"), "application/json");
        assert_eq!(value("accept-encoding"), "identity");
    }
}

#[tokio::test]
async fn paths_and_methods_go_out_as_they_were_written() {
    let origin = Origin::start(|_, _| answer(204, &[], "")).await;
    let paths = ["/", "//p", "/p%2f..", "/p/../", "/p/./x//y", "/%2e%2e/%zz", "/P;a=b?c=d%2F..&e"];
    for path in paths {
        one(&origin, check(&format!("http://photos.example.net{path}"), Outcome::Public)).await;
    }
    let mut options = check(SHARE, Outcome::Public);
    options.method = "OPTIONS".to_owned();
    one(&origin, options).await;
    let lines: Vec<String> = origin.asked().into_iter().step_by(3).map(|request| request.line).collect();
    let mut expected: Vec<String> = paths.iter().map(|path| format!("GET {path} HTTP/1.1")).collect();
    expected.push("OPTIONS /share HTTP/1.1".to_owned());
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn head_is_answered_without_a_body() {
    let origin = Origin::start(|_, _| Reply::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n".to_vec())).await;
    let mut head = check(SHARE, Outcome::Public);
    head.method = "HEAD".to_owned();
    assert_eq!(one(&origin, head).await.1, Verdict::Ok);
}

#[tokio::test]
async fn a_share_of_stale_replicas_is_told() {
    for (threshold, verdict, observed) in [(3, Verdict::Walled, "gated"), (6, Verdict::Unknown, "ambiguous")] {
        // Replicas 2, 5 and 8 of ten still have the old routes.
        let origin = Origin::start(|number, _| match number % 10 {
            2 | 5 | 8 => answer(302, &[("Location", SIGN_IN)], ""),
            _ => answer(200, &[], ""),
        })
        .await;
        let settings = Settings { samples: 10, threshold, ..settings(Some(&origin)) };
        let judged = probe(vec![check(SHARE, Outcome::Public)], settings).await.judged.remove(0);
        let result = judged.result();
        assert_eq!((result.verdict, result.observed.as_str(), result.share.as_str()), (verdict, observed, "3/10"));
    }
}

#[tokio::test]
async fn incident_24_a_front_page_that_answers_proves_nothing_of_the_rest() {
    // The page of the app answers to everything, also where its API is broken.
    let origin = Origin::start(|_, _| answer(200, &[("Content-Type", "text/html")], "<html>app</html>")).await;
    let mut pairing = check("http://photos.example.net/api/pair", Outcome::Public);
    pairing.proof.content_type = Some("application/json".to_owned());
    let checks = vec![check("http://photos.example.net/", Outcome::Public), pairing];
    let report = probe(checks, settings(Some(&origin))).await;
    let verdicts: Vec<Verdict> = report.judged.iter().map(|judged| judged.verdict).collect();
    assert_eq!(verdicts, [Verdict::Ok, Verdict::Degraded]);
    assert_eq!(report.findings()[0].code, homelab_core::finding::probe::CONTRACT);
}

#[tokio::test]
async fn incident_25_a_gate_that_enforces_nothing_is_open() {
    // The middleware is there, loaded, healthy, and passes everything on; it even sets the cookie of the gate.
    let cookie = ("Set-Cookie", "authentik_proxy_5f0b8a8c=x; Path=/");
    let origin = Origin::start(move |_, _| answer(200, &[cookie], "photos")).await;
    let (_, verdict, share, _) = one(&origin, check("http://photos.example.net/", Outcome::Gated)).await;
    assert_eq!((verdict, share.as_str()), (Verdict::Exposed, "1/1"));
}
