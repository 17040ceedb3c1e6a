//! Certificates.

use homelab_schema::carveout_probe::Verdict;

use super::super::ProbeError;
use super::origin::{Certificate, answer};
use super::*;

const SHARE: &str = "https://photos.example.net/share";

/// Probes an origin with `certificate`, trusting `trusted`.
async fn with(certificate: &Certificate, trusted: &Certificate) -> (String, Verdict, String, usize) {
    let origin = Origin::start_tls(certificate, |_, _| answer(200, &[], "")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &trusted.pem).unwrap();
    let settings = Settings { ca_file: Some(file.display().to_string()), ..settings(Some(&origin)) };
    let judged = probe(vec![check(SHARE, Outcome::Public)], settings).await.judged.remove(0);
    (judged.result().observed, judged.verdict, judged.shown.told(), origin.asked().len())
}

#[tokio::test]
async fn a_trusted_certificate_of_that_name_is_fine_wherever_the_connection_goes() {
    let good = Certificate::new("photos.example.net", 2099);
    assert_eq!(with(&good, &good).await, ("public".to_owned(), Verdict::Ok, "answered 200: no wall".to_owned(), 3));
}

#[tokio::test]
async fn a_bad_certificate_is_a_finding_and_nothing_is_asked() {
    let good = Certificate::new("photos.example.net", 2099);
    let expired = Certificate::new("photos.example.net", 2021);
    let other = Certificate::new("other.example.net", 2099);
    let forged = Certificate::new("photos.example.net", 2099);
    let table = [
        (&expired, &expired, "did not answer: the certificate has expired"),
        (&other, &other, "did not answer: the certificate is for another name"),
        (&forged, &good, "did not answer: the certificate's issuer is not trusted here"),
    ];
    for (certificate, trusted, why) in table {
        let (observed, verdict, told, asked) = with(certificate, trusted).await;
        assert_eq!((observed.as_str(), verdict, asked), ("tls_invalid", Verdict::Unknown, 0), "{told}");
        assert_eq!(told, why);
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
