//! The block `dns`: the zone of the house.

use homelab_backends::dns::{DNS_EDIT, DNS_READ, Dns, DnsCause, DnsError};
use homelab_backends::objects::{Cause, NotConfigured};
use homelab_schema::Attr;
use homelab_schema::provider::Dns as Block;
use tokio_util::sync::CancellationToken;

use super::{Service, State};

const NAME: &str = "dns";
const PURPOSE: &str = "the records of homelab_ingress";

pub(super) async fn examine(block: &Attr<Block>) -> Service {
    if block.is_null() {
        return Service::new(NAME, State::Unset, "no DNS zone is configured").hint("name one with HOMELAB_DNS_ZONE");
    }
    let dns = match Dns::of(block) {
        Ok(dns) => dns,
        Err(Cause::NotConfigured(NotConfigured::Unknown(arguments))) => {
            let what = format!("{} can only be known in a Terraform run", arguments.join(", "));
            return Service::new(NAME, State::Unusable, what)
                .hint("give it by its environment variable, or by a variable (TF_VAR_… or terraform.tfvars)");
        }
        Err(cause) => return Service::new(NAME, State::Unusable, cause.to_string()),
    };
    let mut service = zone(&dns)
        .await
        .unwrap_or_else(|error| Service::new(NAME, State::Unusable, format!("failed to {error}")).hint(error.hint()));
    if let Attr::Known(block) = block
        && block.tunnel_id.is_null()
        && block.proxied_target.is_null()
    {
        service.notes.push("neither tunnel_id nor proxied_target is set: dns = \"proxied\" will be refused".to_owned());
    }
    service
}

async fn zone(dns: &Dns) -> Result<Service, DnsError> {
    let going = CancellationToken::new();
    // A token of an account is good and yet not known to this question: what it may do is what counts.
    let token = dns.token(&going).await;
    if let Err(error) = &token
        && !matches!(error.cause, DnsCause::BadToken { .. })
    {
        return Err(error.clone());
    }
    let zone = dns.zone(&going).await?;
    let mut service = Service::new(NAME, State::Ok, format!("{} ({})", dns.place(), zone.id));
    match token {
        Ok(token) => {
            let until = token.expires_on.map(|until| format!(", until {until}")).unwrap_or_default();
            service.identity = Some(format!("token {} ({}{until})", token.id, token.status));
        }
        Err(_) => service.notes.push("the token belongs to an account: its status cannot be asked".to_owned()),
    }
    match dns.records(&[zone.name.clone()].into(), &going).await {
        Ok(_) => {}
        Err(DnsError { cause: DnsCause::Forbidden { .. }, .. }) => {
            service.lacks.push(format!("\"{DNS_READ}\", for {PURPOSE}"));
        }
        Err(error) => return Err(error),
    }
    if !dns.may_edit(&going).await? {
        service.lacks.push(format!("\"{DNS_EDIT}\", for {PURPOSE}"));
    }
    if !service.lacks.is_empty() {
        service.state = State::Limited;
        service.hint = Some(format!("give the API token \"{DNS_EDIT}\" for the zone {}", zone.name));
    }
    Ok(service)
}
