//! Certificates and what is agreed on in the handshake.

use homelab_core::finding::{Severity, probe as codes};
use homelab_schema::carveout_probe::Verdict;

use super::super::ProbeError;
use super::certificates::{Authority, Certificate};
use super::origin::answer;
use super::*;

const SHARE: &str = "https://photos.example.net/share";
const GOOD: (i64, i64) = (-10, 80);

/// Probes `origin`, trusting `trusted`.
async fn asked(origin: &Origin, trusted: &str) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, trusted).unwrap();
    let settings = Settings { ca_file: Some(file.display().to_string()), ..settings(Some(origin)) };
    probe(vec![check(SHARE, Outcome::Public)], settings).await
}

async fn with(certificate: &Certificate, trusted: &str) -> (String, Verdict, String, usize) {
    let origin = Origin::start_tls(certificate, |_, _| answer(200, &[], "")).await;
    let judged = asked(&origin, trusted).await.judged.remove(0);
    (judged.result().observed, judged.verdict, judged.shown.told(), origin.asked().len())
}

#[tokio::test]
async fn a_trusted_certificate_of_that_name_is_fine_wherever_the_connection_goes() {
    let root = Authority::new("root");
    let between = root.intermediate("between");
    let own = Certificate::new("photos.example.net");
    let fine = ("public".to_owned(), Verdict::Ok, "answered 200: no wall".to_owned(), 3);
    assert_eq!(with(&own, &own.pem).await, fine);
    assert_eq!(with(&root.signs("photos.example.net", GOOD), &root.pem).await, fine);
    assert_eq!(with(&root.signs("*.example.net", GOOD), &root.pem).await, fine);
    assert_eq!(with(&between.signs("photos.example.net", GOOD).with(&between), &root.pem).await, fine);
}

#[tokio::test]
async fn a_bad_certificate_is_a_finding_and_nothing_is_asked() {
    let root = Authority::new("root");
    let between = root.intermediate("between");
    let own = Certificate::new("photos.example.net");
    let table = [
        (root.signs("photos.example.net", (-90, -1)), "the certificate has expired"),
        (root.signs("photos.example.net", (1, 90)), "the certificate is not valid yet"),
        (root.signs("other.example.net", GOOD), "the certificate is for another name"),
        (root.signs("*.photos.example.net", GOOD), "the certificate is for another name"),
        (own, "the certificate's issuer is not trusted here"),
        (Authority::new("root").signs("photos.example.net", GOOD), "the certificate's issuer is not trusted here"),
        // Browsers know it from elsewhere; curl and apps do not.
        (between.signs("photos.example.net", GOOD), "the certificate's issuer is not trusted here"),
    ];
    for (certificate, why) in table {
        let (observed, verdict, told, asked) = with(&certificate, &root.pem).await;
        assert_eq!((observed.as_str(), verdict, asked), ("tls_invalid", Verdict::Unknown, 0), "{told}");
        assert_eq!(told, format!("did not answer: {why}"));
    }
}

#[tokio::test]
async fn the_name_of_the_url_is_asked_for_and_http_1_1_alone_is_offered() {
    let certificate = Certificate::new("photos.example.net");
    let both = Origin::start_with_protocols(&certificate, &[b"h2", b"http/1.1"]).await;
    assert_eq!(asked(&both, &certificate.pem).await.verdict, Verdict::Ok);
    let agreed = Some(("photos.example.net".to_owned(), b"http/1.1".to_vec()));
    assert!(both.asked().len() == 3 && both.asked().iter().all(|asked| asked.tls == agreed), "{:?}", both.asked());
}

#[tokio::test]
async fn a_server_that_speaks_http_2_alone_is_not_judged_and_says_so() {
    let certificate = Certificate::new("photos.example.net");
    let only = Origin::start_with_protocols(&certificate, &[b"h2"]).await;
    let judged = asked(&only, &certificate.pem).await.judged.remove(0);
    assert_eq!((judged.verdict, judged.result().observed.as_str()), (Verdict::Unknown, "unreachable"));
    assert_eq!(judged.shown.told(), "did not answer: the server does not speak HTTP/1.1");
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_told_and_is_no_verdict() {
    let root = Authority::new("root");
    // A moment has passed since it was made: six days are five whole ones.
    for (days, expected) in [((-85, 6), Some("in 5 days")), ((-89, 1), Some("within a day")), ((-70, 20), None)] {
        let origin = Origin::start_tls(&root.signs("photos.example.net", days), |_, _| answer(200, &[], "")).await;
        let report = asked(&origin, &root.pem).await;
        assert_eq!(report.verdict, Verdict::Ok);
        assert!(report.complaints().is_empty() && report.told().is_empty(), "{report:?}");
        let told: Vec<String> = report.findings().into_iter().map(|finding| finding.observed).collect();
        let expected: Vec<String> =
            expected.map(|when| format!("The certificate of photos.example.net ends {when}.")).into_iter().collect();
        assert_eq!(told, expected);
        for finding in report.findings() {
            assert_eq!((finding.code, finding.severity), (codes::CERTIFICATE_ENDS, Severity::Warning));
        }
        // The days would be a change every day: they are in no result.
        assert_eq!(report.results().len(), 1);
        assert_eq!(format!("{:?}", report.results()).matches("ends").count(), 0);
    }
}

#[tokio::test]
async fn a_server_without_tls_is_no_tls() {
    let origin = Origin::start(|_, _| answer(200, &[], "")).await;
    let judged = probe(vec![check(SHARE, Outcome::Public)], settings(Some(&origin))).await.judged.remove(0);
    assert_eq!(judged.verdict, Verdict::Unknown);
    assert!(["tls_invalid", "unreachable"].contains(&judged.result().observed.as_str()), "{:?}", judged.result());
}

#[tokio::test]
async fn a_ca_file_that_cannot_be_used_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing here").unwrap();
    for file in [folder.path().join("absent.pem"), empty] {
        let path = file.display().to_string();
        let settings = Settings { ca_file: Some(path.clone()), ..settings(None) };
        let run = Run { checks: vec![check(SHARE, Outcome::Public)], settings };
        let error = Prober::new().run(&run, &CancellationToken::new()).await.unwrap_err();
        assert!(matches!(&error, ProbeError::CaFile { path: named, .. } if *named == path), "{error}");
    }
}
