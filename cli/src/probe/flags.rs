//! What verbs of the probe have in common: where doors come from, whose wall counts, how they are asked.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use homelab_schema::Attr;
use homelab_schema::carveout_probe::{CarveoutProbe, Matrix, Wall, WallSystem};

use crate::args::WALL_SYSTEMS;
use crate::output::Failure;

/// Which doors.
#[derive(Debug, Default, Args)]
pub(crate) struct Doors {
    /// Read the provider block from the Terraform files of this folder; its probes are taken where nothing else is named
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// A host, or its https:// or http:// address: for paths of --public and --gated; without any, the doors that the
    /// ingresses of the cluster declare on it; may be repeated
    #[arg(long, value_name = "HOST")]
    pub(super) host: Vec<String>,
    /// An address that must be reachable without signing in, or a path of each --host; may be repeated
    #[arg(long, value_name = "URL")]
    pub(super) public: Vec<String>,
    /// An address that must lead to the sign-in, or a path of each --host; may be repeated
    #[arg(long, value_name = "URL")]
    pub(super) gated: Vec<String>,
    /// The doors that an ingress of the cluster declares, as its objects say; may be repeated
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub(super) ingress: Vec<String>,
    /// The doors of a list in JSON or YAML (`homelab schema input` prints its schema), or - for stdin; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(super) file: Vec<PathBuf>,
}

impl Doors {
    /// Whether doors are named beside a folder.
    pub(super) fn are_named(&self) -> bool {
        !(self.host.is_empty()
            && self.public.is_empty()
            && self.gated.is_empty()
            && self.ingress.is_empty()
            && self.file.is_empty())
    }
}

/// Whose wall. What is left out comes from the probe or the provider block, which the environment completes.
#[derive(Debug, Default, Args)]
pub(crate) struct WallFlags {
    /// The system behind the gate; else that of the probe, of the site, or of `HOMELAB_WALL_SYSTEM`
    #[arg(long, value_name = "SYSTEM", value_parser = WALL_SYSTEMS)]
    pub(super) wall: Option<String>,
    /// The host that the sign-in redirects to; else that of the probe, of the site, or of `HOMELAB_WALL_ISSUER_HOST`
    #[arg(long, value_name = "HOST")]
    pub(super) issuer: Option<String>,
    /// The gate's own client at the issuer; else that of the probe, of the site, or of `HOMELAB_WALL_CLIENT_IDS`
    #[arg(long, value_name = "ID")]
    pub(super) client_id: Option<String>,
}

impl WallFlags {
    /// What is said here counts, whatever the probe says.
    pub(super) fn apply(&self, probe: &mut CarveoutProbe) -> Result<(), Failure> {
        if self.wall.is_none() && self.issuer.is_none() && self.client_id.is_none() {
            return Ok(());
        }
        let mut wall: Wall = probe.wall.known().cloned().unwrap_or_default();
        if let Some(name) = &self.wall {
            let unknown = |error: String| Failure::new(format!("--wall: {name:?} {error}"));
            wall.system = Attr::Known(name.parse::<WallSystem>().map_err(unknown)?);
        }
        wall.issuer_host = Attr::from(self.issuer.clone()).or(wall.issuer_host);
        wall.client_id = Attr::from(self.client_id.clone()).or(wall.client_id);
        probe.wall = Attr::Known(wall);
        Ok(())
    }
}

/// The way to the doors.
#[derive(Debug, Default, Args)]
pub(crate) struct Way {
    /// Connect to this address instead of what the name resolves to, with the same Host and SNI
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    pub(super) connect_to: Option<String>,
    /// Ask this DNS server
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    pub(super) resolver: Option<String>,
    /// Trust the certificates of this PEM file besides the system's
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// The most time for one sample, as 10s
    #[arg(long, value_name = "DURATION")]
    pub(super) timeout: Option<String>,
    /// Allow private, loopback and link-local addresses
    #[arg(long)]
    pub(super) allow_private: bool,
}

impl Way {
    /// What is said here counts, whatever the probe says.
    pub(super) fn apply(&self, probe: &mut CarveoutProbe) {
        let file = self.ca_file.as_ref().map(|file| file.display().to_string());
        over(&mut probe.connect_to, self.connect_to.clone());
        over(&mut probe.resolver, self.resolver.clone());
        over(&mut probe.ca_file, file);
        over(&mut probe.timeout, self.timeout.clone());
        over(&mut probe.allow_private, self.allow_private.then_some(true));
    }
}

/// How much is asked.
#[derive(Debug, Default, Args)]
pub(crate) struct Breadth {
    /// Samples of each request, over fresh connections
    #[arg(long, value_name = "N")]
    pub(super) samples: Option<u16>,
    /// How many samples must agree; else more than half of them
    #[arg(long, value_name = "N")]
    pub(super) threshold: Option<u16>,
    /// In which forms each door is asked
    #[arg(long, value_enum, value_name = "MATRIX")]
    pub(super) matrix: Option<Forms>,
    /// Do not ask the paths around declared prefixes
    #[arg(long)]
    pub(super) no_boundary: bool,
    /// Do not ask gated doors with what must not open them
    #[arg(long)]
    pub(super) no_spoof: bool,
}

/// As `matrix` of the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Forms {
    /// As declared
    Off,
    /// Also as a program, and at every address
    Small,
    /// Also with HEAD, as a preflight, as an upgrade to WebSocket, with another user agent, and at both places
    Full,
}

impl Breadth {
    /// What is said here counts, whatever the probe says.
    pub(super) fn apply(&self, probe: &mut CarveoutProbe) {
        over(&mut probe.samples, self.samples);
        over(&mut probe.threshold, self.threshold);
        let matrix = self.matrix.map(|matrix| match matrix {
            Forms::Off => Matrix::Off,
            Forms::Small => Matrix::Small,
            Forms::Full => Matrix::Full,
        });
        over(&mut probe.matrix, matrix);
        over(&mut probe.boundary, self.no_boundary.then_some(false));
        over(&mut probe.spoof, self.no_spoof.then_some(false));
    }
}

fn over<T>(declared: &mut Attr<T>, flag: Option<T>) {
    if let Some(flag) = flag {
        *declared = Attr::Known(flag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_of_the_flag_is_one_of_the_model() {
        for name in WALL_SYSTEMS {
            assert!(name.parse::<WallSystem>().is_ok(), "{name}");
        }
    }

    #[test]
    fn flags_count_and_what_they_leave_out_stays() {
        let declared =
            Wall { system: WallSystem::Keycloak.into(), client_id: "gate".to_owned().into(), ..Wall::default() };
        let mut probe =
            CarveoutProbe { wall: declared.into(), samples: 5.into(), spoof: true.into(), ..CarveoutProbe::default() };
        let flags = WallFlags {
            wall: Some("authelia".to_owned()),
            issuer: Some("auth.example.net".to_owned()),
            client_id: None,
        };
        flags.apply(&mut probe).unwrap();
        Breadth { no_spoof: true, matrix: Some(Forms::Full), ..Breadth::default() }.apply(&mut probe);
        Way { timeout: Some("2s".to_owned()), ..Way::default() }.apply(&mut probe);
        let wall = probe.wall.known().unwrap();
        assert_eq!(wall.system, Attr::Known(WallSystem::Authelia));
        assert_eq!(
            (wall.issuer_host.known().unwrap().as_str(), wall.client_id.known().unwrap().as_str()),
            ("auth.example.net", "gate")
        );
        assert_eq!((probe.samples, probe.spoof, probe.matrix), (5.into(), false.into(), Matrix::Full.into()));
        assert_eq!((probe.timeout, probe.connect_to), ("2s".to_owned().into(), Attr::Null));
    }
}
