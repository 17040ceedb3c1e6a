//! What can be typed: one definition, from which help, completions, man pages and the manifest follow.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Text,
    /// One JSON document on stdout; `homelab schema output` prints its schema.
    Json,
}

/// homelab: what a plan cannot do by itself
#[derive(Debug, Parser)]
#[command(
    name = "homelab",
    version,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 measured completely, nothing wrong; 1 wrong usage or an internal error; 2 something to act \
                  on; 3 something could not be measured; 4 held, nothing to act on now."
)]
pub(crate) struct Arguments {
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t = Output::Text, value_name = "FORM")]
    pub(crate) output: Output,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one of it in a process, and sizes come and go with flags")]
pub(crate) enum Verb {
    /// What is reachable, with which identity, in which version, and what it may not do
    #[command(after_help = "Example:\n  homelab doctor --dir .")]
    Doctor(Doctor),
    /// The declared model: as JSON Schema, as a Terraform schema, as registry pages
    #[command(after_help = "Example:\n  homelab schema docs --dir docs --check")]
    Schema(Schema),
    /// Every verb with its tier (read or write); as JSON, with its flags too
    #[command(after_help = "Example:\n  homelab manifest --json")]
    Manifest(ManifestOptions),
    /// The version of this program and of the protocol that its provider speaks
    #[command(after_help = "Example:\n  homelab version --output json")]
    Version,
    /// Are the doors as declared: public stays public, gated stays gated
    Probe(Probe),
    /// May this cluster go to a version
    Gate(Gate),
    /// Who gets the requests of a host, and who depends on a middleware
    Ingress(Ingress),
    /// Every ExternalSecret at once: what is not there, who reads it, and the way of the operator to another release
    Secrets(crate::secrets::Secrets),
    /// Keys and values in Vault, with the caller's own token
    Kv(crate::kv::Kv),
    /// Completions for a shell
    #[command(after_help = "Example:\n  homelab completions bash > ~/.local/share/bash-completion/completions/homelab")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the man pages into a folder
    #[command(after_help = "Example:\n  homelab man --dir ~/.local/share/man/man1")]
    Man {
        /// The folder, made when it is not there
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Read the provider block from the Terraform files of this folder; else from the environment alone
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    #[command(subcommand)]
    pub(crate) form: SchemaForm,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaForm {
    /// JSON Schema of the provider block and of every resource
    #[command(after_help = "Example:\n  homelab schema json > homelab.schema.json")]
    Json,
    /// The schema as `terraform providers schema -json` shows it, without a Terraform
    #[command(after_help = "Example:\n  homelab schema terraform | jq '.provider_schemas[].resource_schemas | keys'")]
    Terraform,
    /// JSON Schema of the files that verbs read
    #[command(after_help = "Example:\n  homelab schema input > input.schema.json")]
    Input,
    /// JSON Schema of what `--output json` prints
    #[command(after_help = "Example:\n  homelab schema output > report.schema.json")]
    Output,
    /// Registry pages, written into a folder or compared with it
    #[command(after_help = "Example:\n  homelab schema docs --dir docs --examples examples --check")]
    Docs {
        /// The folder of the pages
        #[arg(long, value_name = "DIR", default_value = "docs")]
        dir: PathBuf,
        /// The folder of the examples that the pages show
        #[arg(long, value_name = "DIR", default_value = "examples")]
        examples: PathBuf,
        /// Write nothing; name the pages that are stale and exit with 2 when there are any
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ManifestOptions {
    /// As JSON, the same as --output json
    #[arg(long)]
    pub(crate) json: bool,
}

/// As in the `wall` block.
pub(crate) const WALL_SYSTEMS: [&str; 7] =
    ["authentik", "oauth2_proxy", "authelia", "pomerium", "cloudflare_access", "keycloak", "basic"];

#[derive(Debug, Args)]
pub(crate) struct Probe {
    #[command(subcommand)]
    pub(crate) verb: ProbeVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProbeVerb {
    /// Probe the targets now and judge them as the resource would
    #[command(after_help = "Examples:\n  homelab probe run --dir .\n  homelab probe run --ingress photos/photos\n  \
                            homelab probe run --host photos.example.net --public /share --gated / --wall authentik \
                            --issuer auth.example.net\n  homelab probe run --file doors.yaml --output json\n\nExit \
                            codes: 0 everything is as declared, 2 something is exposed, walled off or answers \
                            otherwise, 3 something could not be judged, also after Ctrl-C.")]
    Run(crate::probe::run::Options),
    /// What was seen at an address, and why it is judged so
    #[command(after_help = "Examples:\n  homelab probe explain https://photos.example.net/share --wall authentik \
                            --issuer auth.example.net\n  curl -si https://photos.example.net/ > answer.http && homelab \
                            probe explain https://photos.example.net/ --answer answer.http\n\nExit codes: 0 there was \
                            an answer, 3 there was none.")]
    Explain(crate::probe::explain::Options),
    /// Every door that is declared in the cluster, and which of them no probe looks at
    #[command(
        after_help = "Examples:\n  homelab probe targets --dir stacks/*\n  terraform show -json | homelab probe \
                            targets --state -\n\nExit codes: 0 every declared door is probed, 2 one is not, is gone or \
                            is taken for the opposite, 3 not everything could be looked at."
    )]
    Targets(crate::probe::targets::Options),
    /// The same targets for a program that watches all the time
    #[command(
        after_help = "Examples:\n  homelab probe export --format blackbox --dir . > blackbox.yml\n  homelab probe \
                            export --format gatus --public https://photos.example.net/share\n\nWhat that program \
                            cannot see is said in the first lines."
    )]
    Export(crate::probe::export::Options),
}

#[derive(Debug, Args)]
pub(crate) struct Gate {
    #[command(subcommand)]
    pub(crate) verb: GateVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GateVerb {
    /// Judge an upgrade to a version, from the live cluster or from recorded evidence
    #[command(after_help = "Examples:\n  homelab gate check --target 1.36.2\n  homelab gate check --target 1.36.2 \
                            --evidence evidence.json\n\nExit codes: 0 no known blockers, 2 blocked, 3 something was not \
                            measured, 4 held.")]
    Check(crate::gate::check::Options),
    /// Look at the cluster, or at this machine, and print the evidence, to be judged elsewhere
    #[command(
        after_help = "Examples:\n  homelab gate capture > evidence.json\n  homelab gate capture --host --snapshots \
                            /var/backups/etcd > cp-1.json\n  homelab gate capture --host-evidence hosts/*.json > \
                            evidence.json\n\nExit codes: 0 everything was measured, 3 something was not."
    )]
    Capture(crate::gate::capture::Options),
    /// Print the settings of kubelets and control plane, to be compared after an upgrade with `gate check --settings-before`
    #[command(after_help = "Examples:\n  homelab gate record > before.json\n  homelab gate check --target 1.36.2 \
                            --settings-before before.json\n\nExit codes: 0 everything was seen, 3 something was not.")]
    Record(crate::gate::record::Options),
    /// The report of a night: where the cluster stands in one line, and under it what somebody has to do
    #[command(
        after_help = "Examples:\n  homelab gate report --target 1.36.2\n  homelab gate report --target 1.36.2 --format \
                      html --write report.html\n  homelab gate report --target 1.36.2 --evidence tonight.json --before \
                      yesterday.json --format slack\n\nExit codes: as of gate check; evidence that is older than a day \
                      is 3."
    )]
    Report(crate::gate::report::Options),
    /// What a verdict rests on, with sources and days, and whether it can still be relied on
    Facts(crate::gate::facts::Options),
    /// Judge, and push `k8s_upgrade_blocked` and `k8s_upgrade_held` to a Pushgateway, once and together
    #[command(after_help = "Example:\n  homelab gate push --target 1.36.2 --pushgateway \
                      http://pushgateway.monitoring:9091\n\nWhat was not measured counts as blocked; where the target \
                      runs everywhere, both are 0.\n\nExit codes: as of gate check; 1 where the gauges were not taken.")]
    Push(crate::gate::push::Options),
}

#[derive(Debug, Args)]
pub(crate) struct Ingress {
    #[command(subcommand)]
    pub(crate) verb: IngressVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IngressVerb {
    /// Every router on a host in the order in which Traefik asks them, whose it is, and what is in front of it
    #[command(after_help = "Examples:\n  homelab ingress routes photos.example.net\n  homelab ingress routes \
                            photos.example.net --manifests k8s/ --output json\n\nExit codes: 0 everything was looked at, \
                            3 something was not.")]
    Routes(IngressRoutes),
    /// Routes that go elsewhere than somebody meant: past a gate, to chance, or nowhere
    #[command(after_help = "Examples:\n  homelab ingress lint\n  homelab ingress lint --manifests k8s/ --output \
                            json\n\nExit codes: 0 nothing was found, 2 something was, 3 not everything could be looked at.")]
    Lint(IngressLint),
    /// Who names a middleware, in every kind of object that can
    #[command(after_help = "Examples:\n  homelab ingress refs traefik/rate-limit\n  homelab ingress refs \
                            traefik-rate-limit@kubernetescrd --output json\n\nExit codes: 0 nobody, 2 somebody, 3 not \
                            everything could be looked at.")]
    Refs(IngressRefs),
}

#[derive(Debug, Args)]
pub(crate) struct IngressRoutes {
    /// The host, as a request names it
    #[arg(value_name = "HOST")]
    pub(crate) host: String,
    #[command(flatten)]
    pub(crate) scene: IngressScene,
}

#[derive(Debug, Args)]
pub(crate) struct IngressLint {
    #[command(flatten)]
    pub(crate) scene: IngressScene,
}

/// Where routes are looked for.
#[derive(Debug, Args)]
pub(crate) struct IngressScene {
    /// Look at the Kubernetes manifests (YAML or JSON) below this folder instead of a cluster
    #[arg(long, value_name = "DIR")]
    pub(crate) manifests: Option<PathBuf>,
    /// The ingress class that Traefik is configured with; left out, it is taken to have none
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: Option<String>,
    /// Read the provider block from the Terraform files of this folder; else from the environment alone
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct IngressRefs {
    /// The middleware: <namespace>/<name>, or as routes have it
    #[arg(value_name = "MIDDLEWARE")]
    pub(crate) middleware: String,
    /// Read the provider block from the Terraform files of this folder; else from the environment alone
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
