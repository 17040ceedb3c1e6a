//! From the declared `dns` block to settings.

use std::time::Duration;

use homelab_schema::Attr;
use homelab_schema::provider::Dns as Block;
use secrecy::SecretString;

use crate::objects::{Cause, NotConfigured, Service};

/// Which zone, and as whom. `Debug` shows no token.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the API begins, without a slash at the end.
    pub base_url: String,
    /// The token.
    pub token: SecretString,
    /// Name of the zone; looked up by its identifier where it is not given.
    pub zone: Option<String>,
    /// Identifier of the zone; looked up by its name where it is not given.
    pub zone_id: Option<String>,
    /// Limit of one request.
    pub timeout: Duration,
    /// How long it is waited before a zone that is not as it was listed is looked at the second time; then twice as long.
    pub pause: Duration,
}

impl Settings {
    /// Reads the block, to which the environment and the defaults have been applied already. What proxied records point to
    /// is no matter of the client, and may be unknown.
    pub fn of(block: &Attr<Block>) -> Result<Self, Cause> {
        let block = match block {
            Attr::Null => return Err(Cause::NotConfigured(NotConfigured::Absent(Service::Dns))),
            Attr::Unknown => return Err(Cause::NotConfigured(NotConfigured::Unknown(vec!["dns".to_owned()]))),
            Attr::Known(block) => block,
        };
        let unknown: Vec<String> = [
            ("api_token", block.api_token.is_unknown()),
            ("zone_id", block.zone_id.is_unknown()),
            ("zone", block.zone.is_unknown()),
            ("base_url", block.base_url.is_unknown()),
        ]
        .into_iter()
        .filter(|(_, unknown)| *unknown)
        .map(|(name, _)| format!("dns.{name}"))
        .collect();
        if !unknown.is_empty() {
            return Err(Cause::NotConfigured(NotConfigured::Unknown(unknown)));
        }
        let Some(token) = block.api_token.known().map(|token| token.expose().trim()).filter(|token| !token.is_empty())
        else {
            return Err(wrong("api_token", "is not set", "Set it, or CLOUDFLARE_API_TOKEN."));
        };
        let zone = filled(&block.zone).map(|zone| zone.trim_end_matches('.').to_ascii_lowercase());
        let zone_id = filled(&block.zone_id);
        if zone.is_none() && zone_id.is_none() {
            return Err(wrong("zone", "is not set", "Name the zone, such as example.net."));
        }
        let base_url = filled(&block.base_url).unwrap_or_else(|| "https://api.cloudflare.com/client/v4".to_owned());
        Ok(Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            token: SecretString::from(token),
            zone,
            zone_id,
            timeout: Duration::from_secs(30),
            pause: Duration::from_millis(100),
        })
    }
}

fn filled(text: &Attr<String>) -> Option<String> {
    text.known().filter(|text| !text.is_empty()).cloned()
}

pub(super) fn wrong(argument: &str, words: &str, hint: &str) -> Cause {
    Cause::Configuration { argument: format!("dns.{argument}"), words: words.to_owned(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_in_no_debug_output() {
        let block = Block {
            api_token: Attr::Known(" hunter2\n".to_owned().into()),
            zone: Attr::Known("Example.net.".to_owned()),
            ..Block::default()
        };
        let settings = Settings::of(&Attr::Known(block)).expect("settings");
        assert_eq!(settings.zone.as_deref(), Some("example.net"));
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(!format!("{:?}", super::super::Dns::new(settings)).contains("hunter2"));
    }

    #[test]
    fn only_what_the_client_needs_has_to_be_known() {
        let block = Block {
            api_token: Attr::Unknown,
            zone: Attr::Known("example.net".to_owned()),
            tunnel_id: Attr::Unknown,
            ..Block::default()
        };
        let Err(Cause::NotConfigured(NotConfigured::Unknown(names))) = Settings::of(&Attr::Known(block)) else {
            panic!("the token is unknown");
        };
        assert_eq!(names, ["dns.api_token"]);
        assert_eq!(Settings::of(&Attr::Null).err(), Some(Cause::NotConfigured(NotConfigured::Absent(Service::Dns))));
    }
}
