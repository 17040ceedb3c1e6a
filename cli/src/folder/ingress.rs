//! What an ingress of the folder would answer to a plan.

use homelab_core::finding::Severity;
use homelab_core::ingress::{checks, fill};
use homelab_cty::{Attr, Block, Model, Nesting, Value};
use homelab_schema::ingress::Ingress;

use super::Folder;
use crate::output::Failure;

impl Folder {
    /// What `homelab_ingress.<name>.probe_targets` is, as a plan computes it. An ingress that a plan would refuse has no
    /// targets, and says why.
    pub(super) fn probe_targets(&self, name: &str) -> Result<Value, Failure> {
        let address = format!("homelab_ingress.{name}");
        let Some(block) = self.of_type("homelab_ingress").find(|block| block.label(1) == name) else {
            return Err(Failure::new(format!("{address} is not declared in {}", self.dir.display()))
                .hint("the folder is read as Terraform reads it: its own *.tf files, without subfolders and modules"));
        };
        let mut value = self.resource_value::<Ingress>(block, &address)?;
        let config: Ingress = block.model(&address, &value)?;
        with_defaults(&mut value, &Ingress::block());
        let mut planned: Ingress = block.model(&address, &value)?;
        fill::fill(&config, &mut planned, &self.site);
        let mut findings = checks::declaration(&config, self.site.parity);
        findings.extend(checks::planned(&planned, &self.site));
        findings.retain(|finding| finding.severity == Severity::Error);
        if let Some(first) = findings.first() {
            let place = block.place_of(&first.path);
            return Err(Failure::refused(&format!("{place}: {address} would be refused by a plan"), &findings));
        }
        if planned.probe_targets.is_unknown() {
            // Not those of the plan, most of which only follow from these.
            let written = config.to_value().unknown_paths();
            let of_site = self.site.to_value().unknown_paths();
            let open: Vec<String> = written
                .iter()
                .map(ToString::to_string)
                .chain(of_site.iter().map(|path| format!("{path} of the provider's site block")))
                .collect();
            let what = open.join(", ");
            return Err(Failure::new(format!(
                "{}: the targets of {address} depend on {what}, which only a Terraform run knows",
                block.place()
            ))
            .hint("write the value down, or give it by a variable (TF_VAR_… or terraform.tfvars)"));
        }
        Ok(match &planned.probe_targets {
            Attr::Null => Value::List(Vec::new()),
            targets => targets.to_value(),
        })
    }
}

/// Defaults where nothing was written; what the provider is to fill is unknown, as a plan starts.
pub(super) fn with_defaults(value: &mut Value, schema: &Block) {
    let Value::Map(members) = value else { return };
    for (name, declared) in &schema.attributes {
        if let Some(member) = members.get_mut(name).filter(|member| member.is_null()) {
            if let Some(default) = &declared.default {
                *member = default.clone();
            } else if declared.mode.is_computed() {
                *member = Value::UNKNOWN;
            }
        }
    }
    for (name, nested) in &schema.blocks {
        match members.get_mut(name) {
            Some(single) if nested.nesting == Nesting::Single => with_defaults(single, &nested.block),
            Some(Value::List(blocks) | Value::Set(blocks)) => {
                for block in blocks {
                    with_defaults(block, &nested.block);
                }
            }
            Some(Value::Map(blocks)) => {
                for block in blocks.values_mut() {
                    with_defaults(block, &nested.block);
                }
            }
            _ => {}
        }
    }
}
