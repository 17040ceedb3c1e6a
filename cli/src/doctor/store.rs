//! The block `vault`: Vault or OpenBao.

use homelab_backends::vault::{Vault, VaultError};
use homelab_schema::Attr;
use homelab_schema::provider::Vault as Block;

use super::{Service, State};

const NAME: &str = "vault";

/// Any of these lets an identity read.
const READERS: [&str; 3] = ["read", "root", "sudo"];

pub(super) async fn examine(block: &Attr<Block>) -> Service {
    if block.is_null() {
        return Service::new(NAME, State::Unset, "no store of secrets is configured").hint("name one with VAULT_ADDR");
    }
    let vault = match Vault::of(block) {
        Ok(vault) => vault,
        Err(cause) => return Service::new(NAME, State::Unusable, cause.to_string()),
    };
    store(&vault)
        .await
        .unwrap_or_else(|error| Service::new(NAME, State::Unusable, format!("failed to {error}")).hint(error.hint()))
}

async fn store(vault: &Vault) -> Result<Service, VaultError> {
    let health = vault.health().await?;
    let mut service = Service::new(NAME, State::Ok, vault.address());
    service.version = Some(health.version.clone()).filter(|version| !version.is_empty());
    let away = match (health.initialized, health.sealed) {
        (false, _) => Some(("is not initialised", "set it up with `vault operator init`")),
        (true, true) => Some(("is sealed", "unseal it; until then nothing can be read from it")),
        (true, false) => None,
    };
    if let Some((what, hint)) = away {
        service.state = State::Unusable;
        service.detail = format!("{} {what}", vault.address());
        return Ok(service.hint(hint));
    }
    if health.standby {
        service.notes.push("it is a standby, which passes requests on".to_owned());
    }
    service.identity = Some(vault.identity().await?);
    // The same question that the preflight of a secret asks.
    let documents = format!("{}/data/any", vault.default_mount());
    if !vault.capabilities(&documents).await?.iter().any(|may| READERS.contains(&may.as_str())) {
        service.state = State::Limited;
        service.lacks = vec![format!("read {documents}, for the preflight of homelab_external_secret")];
        return Ok(service.hint(format!("let a policy of the token read {}/data/*", vault.default_mount())));
    }
    Ok(service)
}
