//! Tables and generated zones: whatever was there, one step leads to what is wanted, and nothing of others is touched.

use std::collections::BTreeSet;

use super::changes::{Verdict, judge, ours, removal};
use super::mark::Mark;
use super::{Found, Kind, Record, is_in_zone, spelled};

const OWNER: &str = "homelab_ingress photos/photos";
const CREATED: &str = "0123456789abcdef";
const EARLIER: &str = "00000000deadbeef";

fn mark() -> Mark {
    Mark::new(OWNER, CREATED)
}

fn record(name: &str, kind: Kind, content: &str, proxied: bool) -> Record {
    Record { name: name.to_owned(), kind, content: spelled(kind, content), proxied }
}

fn proxied(name: &str) -> Record {
    record(name, Kind::Cname, "t.cfargotunnel.com", true)
}

fn addresses(name: &str) -> Vec<Record> {
    vec![record(name, Kind::A, "192.0.2.1", false), record(name, Kind::Aaaa, "2001:db8::1", false)]
}

fn found(id: &str, record: &Record, comment: &str) -> Found {
    Found {
        id: id.to_owned(),
        name: record.name.clone(),
        kind: record.kind.to_string(),
        content: record.content.clone(),
        proxied: record.proxied,
        ttl: 1,
        comment: comment.to_owned(),
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn judged(wanted: &[Record], zone: &[Found]) -> Verdict {
    judge(wanted, &BTreeSet::new(), zone, &mark(), false)
}

/// What the zone is after the changes.
fn after(zone: &[Found], verdict: &Verdict, mark: &Mark) -> Vec<Found> {
    let mut zone: Vec<Found> =
        zone.iter().filter(|one| !verdict.changes.deletes.iter().any(|gone| gone.id == one.id)).cloned().collect();
    for (id, wanted) in &verdict.changes.patches {
        let slot = zone.iter_mut().find(|one| one.id == *id).expect("a patched record was there");
        *slot = found(id, wanted, &mark.text());
    }
    let posts = verdict.changes.posts.iter().enumerate();
    zone.extend(posts.map(|(index, wanted)| found(&format!("new{index}"), wanted, &mark.text())));
    zone
}

#[test]
fn an_empty_zone_gets_the_records_and_a_right_one_nothing() {
    let wanted = addresses("photos.example.net");
    let verdict = judged(&wanted, &[]);
    assert_eq!((&verdict.changes.posts, verdict.clashes.len()), (&wanted, 0));
    let zone = after(&[], &verdict, &mark());
    assert!(judged(&wanted, &zone).changes.is_empty());
}

#[test]
fn what_of_ours_differs_is_changed_in_place() {
    let wanted = [proxied("photos.example.net")];
    let other = record("photos.example.net", Kind::Cname, "old.cfargotunnel.com", true);
    let exposed = record("photos.example.net", Kind::Cname, "t.cfargotunnel.com", false);
    let mut slow = found("1", &wanted[0], &mark().text());
    slow.ttl = 300;
    let of_before = found("1", &wanted[0], &Mark::new(OWNER, EARLIER).text());
    for before in [found("1", &other, &mark().text()), found("1", &exposed, &mark().text()), slow, of_before] {
        let verdict = judged(&wanted, std::slice::from_ref(&before));
        assert_eq!(verdict.changes.patches, [("1".to_owned(), wanted[0].clone())], "{before}");
        assert!(verdict.changes.posts.is_empty() && verdict.changes.deletes.is_empty() && verdict.clashes.is_empty());
    }
}

#[test]
fn from_a_tunnel_to_addresses_the_name_goes_before_they_come() {
    let zone = [found("1", &proxied("photos.example.net"), &mark().text())];
    let verdict = judged(&addresses("photos.example.net"), &zone);
    assert_eq!(verdict.changes.deletes, zone);
    assert_eq!(verdict.changes.posts, addresses("photos.example.net"));
}

#[test]
fn an_unmarked_record_is_adopted_only_as_it_is() {
    let wanted = [proxied("photos.example.net")];
    let same = found("1", &wanted[0], "made by hand");
    let verdict = judged(&wanted, std::slice::from_ref(&same));
    assert_eq!((verdict.changes.patches.len(), verdict.clashes.len()), (1, 0));

    let elsewhere = record("photos.example.net", Kind::A, "198.51.100.7", false);
    let exposed = Record { proxied: false, ..wanted[0].clone() };
    for other in [elsewhere, exposed] {
        let zone = [found("1", &other, "")];
        let verdict = judged(&wanted, &zone);
        assert_eq!((verdict.clashes.len(), &verdict.clashes[0].owner), (1, &None), "{other}");
        let taken = judge(&wanted, &BTreeSet::new(), &zone, &mark(), true);
        assert!(taken.clashes.is_empty());
        assert!(judged(&wanted, &after(&zone, &taken, &mark())).changes.is_empty());
    }
}

#[test]
fn another_resource_keeps_its_name_even_where_it_says_the_same() {
    let wanted = [proxied("photos.example.net")];
    let theirs = Mark::new("homelab_ingress photos/gallery", EARLIER).text();
    let verdict = judged(&wanted, &[found("1", &wanted[0], &theirs)]);
    assert_eq!(verdict.clashes[0].owner.as_deref(), Some("homelab_ingress photos/gallery"));
}

#[test]
fn what_lives_beside_addresses_is_left_and_a_delegation_never_taken() {
    let wanted = [proxied("photos.example.net")];
    let beside = |kind: &str| Found { kind: kind.to_owned(), ..found("1", &wanted[0], "") };
    for kind in ["TXT", "MX", "CAA"] {
        assert!(judged(&wanted, &[beside(kind)]).clashes.is_empty(), "{kind}");
    }
    let verdict = judge(&wanted, &BTreeSet::new(), &[beside("NS")], &mark(), true);
    assert!(!verdict.clashes[0].can_overwrite);
}

#[test]
fn a_former_name_loses_our_records_and_no_others() {
    let (old, new) = ([proxied("old.example.net")], [proxied("new.example.net")]);
    let zone = [
        found("ours", &old[0], &mark().text()),
        found("earlier", &record("old.example.net", Kind::A, "192.0.2.9", false), &Mark::new(OWNER, EARLIER).text()),
        found("hand", &record("old.example.net", Kind::Aaaa, "2001:db8::9", false), ""),
        found("elsewhere", &proxied("other.example.net"), &mark().text()),
    ];
    let verdict = judge(&new, &names(&["old.example.net", "new.example.net"]), &zone, &mark(), true);
    let gone: Vec<&str> = verdict.changes.deletes.iter().map(|record| record.id.as_str()).collect();
    assert_eq!((gone, &verdict.changes.posts[..]), (vec!["ours"], &new[..]));
}

#[test]
fn a_destroy_removes_what_this_creation_made() {
    let record = proxied("photos.example.net");
    let zone = [
        found("ours", &record, &mark().text()),
        found("newer", &record, &Mark::new(OWNER, EARLIER).text()),
        found("hand", &record, ""),
        found("elsewhere", &proxied("other.example.net"), &mark().text()),
    ];
    let at = names(&["photos.example.net"]);
    let ids = |found: Vec<Found>| found.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(removal(&at, &zone, &mark(), true).deletes), ["ours"]);
    assert_eq!(ids(removal(&at, &zone, &mark(), false).deletes), ["ours", "newer"]);
    assert_eq!(ids(ours(&at, &zone, &mark(), true)), ["ours"]);
}

#[test]
fn spellings_of_one_content_are_the_same() {
    assert_eq!(spelled(Kind::Aaaa, "2001:0DB8:0:0::1"), "2001:db8::1");
    assert_eq!(spelled(Kind::Cname, "T.CFargotunnel.com."), "t.cfargotunnel.com");
    assert_eq!(spelled(Kind::A, " 192.0.2.1"), "192.0.2.1");
}

#[test]
fn a_zone_ends_at_a_dot() {
    for (name, inside) in [
        ("example.net", true),
        ("photos.example.net", true),
        ("a.b.EXAMPLE.net", true),
        ("badexample.net", false),
        ("net", false),
        ("photos.example.net.evil.org", false),
    ] {
        assert_eq!(is_in_zone(name, "example.net"), inside, "{name}");
    }
}

/// Every zone of up to three records out of a small world, against every declaration: one step is enough, and records of
/// others are as before.
#[test]
fn one_step_converges_and_leaves_others_alone() {
    let name = "photos.example.net";
    let shapes = [
        proxied(name),
        record(name, Kind::Cname, "old.cfargotunnel.com", true),
        record(name, Kind::A, "192.0.2.1", false),
        record(name, Kind::A, "192.0.2.2", false),
        record(name, Kind::A, "192.0.2.1", true),
        record(name, Kind::Aaaa, "2001:db8::1", false),
        proxied("former.example.net"),
    ];
    let comments = [
        mark().text(),
        Mark::new(OWNER, EARLIER).text(),
        Mark::new("homelab_ingress a/b", CREATED).text(),
        String::new(),
    ];
    let mut world = Vec::new();
    for (shape, record) in shapes.iter().enumerate() {
        for (comment, text) in comments.iter().enumerate() {
            world.push(found(&format!("{shape}-{comment}"), record, text));
        }
    }
    let wanteds = [vec![], vec![proxied(name)], addresses(name)];
    let former = names(&[name, "former.example.net"]);
    let (mut judged_zones, mut clashes) = (0, 0);
    for one in 0..world.len() {
        for two in one..world.len() {
            for three in two..world.len() {
                let picked: BTreeSet<usize> = [one, two, three].into();
                let zone: Vec<Found> = picked.into_iter().map(|index| world[index].clone()).collect();
                for wanted in &wanteds {
                    for overwrite in [false, true] {
                        let verdict = judge(wanted, &former, &zone, &mark(), overwrite);
                        judged_zones += 1;
                        if !verdict.clashes.is_empty() {
                            assert!(!overwrite);
                            clashes += 1;
                            continue;
                        }
                        let after = after(&zone, &verdict, &mark());
                        let again = judge(wanted, &former, &after, &mark(), overwrite);
                        assert!(
                            again.changes.is_empty() && again.clashes.is_empty(),
                            "{zone:#?}\n{wanted:?}\n{again:?}"
                        );
                        for foreign in zone.iter().filter(|one| {
                            Mark::of(&one.comment).is_some_and(|live| !live.has_owner_of(&mark()))
                                && (!overwrite || !wanted.iter().any(|record| record.name == one.name))
                        }) {
                            assert!(after.contains(foreign), "{foreign} of another owner was touched");
                        }
                        // No CNAME stands beside an address.
                        let at =
                            |kind| after.iter().filter(|one| one.name == name && (one.kind == "CNAME") == kind).count();
                        if !wanted.is_empty() {
                            assert!(at(true) == 0 || at(false) == 0, "{after:#?}");
                        }
                    }
                }
            }
        }
    }
    assert!(judged_zones > 10_000 && clashes > 1_000, "{judged_zones} zones, {clashes} clashes");
}
