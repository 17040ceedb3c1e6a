//! Which records a declaration wants, from the declaration and the provider block alone.

use std::collections::BTreeSet;
use std::net::IpAddr;

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::ingress::{DnsMode, DnsRecord, Ingress};
use homelab_schema::provider::{Dns, Site};

use super::{Kind, Record, is_in_zone, spelled};
use crate::finding::{Finding, ingress as codes};
use crate::names;

/// Where tunnels answer.
const TUNNELS: &str = "cfargotunnel.com";

/// The records of `planned`, whose `hosts` are filled, in their one order; unknown while anything is that they follow from.
/// Where something is missing there are none, and [`problems`] says so.
pub fn wanted(planned: &Ingress, site: &Site, dns: &Attr<Dns>) -> Attr<Vec<DnsRecord>> {
    match records(planned, site, dns) {
        Answer::Records(records) => Attr::Known(records.iter().map(declared).collect()),
        Answer::Unknown => Attr::Unknown,
        Answer::Missing(_) => Attr::Known(Vec::new()),
    }
}

/// What is missing for the records of `planned`, and hosts that the zone cannot hold. Unknown values are not judged.
pub fn problems(planned: &Ingress, site: &Site, dns: &Attr<Dns>) -> Vec<Finding> {
    let subject = planned.hosts.known().and_then(|hosts| hosts.first()).cloned().unwrap_or_else(|| "?".to_owned());
    let mut findings = Vec::new();
    match records(planned, site, dns) {
        Answer::Records(records) if records.is_empty() => return findings,
        Answer::Missing(Missing { code_is_internal: true, .. }) => findings.push(
            Finding::new(
                codes::DNS_INTERNAL,
                subject,
                "dns is \"internal\", and no internal DNS provider can be declared yet.",
            )
            .at(Path::attr("dns")),
        ),
        Answer::Missing(Missing { words, clears, .. }) => {
            findings.push(Finding::new(codes::DNS_NO_TARGET, subject, words).clears(clears).at(Path::attr("dns")));
        }
        Answer::Records(_) | Answer::Unknown => {}
    }
    if let (Attr::Known(dns), Attr::Known(hosts), Some(DnsMode::Proxied | DnsMode::NonProxied)) =
        (dns, &planned.hosts, planned.dns.known())
        && let Attr::Known(zone) = &dns.zone
    {
        let outside = hosts.iter().enumerate().filter(|(_, host)| !is_in_zone(host, zone));
        findings.extend(outside.map(|(index, host)| outside_zone(host, zone).at(place(index))));
    }
    findings
}

/// The finding for a host that the zone cannot hold.
pub fn outside_zone(host: &str, zone: &str) -> Finding {
    Finding::new(
        codes::DNS_OUTSIDE_ZONE,
        host,
        format!("{host} is not in the zone {zone} of the provider's dns block."),
    )
}

/// The attribute that the nth host comes from.
pub fn place(index: usize) -> Path {
    match index.checked_sub(1) {
        None => Path::attr("host"),
        Some(alias) => Path::attr("host_aliases").then_index(alias),
    }
}

/// The records of a plan or a state; none where it does not know them.
pub fn of_model(model: &Ingress) -> Vec<Record> {
    model.dns_records.known().into_iter().flatten().filter_map(undeclared).collect()
}

/// The names of a plan or a state, also those that have no record.
pub fn names_of(model: &Ingress) -> BTreeSet<String> {
    model.dns_records.known().into_iter().flatten().map(|record| record.name.to_ascii_lowercase()).collect()
}

/// A record as the model has it.
pub fn declared(record: &Record) -> DnsRecord {
    DnsRecord {
        name: record.name.clone(),
        r#type: record.kind.to_string(),
        content: record.content.clone(),
        proxied: record.proxied,
        ttl: 1,
    }
}

fn undeclared(record: &DnsRecord) -> Option<Record> {
    let kind = Kind::of(&record.r#type)?;
    let content = spelled(kind, &record.content);
    Some(Record { name: record.name.to_ascii_lowercase(), kind, content, proxied: record.proxied })
}

enum Answer {
    Records(Vec<Record>),
    Unknown,
    Missing(Missing),
}

struct Missing {
    code_is_internal: bool,
    words: String,
    clears: String,
}

fn missing(words: impl Into<String>, clears: impl Into<String>) -> Answer {
    Answer::Missing(Missing { code_is_internal: false, words: words.into(), clears: clears.into() })
}

fn records(planned: &Ingress, site: &Site, dns: &Attr<Dns>) -> Answer {
    let mode = match planned.dns {
        Attr::Unknown => return Answer::Unknown,
        Attr::Null | Attr::Known(DnsMode::None) => return Answer::Records(Vec::new()),
        Attr::Known(mode) => mode,
    };
    let block = match dns {
        _ if mode == DnsMode::Internal => {
            return Answer::Missing(Missing { code_is_internal: true, words: String::new(), clears: String::new() });
        }
        Attr::Unknown => return Answer::Unknown,
        Attr::Null => {
            return missing(
                "Records are wanted, and the provider has no dns block.",
                "Add a dns block to the provider configuration, or set dns to \"none\".",
            );
        }
        Attr::Known(block) => block,
    };
    let targets = match mode {
        DnsMode::Proxied => proxied_target(block),
        _ => addresses(site),
    };
    let targets = match targets {
        Ok(targets) => targets,
        Err(answer) => return answer,
    };
    let Attr::Known(hosts) = &planned.hosts else { return Answer::Unknown };
    let mut seen = BTreeSet::new();
    let hosts = hosts.iter().map(|host| host.to_ascii_lowercase()).filter(|host| seen.insert(host.clone()));
    let record = |name: &str, (kind, content): &(Kind, String)| Record {
        name: name.to_owned(),
        kind: *kind,
        content: content.clone(),
        proxied: mode == DnsMode::Proxied,
    };
    Answer::Records(
        hosts.flat_map(|host| targets.iter().map(|target| record(&host, target)).collect::<Vec<_>>()).collect(),
    )
}

fn proxied_target(block: &Dns) -> Result<Vec<(Kind, String)>, Answer> {
    match (&block.tunnel_id, &block.proxied_target) {
        (Attr::Known(tunnel), _) if names::is_label(tunnel) => Ok(vec![(Kind::Cname, format!("{tunnel}.{TUNNELS}"))]),
        (Attr::Known(tunnel), _) => Err(missing(
            format!("tunnel_id of the provider's dns block is {tunnel:?}, which is no identifier of a tunnel."),
            "Set it to the identifier that the dashboard shows, such as 6ff42ae2-765d-4adf-8112-31c55c1551ef.",
        )),
        (_, Attr::Known(target)) => {
            if let Ok(address) = target.parse::<IpAddr>() {
                return Ok(vec![of_address(address)]);
            }
            let name = spelled(Kind::Cname, target);
            if names::is_host(&name) {
                return Ok(vec![(Kind::Cname, name)]);
            }
            Err(missing(
                format!(
                    "proxied_target of the provider's dns block is {target:?}, which is no host name and no address."
                ),
                "Correct it.",
            ))
        }
        (Attr::Unknown, _) | (_, Attr::Unknown) => Err(Answer::Unknown),
        (Attr::Null, Attr::Null) => Err(missing(
            "dns is \"proxied\", and neither tunnel_id nor proxied_target of the provider's dns block is set.",
            "Set one of them, or dns to \"non_proxied\".",
        )),
    }
}

fn addresses(site: &Site) -> Result<Vec<(Kind, String)>, Answer> {
    let texts = match &site.public_addresses {
        Attr::Unknown => return Err(Answer::Unknown),
        Attr::Known(texts) if !texts.is_empty() => texts,
        _ => {
            return Err(missing(
                "dns is \"non_proxied\", and public_addresses of the provider's site block is not set.",
                "Set it to the public addresses of the house, or dns to \"proxied\".",
            ));
        }
    };
    let mut targets = BTreeSet::new();
    for text in texts {
        match text.trim().parse::<IpAddr>() {
            Ok(address) if !address.is_loopback() && !address.is_unspecified() => targets.insert(of_address(address)),
            _ => {
                return Err(missing(
                    format!("public_addresses of the provider's site block has {text:?}, which is no public address."),
                    "Correct it.",
                ));
            }
        };
    }
    // In the order of kinds and addresses, so that the order in which they are written down changes nothing.
    Ok(targets.into_iter().collect())
}

fn of_address(address: IpAddr) -> (Kind, String) {
    let kind = if address.is_ipv4() { Kind::A } else { Kind::Aaaa };
    (kind, address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Attr<String> {
        Attr::Known(text.to_owned())
    }

    fn ingress(mode: DnsMode, hosts: &[&str]) -> Ingress {
        let hosts = Attr::Known(hosts.iter().map(|host| (*host).to_owned()).collect());
        Ingress { dns: Attr::Known(mode), hosts, ..Ingress::default() }
    }

    fn site(addresses: &[&str]) -> Site {
        let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
        Site { public_addresses: Attr::Known(addresses), ..Site::default() }
    }

    fn block() -> Dns {
        Dns { zone: text("example.net"), tunnel_id: text("6ff42ae2-765d"), ..Dns::default() }
    }

    fn lines(wanted: Attr<Vec<DnsRecord>>) -> Vec<String> {
        let line = |record: DnsRecord| {
            let DnsRecord { name, r#type, content, proxied, ttl } = record;
            format!("{name} {type} {content} {proxied} {ttl}")
        };
        wanted.into_known().expect("known").into_iter().map(line).collect()
    }

    #[test]
    fn proxied_is_a_name_of_the_tunnel_for_each_host() {
        let planned = ingress(DnsMode::Proxied, &["example.net", "www.example.net", "WWW.example.net"]);
        let wanted = wanted(&planned, &Site::default(), &Attr::Known(block()));
        assert_eq!(
            lines(wanted),
            [
                "example.net CNAME 6ff42ae2-765d.cfargotunnel.com true 1",
                "www.example.net CNAME 6ff42ae2-765d.cfargotunnel.com true 1",
            ]
        );
        assert_eq!(problems(&planned, &Site::default(), &Attr::Known(block())), []);
    }

    #[test]
    fn without_a_tunnel_it_is_the_target_by_name_or_address() {
        let planned = ingress(DnsMode::Proxied, &["a.example.net"]);
        for (target, expected) in [
            ("Edge.example.net.", "a.example.net CNAME edge.example.net true 1"),
            ("192.0.2.7", "a.example.net A 192.0.2.7 true 1"),
            ("2001:DB8::7", "a.example.net AAAA 2001:db8::7 true 1"),
        ] {
            let block = Dns { tunnel_id: Attr::Null, proxied_target: text(target), ..block() };
            assert_eq!(lines(wanted(&planned, &Site::default(), &Attr::Known(block))), [expected]);
        }
    }

    #[test]
    fn non_proxied_is_every_address_of_the_house_whatever_their_order() {
        let planned = ingress(DnsMode::NonProxied, &["a.example.net"]);
        let expected = [
            "a.example.net A 192.0.2.1 false 1",
            "a.example.net A 192.0.2.2 false 1",
            "a.example.net AAAA 2001:db8::1 false 1",
        ];
        for addresses in [["192.0.2.1", "192.0.2.2", "2001:db8::1"], ["2001:db8:0::1", "192.0.2.2", "192.0.2.1"]] {
            assert_eq!(lines(wanted(&planned, &site(&addresses), &Attr::Known(block()))), expected);
        }
    }

    #[test]
    fn none_wants_nothing_and_needs_no_block() {
        let planned = ingress(DnsMode::None, &["a.elsewhere.org"]);
        assert_eq!(wanted(&planned, &Site::default(), &Attr::Null), Attr::Known(Vec::new()));
        assert_eq!(problems(&planned, &Site::default(), &Attr::Null), []);
    }

    #[test]
    fn what_is_unknown_makes_the_records_unknown_and_is_not_judged() {
        let proxied = ingress(DnsMode::Proxied, &["a.example.net"]);
        let direct = ingress(DnsMode::NonProxied, &["a.example.net"]);
        let no_hosts = Ingress { hosts: Attr::Unknown, ..proxied.clone() };
        let no_mode = Ingress { dns: Attr::Unknown, ..proxied.clone() };
        let later = Dns { tunnel_id: Attr::Unknown, ..block() };
        let no_addresses = Site { public_addresses: Attr::Unknown, ..Site::default() };
        for (planned, site, dns) in [
            (&proxied, Site::default(), Attr::Known(later)),
            (&proxied, Site::default(), Attr::Unknown),
            (&direct, no_addresses, Attr::Known(block())),
            (&no_hosts, Site::default(), Attr::Known(block())),
            (&no_mode, Site::default(), Attr::Known(block())),
        ] {
            assert_eq!(wanted(planned, &site, &dns), Attr::Unknown);
            assert_eq!(problems(planned, &site, &dns), []);
        }
    }

    #[test]
    fn what_is_missing_is_named_with_its_argument() {
        let (proxied, direct) =
            (ingress(DnsMode::Proxied, &["a.example.net"]), ingress(DnsMode::NonProxied, &["a.example.net"]));
        let internal = ingress(DnsMode::Internal, &["a.example.net"]);
        let untold = Dns { tunnel_id: Attr::Null, ..block() };
        let odd = Dns { tunnel_id: text("a b"), ..block() };
        let wrong = Dns { tunnel_id: Attr::Null, proxied_target: text("not a host"), ..block() };
        for (planned, site, dns, code, says) in [
            (&proxied, site(&[]), Attr::Null, codes::DNS_NO_TARGET, "no dns block"),
            (&proxied, site(&[]), Attr::Known(untold), codes::DNS_NO_TARGET, "tunnel_id"),
            (&proxied, site(&[]), Attr::Known(odd), codes::DNS_NO_TARGET, "no identifier of a tunnel"),
            (&proxied, site(&[]), Attr::Known(wrong), codes::DNS_NO_TARGET, "not a host"),
            (&direct, site(&[]), Attr::Known(block()), codes::DNS_NO_TARGET, "public_addresses"),
            (&direct, site(&["home"]), Attr::Known(block()), codes::DNS_NO_TARGET, "\"home\""),
            (&direct, site(&["127.0.0.1"]), Attr::Known(block()), codes::DNS_NO_TARGET, "127.0.0.1"),
            (&internal, site(&[]), Attr::Known(block()), codes::DNS_INTERNAL, "no internal DNS provider"),
        ] {
            let findings = problems(planned, &site, &dns);
            assert_eq!(findings.len(), 1, "{says}");
            assert_eq!((findings[0].code, findings[0].path.to_string().as_str()), (code, "dns"));
            assert!(findings[0].observed.contains(says), "{}", findings[0].observed);
            assert_eq!(wanted(planned, &site, &dns), Attr::Known(Vec::new()));
        }
    }

    #[test]
    fn hosts_outside_the_zone_are_refused_each_at_its_attribute() {
        let planned = ingress(DnsMode::Proxied, &["a.example.net", "a.example.org", "badexample.net"]);
        let findings = problems(&planned, &Site::default(), &Attr::Known(block()));
        let at: Vec<String> = findings.iter().map(|finding| finding.path.to_string()).collect();
        assert_eq!(at, ["host_aliases[0]", "host_aliases[1]"]);
        let unnamed = Dns { zone: Attr::Null, ..block() };
        assert_eq!(problems(&planned, &Site::default(), &Attr::Known(unnamed)), [], "only the API knows the zone then");
    }

    #[test]
    fn a_state_is_read_back() {
        let planned = ingress(DnsMode::Proxied, &["a.example.net"]);
        let dns_records = wanted(&planned, &Site::default(), &Attr::Known(block()));
        let model = Ingress { dns_records: dns_records.clone(), ..planned };
        assert_eq!(Attr::Known(of_model(&model).iter().map(declared).collect()), dns_records);
        assert_eq!(names_of(&model).into_iter().collect::<Vec<_>>(), ["a.example.net"]);
    }
}
