//! A listing, page by page.

use std::collections::BTreeMap;

use homelab_core::dns::Found;

use super::answer::ApiRecord;
use super::error::DnsCause;
use super::link::Turn;
use super::{DNS_READ, Zone, get, no_result};

const PER_PAGE: usize = 1000;

/// The records of a listing.
pub(super) struct Pages {
    pub(super) found: Vec<Found>,
    /// Whether there are as many as the API says.
    pub(super) is_whole: bool,
}

/// All pages of a listing, with `filter` in the query. The name servers of the zone itself are left out.
pub(super) async fn pages(turn: &mut Turn<'_>, zone: &Zone, filter: &str) -> Result<Pages, DnsCause> {
    let mut by_id: BTreeMap<String, Found> = BTreeMap::new();
    let mut page = 1;
    loop {
        let path = format!("/zones/{}/dns_records?page={page}&per_page={PER_PAGE}{filter}", zone.id);
        let frame = turn.ask::<Vec<ApiRecord>>(&get(&path, DNS_READ)).await?;
        let info = frame.result_info.unwrap_or_default();
        let records = frame.result.ok_or_else(no_result)?;
        let is_empty = records.is_empty();
        by_id.extend(records.into_iter().map(|record| (record.id.clone(), Found::from(record))));
        if is_empty || page >= info.total_pages {
            let is_whole = by_id.len() as u64 == info.total_count;
            let mut found: Vec<Found> = by_id.into_values().collect();
            found.retain(|record| !(record.kind == "NS" && record.name == zone.name));
            return Ok(Pages { found, is_whole });
        }
        page += 1;
    }
}
