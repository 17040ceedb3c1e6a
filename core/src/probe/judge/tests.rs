use homelab_cty::{Attr, Path};
use homelab_schema::carveout_probe::WallSystem;
use proptest::prelude::*;

use super::*;
use crate::probe::signature::{Proves, Recognised};
use crate::probe::{Proof, Url, Way};

fn check(outcome: Outcome) -> Check {
    Check {
        label: "share".to_owned(),
        at: Path::attr("target").then_key("share"),
        url: Url::parse("https://photos.example.net/share?token=s3cret").unwrap(),
        method: "GET".to_owned(),
        way: Way::Plain,
        headers: Vec::new(),
        outcome,
        proof: Proof::default(),
    }
}

fn sample(observed: Observed) -> Observation {
    let failure = match observed {
        Observed::Unreachable => Some(Failure::Unreachable("no answer within 10s".to_owned())),
        Observed::TlsInvalid => Some(Failure::TlsInvalid("the certificate has expired".to_owned())),
        Observed::DnsAbsent => Some(Failure::DnsAbsent("the name has no address".to_owned())),
        _ => None,
    };
    match failure {
        Some(failure) => Observation::failed(failure),
        None => Observation {
            observed,
            wall: matches!(observed, Observed::Gated | Observed::GatedDegraded).then(|| Recognised {
                system: Some(WallSystem::Authentik),
                form: "sign-in redirect",
                proves: Proves::Gate,
                issuer: None,
                client_id: None,
            }),
            status: Some(200),
            why: "seen".to_owned(),
            unmet: false,
            refused: false,
            failure: None,
        },
    }
}

fn judged(outcome: Outcome, samples: &[Observed], threshold: usize) -> Judged {
    let samples = samples.iter().copied().map(sample).collect();
    judge(vec![check(outcome)], vec![samples], threshold).judged.remove(0)
}

#[test]
fn declared_and_observed_give_the_verdict() {
    use Observed::{Ambiguous, DnsAbsent, Gated, GatedDegraded, OriginError, Public, TlsInvalid, Unreachable};
    use Verdict::{Degraded, Exposed, Ok, Unknown, Walled};
    // observed; declared public, gated, gated or refused, either
    let table = [
        (Public, Ok, Exposed, Exposed, Ok),
        (Gated, Walled, Ok, Ok, Ok),
        (GatedDegraded, Walled, Degraded, Degraded, Degraded),
        (OriginError, Unknown, Unknown, Unknown, Unknown),
        (Unreachable, Unknown, Unknown, Unknown, Unknown),
        (TlsInvalid, Unknown, Unknown, Unknown, Unknown),
        (DnsAbsent, Unknown, Unknown, Unknown, Unknown),
        (Ambiguous, Unknown, Unknown, Unknown, Unknown),
    ];
    for (observed, public, gated, refused, either) in table {
        for (outcome, verdict) in [
            (Outcome::Public, public),
            (Outcome::Gated, gated),
            (Outcome::GatedOrRefused, refused),
            (Outcome::Either, either),
        ] {
            assert_eq!(judged(outcome, &[observed; 3], 2).verdict, verdict, "{observed:?} {outcome:?}");
        }
    }
    let refused = Observation { refused: true, ..sample(Ambiguous) };
    assert_eq!(verdict_of(Outcome::GatedOrRefused, &refused), Ok);
    assert_eq!(verdict_of(Outcome::Gated, &refused), Unknown);
    let unmet = Observation { unmet: true, ..sample(Ambiguous) };
    assert_eq!(verdict_of(Outcome::Public, &unmet), Degraded);
}

#[test]
fn samples_that_differ_are_counted() {
    use Observed::{Gated, OriginError, Public, Unreachable};
    use Verdict::{Exposed, Ok, Unknown, Walled};
    type Row = (Outcome, &'static [Observed], usize, Verdict, &'static str, &'static str);
    let table: [Row; 11] = [
        (Outcome::Public, &[Public, Public, Public], 2, Ok, "public", "3/3"),
        (Outcome::Public, &[Gated, Public, Public], 2, Unknown, "ambiguous", "1/3"),
        (Outcome::Public, &[Gated, Public, Gated], 2, Walled, "gated", "2/3"),
        (Outcome::Public, &[Gated, Public, Public], 1, Walled, "gated", "1/3"),
        (Outcome::Public, &[Public, Unreachable, Public], 2, Ok, "public", "2/3"),
        (Outcome::Public, &[Public, Unreachable, Unreachable], 2, Unknown, "unreachable", "2/3"),
        (Outcome::Public, &[Public, OriginError, Public], 2, Unknown, "ambiguous", "1/3"),
        (Outcome::Gated, &[Gated, Gated, Public], 2, Exposed, "public", "1/3"),
        (Outcome::Gated, &[Public], 2, Exposed, "public", "1/1"),
        (Outcome::Gated, &[Gated, Unreachable, Gated], 2, Ok, "gated", "2/3"),
        (Outcome::Public, &[], 2, Unknown, "unreachable", "0/0"),
    ];
    for (outcome, samples, threshold, verdict, observed, share) in table {
        let result = judged(outcome, samples, threshold).result();
        let expected = (verdict, observed, share);
        assert_eq!((result.verdict, result.observed.as_str(), result.share.as_str()), expected, "{samples:?}");
    }
}

#[test]
fn sampling_stops_when_more_would_change_nothing() {
    use Observed::{DnsAbsent, Gated, Public, TlsInvalid, Unreachable};
    let table: [(Outcome, &[Observed], bool); 9] = [
        (Outcome::Gated, &[], false),
        (Outcome::Gated, &[Public], true),
        (Outcome::Gated, &[Gated, Gated], false),
        (Outcome::Gated, &[Gated, Gated, Gated], true),
        (Outcome::Public, &[Gated, Gated], false),
        (Outcome::Public, &[Unreachable], false),
        (Outcome::Public, &[Unreachable, Unreachable], true),
        (Outcome::Public, &[DnsAbsent], true),
        (Outcome::Public, &[TlsInvalid], true),
    ];
    for (outcome, samples, expected) in table {
        let samples: Vec<_> = samples.iter().copied().map(sample).collect();
        assert_eq!(enough(&check(outcome), &samples, 3, 2), expected, "{samples:?}");
    }
}

#[test]
fn the_worst_verdict_stands_and_findings_come_worst_first() {
    let table = [
        (Outcome::Public, Observed::Public),
        (Outcome::Public, Observed::Unreachable),
        (Outcome::Public, Observed::Gated),
        (Outcome::Gated, Observed::Public),
    ];
    let checks = table.iter().map(|(outcome, _)| check(*outcome)).collect();
    let samples = table.iter().map(|(_, observed)| vec![sample(*observed)]).collect();
    let report = judge(checks, samples, 1);
    assert_eq!(report.verdict, Verdict::Exposed);
    assert_eq!(report.checked(), 3);
    let findings = report.findings();
    let codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [probe::EXPOSED, probe::WALLED, probe::UNKNOWN]);
    assert!(findings.iter().all(|finding| finding.path == Path::attr("target").then_key("share")));
    assert!(!format!("{findings:?} {:?}", report.results()).contains("s3cret"));
}

#[test]
fn nothing_measured_is_unknown() {
    let nothing = judge(Vec::new(), Vec::new(), 1);
    assert_eq!(nothing.verdict, Verdict::Unknown);
    assert_eq!(nothing.findings().len(), 1);
    assert_eq!(judge(vec![check(Outcome::Public)], Vec::new(), 1).verdict, Verdict::Unknown);
}

#[test]
fn a_gate_that_is_down_is_one_finding() {
    let door = |label: &str| Check { at: Path::attr("target").then_key(label), ..check(Outcome::Gated) };
    let checks = ["a", "b", "c", "d", "e"].map(door).to_vec();
    let samples = vec![vec![sample(Observed::GatedDegraded); 2]; 5];
    let findings = judge(checks, samples, 2).findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code, probe::DEGRADED);
    assert!(findings[0].observed.ends_with("and 1 more."), "{}", findings[0].observed);
}

#[test]
fn paths_of_one_door_that_are_wrong_alike_are_one_finding() {
    let path = |path: &str| Check { url: check(Outcome::Public).url.with_path(path), ..check(Outcome::Public) };
    let other = Check { at: Path::attr("target").then_key("api"), ..path("/api") };
    let checks = vec![path("/share"), path("/share/"), other];
    let samples = vec![vec![sample(Observed::Gated)]; 3];
    let findings = judge(checks, samples, 1).findings();
    assert_eq!(findings.len(), 2);
    assert!(findings[0].observed.ends_with(" The same is true of https://photos.example.net/share/."), "{findings:?}");
    assert_eq!(findings[1].path, Path::attr("target").then_key("api"));
}

#[test]
fn the_share_is_no_news_and_everything_else_is() {
    let one = judge(vec![check(Outcome::Public)], vec![vec![sample(Observed::Gated); 3]], 2);
    let other = vec![sample(Observed::Gated), sample(Observed::Public), sample(Observed::Gated)];
    let other = judge(vec![check(Outcome::Public)], vec![other], 2);
    assert_ne!(one.results(), other.results());
    assert!(one.says_the_same(&other.results()));
    let good = judge(vec![check(Outcome::Public)], vec![vec![sample(Observed::Public); 3]], 2);
    assert!(!one.says_the_same(&good.results()));
    assert!(!one.says_the_same(&[]));
}

#[test]
fn a_complaint_about_another_path_is_another_complaint() {
    let report = |observed: [Observed; 2]| {
        let mut second = check(Outcome::Public);
        second.url = second.url.with_path("/api");
        let samples = observed.into_iter().map(|observed| vec![sample(observed)]).collect();
        judge(vec![check(Outcome::Public), second], samples, 1)
    };
    let first = report([Observed::Gated, Observed::Public]);
    let both = report([Observed::Gated, Observed::Gated]);
    assert_eq!(first.verdict, both.verdict);
    assert!(first.complaints().is_subset(&both.complaints()));
    assert!(!both.complaints().is_subset(&first.complaints()));
    assert!(report([Observed::Public, Observed::Public]).complaints().is_empty());
}

#[test]
fn each_verdict_has_its_reaction() {
    let model = CarveoutProbe {
        on_exposed: Attr::Known(OnVerdict::Warn),
        on_walled: Attr::Known(OnVerdict::Record),
        ..CarveoutProbe::default()
    };
    let table = [
        (Verdict::Ok, OnVerdict::Record),
        (Verdict::Exposed, OnVerdict::Warn),
        (Verdict::Walled, OnVerdict::Record),
        (Verdict::Degraded, OnVerdict::Record),
        (Verdict::Unknown, OnVerdict::Error),
    ];
    for (verdict, expected) in table {
        assert_eq!(reaction(&model, verdict), expected, "{verdict:?}");
    }
}

const ALL: [Observed; 8] = [
    Observed::Public,
    Observed::Gated,
    Observed::GatedDegraded,
    Observed::OriginError,
    Observed::Unreachable,
    Observed::TlsInvalid,
    Observed::DnsAbsent,
    Observed::Ambiguous,
];

proptest! {
    /// Whatever the samples: their order does not matter, a pass needs enough right ones and no wrong answer among the
    /// others, and a gated path that let anybody through is never anything but exposed.
    #[test]
    fn a_pass_is_never_given_away(
        samples in prop::collection::vec(prop::sample::select(&ALL[..]), 0..7),
        gated in any::<bool>(),
        threshold in 1_usize..5,
    ) {
        let (outcome, right) = if gated { (Outcome::Gated, Observed::Gated) } else { (Outcome::Public, Observed::Public) };
        let verdict = judged(outcome, &samples, threshold).verdict;
        let mut backwards = samples.clone();
        backwards.reverse();
        prop_assert_eq!(verdict, judged(outcome, &backwards, threshold).verdict);
        let silent = [Observed::Unreachable, Observed::TlsInvalid, Observed::DnsAbsent];
        let good = samples.iter().filter(|sample| **sample == right).count();
        if verdict == Verdict::Ok {
            prop_assert!(good >= threshold.min(samples.len()) && good > 0);
            prop_assert!(samples.iter().all(|sample| *sample == right || silent.contains(sample)));
        }
        if gated && samples.contains(&Observed::Public) {
            prop_assert_eq!(verdict, Verdict::Exposed);
        }
        if !gated && !samples.iter().any(|sample| [Observed::Gated, Observed::GatedDegraded].contains(sample)) {
            prop_assert_ne!(verdict, Verdict::Walled);
        }
    }
}

#[test]
fn one_answer_to_a_canary_is_enough_and_a_lost_one_is_asked_for_again() {
    let canary = Check { way: Way::Spoof("bearer"), ..check(Outcome::GatedOrRefused) };
    let lost = || sample(Observed::Unreachable);
    assert!(!enough(&canary, &[], 3, 2));
    assert!(!enough(&canary, &[lost()], 3, 2));
    let taken = vec![lost(), sample(Observed::Gated)];
    assert!(enough(&canary, &taken, 3, 2));
    let report = judge(vec![canary.clone()], vec![taken], 2);
    assert_eq!((report.verdict, report.results()[0].with.as_str()), (Verdict::Ok, "spoof bearer"));
    let report = judge(vec![canary], vec![vec![sample(Observed::Public)]], 2);
    assert_eq!(report.verdict, Verdict::Exposed);
    assert!(report.findings()[0].observed.contains("(spoof bearer)"), "{:?}", report.findings());
    assert!(report.complaints().iter().all(|complaint| complaint.ends_with("(spoof bearer)")));
}

#[test]
fn evidence_stays_while_nothing_changes_and_differs_where_something_does() {
    let with = |change: &dyn Fn(&mut Check, &mut Observation)| {
        let (mut check, mut sample) = (check(Outcome::Gated), sample(Observed::Gated));
        change(&mut check, &mut sample);
        judge(vec![check], vec![vec![sample; 3]], 2).judged.remove(0)
    };
    let first = with(&|_, _| ()).evidence();
    assert_eq!(first.len(), 12);
    assert!(first.bytes().all(|digit| digit.is_ascii_hexdigit()), "{first}");
    assert_eq!(with(&|_, _| ()).evidence(), first);
    assert_eq!(with(&|_, sample| sample.status = Some(303)).evidence(), first, "a status changes by chance");
    assert_eq!(with(&|check, _| check.label = "other".to_owned()).evidence(), first, "a name is no fact");
    let issuer = |sample: &mut Observation| sample.wall.as_mut().unwrap().issuer = Some("auth.example.org".to_owned());
    let client = |sample: &mut Observation| sample.wall.as_mut().unwrap().client_id = Some("other".to_owned());
    let others = [
        with(&|_, sample| issuer(sample)),
        with(&|_, sample| client(sample)),
        with(&|_, sample| sample.observed = Observed::Public),
        with(&|_, sample| sample.wall = None),
        with(&|check, _| check.method = "HEAD".to_owned()),
        with(&|check, _| check.way = Way::Json),
        with(&|check, _| check.url = check.url.with_path("/other")),
        with(&|check, _| check.outcome = Outcome::Public),
    ];
    let mut seen: Vec<String> = others.iter().map(Judged::evidence).collect();
    seen.push(first);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 9);
    // An issuer that changes is news, although no other field of a result shows it.
    let report = |judged: Judged| Report { verdict: judged.verdict, judged: vec![judged], ending: Vec::new() };
    assert!(!report(with(&|_, _| ())).says_the_same(&report(with(&|_, sample| issuer(sample))).results()));
    let finding = with(&|_, sample| sample.observed = Observed::Public).finding().unwrap();
    let evidence = with(&|_, sample| sample.observed = Observed::Public).evidence();
    assert!(finding.observed.ends_with(&format!("(3 of 3 samples, evidence {evidence}).")), "{}", finding.observed);
}

fn on_host(number: usize, path: &str, outcome: Outcome) -> Check {
    Check {
        at: Path::attr("target").then_key(&format!("{number}{path}")),
        url: Url::parse(&format!("https://app{number}.example.net{path}")).unwrap(),
        ..check(outcome)
    }
}

#[test]
fn what_is_in_front_of_several_hosts_is_told_once() {
    let lost = |why: &str| Observation::failed(Failure::Unreachable(why.to_owned()));
    let fails = || Observation { wall: None, status: Some(400), ..sample(Observed::Ambiguous) };
    let codes = |samples: [Observation; 3], outcome: Outcome| -> Vec<(Code, Path)> {
        let checks = (0..3).map(|number| on_host(number, "/", outcome)).collect();
        let findings = judge(checks, samples.map(|sample| vec![sample]).to_vec(), 1).findings();
        findings.into_iter().map(|finding| (finding.code, finding.path)).collect()
    };
    let root = Path::root;
    // A load balancer, and a resolver, which names the host that it was asked for.
    let refused = || lost("192.0.2.7:443: the connection was refused");
    assert_eq!(codes([refused(), refused(), refused()], Outcome::Gated), [(probe::UNKNOWN, root())]);
    let looked_up = |number: usize| lost(&format!("app{number}.example.net could not be looked up: no answer"));
    assert_eq!(codes([looked_up(0), looked_up(1), looked_up(2)], Outcome::Public), [(probe::UNKNOWN, root())]);
    let given_up = || Observation::failed(Failure::GivenUp(Box::new(refused().failure.unwrap())));
    assert_eq!(codes([refused(), given_up(), given_up()], Outcome::Public), [(probe::UNKNOWN, root())]);
    // A gate that answers 400 to everything.
    assert_eq!(codes([fails(), fails(), fails()], Outcome::Gated), [(probe::GATE_FAILS, root())]);
    // Apps that answer 400 are their own matter, and so are hosts of a gate that is fine elsewhere.
    let at = |number: usize| Path::attr("target").then_key(&format!("{number}/"));
    let unknown = |number: usize| (probe::UNKNOWN, at(number));
    assert_eq!(codes([fails(), fails(), fails()], Outcome::Public), [unknown(0), unknown(1), unknown(2)]);
    assert_eq!(codes([fails(), fails(), sample(Observed::Gated)], Outcome::Gated), [unknown(0), unknown(1)]);
    // Two reasons are two findings, and one host is its own matter.
    let timed_out = lost("192.0.2.8:443: no connection within 10s");
    assert_eq!(codes([refused(), refused(), timed_out], Outcome::Gated), [(probe::UNKNOWN, root()), unknown(2)]);
}

#[test]
fn certificates_that_end_soon_are_told_and_are_no_complaint() {
    let fine = judge(vec![check(Outcome::Public)], vec![vec![sample(Observed::Public)]], 1);
    let ending = vec![Ending { host: "photos.example.net".to_owned(), days: 3 }];
    let report = Report { ending, ..fine.clone() };
    assert_eq!((report.results(), report.complaints(), report.told().len()), (fine.results(), fine.complaints(), 0));
    let told: Vec<(Code, String)> = report.findings().into_iter().map(|it| (it.code, it.observed)).collect();
    assert_eq!(told, [(probe::CERTIFICATE_ENDS, "The certificate of photos.example.net ends in 3 days.".to_owned())]);
}
