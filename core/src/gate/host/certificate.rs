//! The last day of a certificate that lies on a machine. Nothing else of it leaves the file, and no key is looked at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_norway::Value;
use x509_parser::parse_x509_certificate;
use x509_parser::pem::Pem;

use crate::gate::day::Day;

/// The last day on which the certificate in a PEM file is valid. Of a chain that is the first one, which is the holder's; of a
/// bundle of authorities the one that ends last, because an old authority stays in it while a new one takes over. An error is a
/// fragment.
pub fn last_day(pem: &[u8]) -> Result<Day, String> {
    let mut first_is_authority = None;
    let mut latest: Option<i64> = None;
    for pem in Pem::iter_from_buffer(pem).filter_map(Result::ok).filter(|pem| pem.label == "CERTIFICATE") {
        let (_, parsed) = parse_x509_certificate(&pem.contents)
            .map_err(|error| format!("its certificate cannot be read: {error}"))?;
        let ends = parsed.validity().not_after.timestamp();
        if !*first_is_authority.get_or_insert_with(|| parsed.is_ca()) {
            return day(ends);
        }
        latest = latest.max(Some(ends));
    }
    day(latest.ok_or("there is no PEM certificate in it")?)
}

/// As [`last_day`], of the client certificate that stands in a kubeconfig. Nothing where there is none, or where it is in a
/// file of its own.
pub fn last_day_of_kubeconfig(text: &str) -> Result<Option<Day>, String> {
    // Its complaints quote what they do not like, and that may be a key.
    let config: Value = serde_norway::from_str(text).map_err(|_| "it is no kubeconfig".to_owned())?;
    let users = config.get("users").and_then(Value::as_sequence);
    let mut earliest: Option<Day> = None;
    for user in users.into_iter().flatten() {
        let Some(data) = user.get("user").and_then(|user| user.get("client-certificate-data")?.as_str()) else {
            continue;
        };
        let pem = STANDARD.decode(data.trim()).map_err(|_| "its client certificate is no base64".to_owned())?;
        let ends = last_day(&pem)?;
        earliest = Some(earliest.map_or(ends, |before| before.min(ends)));
    }
    Ok(earliest)
}

fn day(unix: i64) -> Result<Day, String> {
    let days = u32::try_from(unix.div_euclid(86_400)).map_err(|_| "it ended before 1970".to_owned())?;
    Ok(Day::of_unix(0).plus(days))
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

    use super::*;

    fn pem(authority: bool, year: i32) -> String {
        let mut params = CertificateParams::new(vec!["kubernetes.default".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 5, 1);
        if authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    fn ends(pem: &str) -> String {
        last_day(pem.as_bytes()).unwrap().to_string()
    }

    #[test]
    fn a_chain_ends_with_its_holder_and_a_bundle_with_its_last_authority() {
        let (leaf, old, new) = (pem(false, 2027), pem(true, 2026), pem(true, 2036));
        assert_eq!(ends(&leaf), "2027-05-01");
        assert_eq!(ends(&format!("{leaf}{old}")), "2027-05-01");
        assert_eq!(ends(&format!("{old}{new}")), "2036-05-01");
        assert_eq!(ends(&format!("{new}{old}")), "2036-05-01");
        let key = KeyPair::generate().unwrap().serialize_pem();
        assert_eq!(ends(&format!("{key}{leaf}")), "2027-05-01", "the kubelet keeps both in one file");
        assert_eq!(last_day(key.as_bytes()).unwrap_err(), "there is no PEM certificate in it");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(last_day(broken.as_bytes()).unwrap_err().starts_with("its certificate cannot be read"));
    }

    #[test]
    fn the_certificate_of_a_kubeconfig_is_found_and_nothing_of_it_is_quoted() {
        let user = |pem: &str| format!("- user:\n    client-certificate-data: {}\n", STANDARD.encode(pem));
        let config = format!("users:\n{}{}", user(&pem(false, 2030)), user(&pem(false, 2028)));
        assert_eq!(last_day_of_kubeconfig(&config).unwrap().unwrap().to_string(), "2028-05-01");
        let elsewhere = "users:\n- user:\n    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem\n";
        assert_eq!(last_day_of_kubeconfig(elsewhere), Ok(None));
        assert_eq!(last_day_of_kubeconfig("{}"), Ok(None));
        for text in ["users: [hunter2", "users:\n- user:\n    client-certificate-data: 'hunter2!'\n"] {
            let error = last_day_of_kubeconfig(text).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
