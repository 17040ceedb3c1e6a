//! A probe of one host, with everything that it does by default, and what came of it in few words.

use std::collections::BTreeMap;

use homelab_backends::http::Prober;
use homelab_core::probe::{Defaults, Report, Run, Way};
use homelab_schema::carveout_probe::{CarveoutProbe, Matrix, ProbedDoor, Verdict, Wall, WallSystem};
use homelab_schema::ingress::{Expect, PathType};
use tokio_util::sync::CancellationToken;

const SITE: &str = "http://photos.example.net";

/// The gate that is declared nearly everywhere here.
pub(crate) fn wall(system: WallSystem) -> Wall {
    Wall {
        system: system.into(),
        issuer_host: "auth.example.net".to_owned().into(),
        client_id: "gate".to_owned().into(),
        ..Wall::default()
    }
}

/// The root is gated and `/share` is public.
pub(crate) const PHOTOS: [(&str, Expect); 2] = [("/", Expect::Gated), ("/share", Expect::Public)];

/// Probes `doors`, each a prefix, of the host at `port`, with paths around them, canaries and the small matrix.
pub(crate) async fn probe(port: u16, wall: Wall, doors: &[(&str, Expect)]) -> Seen {
    asked(port, wall, doors, Matrix::Small).await
}

/// The same in every form of a request that there is, but for the one that asks the system where the host is.
pub(crate) async fn probe_in_every_form(port: u16, wall: Wall, doors: &[(&str, Expect)]) -> Seen {
    asked(port, wall, doors, Matrix::Full).await
}

async fn asked(port: u16, wall: Wall, doors: &[(&str, Expect)], matrix: Matrix) -> Seen {
    let door = |(path, expect): &(&str, Expect)| {
        let door = ProbedDoor {
            url: format!("{SITE}{path}").into(),
            expect: (*expect).into(),
            path_type: PathType::Prefix.into(),
            ..ProbedDoor::default()
        };
        ((*path).to_owned(), door)
    };
    let model = CarveoutProbe {
        target: doors.iter().map(door).collect::<BTreeMap<_, _>>().into(),
        wall: wall.into(),
        connect_to: format!("127.0.0.1:{port}").into(),
        allow_private: true.into(),
        // Nobody here is silent: what takes that long is a busy machine.
        timeout: "1m".to_owned().into(),
        samples: 2.into(),
        matrix: matrix.into(),
        ..CarveoutProbe::default()
    };
    let mut run = Run::new(&model, &Defaults::default()).unwrap();
    run.checks.retain(|check| check.way != Way::Edge);
    Seen(Prober::new().run(&run, &CancellationToken::new()).await.unwrap())
}

/// What came of a probe.
pub(crate) struct Seen(Report);

impl Seen {
    /// What came of a plain request for `path`: verdict, what was seen, and the system whose wall it was.
    #[track_caller]
    pub(crate) fn of(&self, path: &str) -> String {
        self.with(path, "")
    }

    /// The same of a request in another form.
    #[track_caller]
    pub(crate) fn with(&self, path: &str, form: &str) -> String {
        let results = self.0.results();
        let found = results.iter().find(|result| result.url == format!("{SITE}{path}") && result.with == form);
        let found = found.unwrap_or_else(|| panic!("{path} {form} was not asked: {results:#?}"));
        let verdict = format!("{:?}", found.verdict).to_lowercase();
        format!("{verdict} {} {}", found.observed, found.system).trim_end().to_owned()
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.0.verdict
    }

    /// Path and form of everything that has `verdict`.
    pub(crate) fn all(&self, verdict: Verdict) -> Vec<String> {
        let results = self.0.results().into_iter().filter(|result| result.verdict == verdict);
        let told = |url: &str, with: &str| format!("{} {with}", url.strip_prefix(SITE).unwrap_or(url));
        results.map(|result| told(&result.url, &result.with).trim_end().to_owned()).collect()
    }

    /// Every finding, in the words that a plan shows.
    pub(crate) fn told(&self) -> String {
        let findings = self.0.findings();
        let told: Vec<String> =
            findings.iter().map(|finding| format!("{} {}", finding.code.id, finding.observed)).collect();
        told.join("\n")
    }

    /// How many findings there are.
    pub(crate) fn findings(&self) -> usize {
        self.0.findings().len()
    }
}
