use std::collections::BTreeSet;

use homelab_cty::Path;

use super::*;
use crate::probe::Url;

fn door(path: &str, expect: Expect) -> Door {
    Door {
        label: path.to_owned(),
        at: Path::attr("target").then_key(path),
        url: Url::parse(&format!("https://photos.example.net:8443{path}")).unwrap(),
        expect,
        prefix: false,
        methods: vec!["GET".to_owned()],
        headers: Vec::new(),
        proof: Proof::default(),
        websocket: false,
        cors_origin: None,
    }
}

const NARROW: Breadth = Breadth { boundary: false, spoof: false, matrix: Matrix::Off, elsewhere: false };

fn with(matrix: Matrix) -> Breadth {
    Breadth { matrix, ..NARROW }
}

fn seen(doors: &[Door], breadth: Breadth) -> Vec<(String, String, Outcome)> {
    requests(doors, breadth).into_iter().map(|check| (check.way.word(), check.method, check.outcome)).collect()
}

fn row(word: &str, method: &str, outcome: Outcome) -> (String, String, Outcome) {
    (word.to_owned(), method.to_owned(), outcome)
}

#[test]
fn each_size_of_the_matrix_asks_what_it_says() {
    let public = [door("/share", Expect::Public)];
    let plain = row("", "GET", Outcome::Public);
    assert_eq!(seen(&public, with(Matrix::Off)), std::slice::from_ref(&plain));
    assert_eq!(seen(&public, with(Matrix::Small)), [plain, row("accept json", "GET", Outcome::Public)]);
    let full = seen(&[door("/", Expect::Gated)], Breadth { elsewhere: true, ..with(Matrix::Full) });
    let expected = [
        row("", "GET", Outcome::Gated),
        row("accept json", "GET", Outcome::GatedOrRefused),
        row("head", "HEAD", Outcome::Gated),
        row("another user agent", "GET", Outcome::Gated),
        row("through dns", "GET", Outcome::Gated),
        row("preflight", "OPTIONS", Outcome::Either),
        row("websocket", "GET", Outcome::GatedOrRefused),
    ];
    assert_eq!(full, expected);
}

#[test]
fn what_is_declared_of_a_door_is_asked_in_every_size() {
    let mut socket = door("/ws", Expect::Public);
    socket.websocket = true;
    socket.cors_origin = Some("https://app.example.net".to_owned());
    let all = requests(&[socket], NARROW);
    let header = |check: &Check, name: &str| check.headers.iter().find(|(found, _)| found == name).unwrap().1.clone();
    assert_eq!(all.len(), 3);
    assert_eq!((all[1].way, header(&all[1], "origin").as_str()), (Way::Preflight, "https://app.example.net"));
    assert_eq!(all[1].proof.allow_origin.as_deref(), Some("https://app.example.net"));
    assert_eq!((all[2].way, header(&all[2], "origin").as_str()), (Way::WebSocket, "https://photos.example.net:8443"));
    assert!(all[2].proof.upgrades);
}

#[test]
fn nothing_is_asked_with_a_method_that_was_not_declared_and_changes_something() {
    let mut hook = door("/hook", Expect::Gated);
    hook.methods = vec!["POST".to_owned()];
    let wide = Breadth { boundary: true, spoof: true, matrix: Matrix::Full, elsewhere: true };
    let methods: BTreeSet<String> = requests(&[hook], wide).into_iter().map(|check| check.method).collect();
    assert_eq!(methods, BTreeSet::from(["POST", "OPTIONS", "GET"].map(str::to_owned)));
}

#[test]
fn canaries_go_to_gated_doors_alone_and_name_a_public_path() {
    let doors = [door("/", Expect::Gated), door("/share", Expect::Public)];
    let all = requests(&doors, Breadth { spoof: true, ..NARROW });
    let canaries: Vec<&Check> = all.iter().filter(|check| matches!(check.way, Way::Spoof(_))).collect();
    assert_eq!(canaries.len(), CANARIES.len());
    assert!(canaries.iter().all(|check| check.url.path() == "/" && check.outcome == Outcome::GatedOrRefused));
    let sent = |name: &str| {
        let canary = canaries.iter().find(|check| check.way == Way::Spoof(CANARIES[place(name)].0)).unwrap();
        canary.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
    };
    assert_eq!(sent("x-forwarded-uri"), ["x-forwarded-uri: /share"]);
    assert_eq!(sent("x-original-url")[0], "x-original-url: https://photos.example.net:8443/share");
    assert_eq!(sent("host in capitals"), ["host: PHOTOS.EXAMPLE.NET:8443"]);
    assert_eq!(sent("host with a final dot"), ["host: photos.example.net.:8443"]);
    assert!(all.iter().all(|check| check.headers.iter().all(|(_, value)| !value.contains('{'))), "{all:?}");
    let alone = requests(&doors[..1], Breadth { spoof: true, ..NARROW });
    assert!(
        alone.iter().any(|check| check.headers.contains(&("x-forwarded-uri".to_owned(), "/favicon.ico".to_owned())))
    );
}

fn place(name: &str) -> usize {
    CANARIES.iter().position(|(found, _)| *found == name).unwrap()
}

#[test]
fn an_address_has_no_letters_and_no_final_dot() {
    let mut root = door("/", Expect::Gated);
    root.url = Url::parse("https://192.0.2.7/").unwrap();
    let all = requests(&[root], Breadth { spoof: true, ..NARROW });
    assert_eq!(all.len(), 1 + CANARIES.len() - 2);
}

#[test]
fn headers_of_the_door_go_with_every_form_and_are_replaced_where_the_form_needs_it() {
    let mut api = door("/api", Expect::Public);
    api.headers = vec![("user-agent".to_owned(), "ours".to_owned()), ("x-api".to_owned(), "1".to_owned())];
    let all = requests(&[api.clone()], with(Matrix::Full));
    assert!(all.iter().all(|check| check.headers.contains(&("x-api".to_owned(), "1".to_owned()))));
    let agents = |way: Way| {
        let check = all.iter().find(|check| check.way == way).unwrap();
        check
            .headers
            .iter()
            .filter(|(name, _)| name == "user-agent")
            .map(|(_, value)| value.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(agents(Way::Plain), ["ours"]);
    assert_eq!(agents(Way::Agent), [OTHER_AGENT]);
    // Who says what is accepted has said what is to be asked.
    api.headers.push(("accept".to_owned(), "image/png".to_owned()));
    assert!(requests(&[api], with(Matrix::Small)).iter().all(|check| check.way == Way::Plain));
}

#[test]
fn no_two_requests_are_the_same() {
    let doors = [door("/", Expect::Gated), door("/", Expect::Gated), door("/share", Expect::Public)];
    let all = requests(&doors, Breadth { boundary: true, spoof: true, matrix: Matrix::Full, elsewhere: true });
    let further: Vec<_> = all.iter().filter(|check| check.way != Way::Plain).collect();
    let keys: BTreeSet<_> = further.iter().map(|check| (&check.url, &check.method, check.way)).collect();
    assert_eq!(keys.len(), further.len());
}

#[test]
fn thousands_of_doors_are_spread_at_once() {
    let doors: Vec<Door> = (0..4000)
        .flat_map(|number| {
            let on = |path: &str, expect| {
                let url = Url::parse(&format!("https://app{number}.example.net{path}")).unwrap();
                Door { url, prefix: true, ..door(path, expect) }
            };
            [on("/", Expect::Gated), on("/share", Expect::Public)]
        })
        .collect();
    let breadth = Breadth { boundary: true, spoof: true, matrix: Matrix::Small, elsewhere: false };
    let one = requests(&doors[..2], breadth);
    let all = requests(&doors, breadth);
    assert_eq!(all.len(), 4000 * one.len());
    let distinct: BTreeSet<_> = all.iter().map(|check| (&check.url, &check.method, check.way)).collect();
    assert_eq!(distinct.len(), all.len());
}
