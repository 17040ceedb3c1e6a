//! What there is: the one list that Terraform's schema, JSON Schema, documentation and tests are made from.
//!
//! A new resource is one more [`Item`]; nothing else enumerates them.

use homelab_cty::{Block, Model};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::carveout_probe::CarveoutProbe;
use crate::external_secret::ExternalSecret;
use crate::external_secrets::ExternalSecrets;
use crate::function::{self, Function};
use crate::identity::ObjectIdentity;
use crate::ingress::Ingress;
use crate::kv_key::{KvKey, KvKeyIdentity};
use crate::kv_secret::KvSecret;
use crate::provider::ProviderConfig;
use crate::secret::Secret;
use crate::secret_store::{SecretStore, StoreIdentity};
use crate::upgrade_gate::UpgradeGate;

/// Short name of the provider: what type names start with.
pub const PROVIDER: &str = "homelab";

/// What an item is to Terraform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A managed resource.
    Resource,
    /// A data source.
    DataSource,
    /// An ephemeral resource.
    Ephemeral,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Resource, Self::DataSource, Self::Ephemeral];

    /// Folder of its pages and examples.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Resource => "resources",
            Self::DataSource => "data-sources",
            Self::Ephemeral => "ephemeral-resources",
        }
    }

    /// As a title says it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Resource => "Resource",
            Self::DataSource => "Data Source",
            Self::Ephemeral => "Ephemeral Resource",
        }
    }

    /// The word that a configuration starts its block with.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::DataSource => "data",
            Self::Ephemeral => "ephemeral",
        }
    }
}

/// How an object gets under Terraform's control.
#[derive(Clone, Copy, Debug)]
pub struct Import {
    /// Shape of the id: `<namespace>/<name>`.
    pub id: &'static str,
    /// What an identity consists of; none where the type has none.
    pub identity: Option<fn() -> Block>,
}

/// One resource, data source or ephemeral resource.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Type name in configurations.
    pub name: &'static str,
    /// What it is to Terraform.
    pub kind: Kind,
    /// Version of the stored state.
    pub version: i64,
    /// The schema.
    pub block: fn() -> Block,
    /// Adds the model to a JSON Schema and refers to it.
    pub json_schema: fn(&mut SchemaGenerator) -> Schema,
    /// How it is imported, if it is.
    pub import: Option<Import>,
    /// Heading that the registry lists it under.
    pub subcategory: &'static str,
}

impl Item {
    /// The name without the provider's: name of its page.
    pub fn short_name(&self) -> &'static str {
        self.name.strip_prefix(PROVIDER).map_or(self.name, |name| name.trim_start_matches('_'))
    }

    /// Path of its example below the folder of examples.
    pub fn example(&self) -> String {
        let file = match self.kind {
            Kind::Resource => "resource.tf",
            Kind::DataSource => "data-source.tf",
            Kind::Ephemeral => "ephemeral-resource.tf",
        };
        self.example_file(file)
    }

    /// Path of another file beside its example.
    pub fn example_file(&self, file: &str) -> String {
        format!("{}/{}/{file}", self.kind.folder(), self.name)
    }
}

/// All resources, data sources and ephemeral resources, by kind and name.
pub const ITEMS: &[Item] = &[
    Item {
        name: "homelab_carveout_probe",
        kind: Kind::Resource,
        version: 0,
        block: CarveoutProbe::block,
        json_schema: reference::<CarveoutProbe>,
        import: None,
        subcategory: "Ingress",
    },
    Item {
        name: "homelab_external_secret",
        kind: Kind::Resource,
        version: 0,
        block: ExternalSecret::block,
        json_schema: reference::<ExternalSecret>,
        import: Some(BY_NAME),
        subcategory: "Secrets",
    },
    Item {
        name: "homelab_ingress",
        kind: Kind::Resource,
        version: 0,
        block: Ingress::block,
        json_schema: reference::<Ingress>,
        import: Some(BY_NAME),
        subcategory: "Ingress",
    },
    Item {
        name: "homelab_kv_key",
        kind: Kind::Resource,
        version: 0,
        block: KvKey::block,
        json_schema: reference::<KvKey>,
        import: Some(Import { id: "<mount>/<path>#<key>", identity: Some(KvKeyIdentity::block) }),
        subcategory: "Secrets",
    },
    Item {
        name: "homelab_secret_store",
        kind: Kind::Resource,
        version: 0,
        block: SecretStore::block,
        json_schema: reference::<SecretStore>,
        import: Some(Import { id: "<namespace>/<name> or <name>", identity: Some(StoreIdentity::block) }),
        subcategory: "Secrets",
    },
    Item {
        name: "homelab_upgrade_gate",
        kind: Kind::Resource,
        version: 0,
        block: UpgradeGate::block,
        json_schema: reference::<UpgradeGate>,
        import: Some(Import { id: "<target_version>", identity: None }),
        subcategory: "Cluster",
    },
    Item {
        name: "homelab_external_secrets",
        kind: Kind::DataSource,
        version: 0,
        block: ExternalSecrets::block,
        json_schema: reference::<ExternalSecrets>,
        import: None,
        subcategory: "Secrets",
    },
    Item {
        name: "homelab_upgrade_gate",
        kind: Kind::DataSource,
        version: 0,
        block: UpgradeGate::block,
        json_schema: reference::<UpgradeGate>,
        import: None,
        subcategory: "Cluster",
    },
    Item {
        name: "homelab_kv_secret",
        kind: Kind::Ephemeral,
        version: 0,
        block: KvSecret::block,
        json_schema: reference::<KvSecret>,
        import: None,
        subcategory: "Secrets",
    },
    Item {
        name: "homelab_secret",
        kind: Kind::Ephemeral,
        version: 0,
        block: Secret::block,
        json_schema: reference::<Secret>,
        import: None,
        subcategory: "Secrets",
    },
];

const BY_NAME: Import = Import { id: "<namespace>/<name>", identity: Some(ObjectIdentity::block) };

/// The items of one kind, by name.
pub fn items(kind: Kind) -> impl Iterator<Item = &'static Item> {
    ITEMS.iter().filter(move |item| item.kind == kind)
}

/// The item of that kind and name.
pub fn item(kind: Kind, name: &str) -> Option<&'static Item> {
    items(kind).find(|item| item.name == name)
}

/// The provider block's schema.
pub fn provider() -> Block {
    ProviderConfig::block()
}

/// Adds the provider block to a JSON Schema and refers to it.
pub(crate) fn provider_json_schema(generator: &mut SchemaGenerator) -> Schema {
    reference::<ProviderConfig>(generator)
}

/// Path of the provider's example below the folder of examples.
pub const PROVIDER_EXAMPLE: &str = "provider/provider.tf";

/// The functions, by name.
pub fn functions() -> Vec<Function> {
    function::all()
}

/// Path of a function's example below the folder of examples.
pub fn function_example(name: &str) -> String {
    format!("functions/{name}/function.tf")
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
