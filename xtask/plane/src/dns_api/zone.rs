//! The rules of one zone: what a record may say, what stands beside what, and when a listing shows it.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};

/// A refusal: HTTP status, code, message and the codes below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: u32,
    pub(super) message: String,
    pub(super) chain: Vec<(u32, String)>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), chain: Vec::new() }
    }

    /// A record that is not valid: one code for all, and the reason below it.
    fn invalid(code: u32, message: &str) -> Self {
        Self { chain: vec![(code, message.to_owned())], ..Self::new(400, 1004, "DNS Validation Error") }
    }

    /// The body of the answer.
    pub(super) fn body(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if !self.chain.is_empty() {
            let chain: Vec<Value> =
                self.chain.iter().map(|(code, message)| json!({"code": code, "message": message})).collect();
            error["error_chain"] = Value::Array(chain);
        }
        json!({"result": null, "success": false, "errors": [error], "messages": []})
    }
}

/// A record, and what listings still say of it.
#[derive(Clone, Debug)]
struct Stored {
    id: String,
    /// `None` once it is deleted.
    now: Option<Value>,
    /// What is listed while `late` is not 0; `None` where it was not there.
    listed: Option<Value>,
    late: u32,
}

/// One zone.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) id: String,
    pub(super) name: String,
    records: Vec<Stored>,
    made: u64,
    /// How many listings go by before one shows a write.
    pub(super) late: u32,
    pub(super) quota: usize,
}

const FIELDS: [&str; 9] = ["name", "type", "content", "ttl", "proxied", "comment", "tags", "settings", "priority"];
/// Kinds of records that this fake knows.
const KINDS: [&str; 8] = ["A", "AAAA", "CNAME", "TXT", "MX", "NS", "CAA", "SRV"];

impl Zone {
    pub(super) fn new(name: &str) -> Self {
        Self {
            id: "0123456789abcdef0123456789abcdef".to_owned(),
            name: name.to_owned(),
            records: Vec::new(),
            made: 0,
            late: 0,
            quota: 1000,
        }
    }

    /// The records as they are.
    pub(super) fn records(&self) -> Vec<Value> {
        self.records.iter().filter_map(|record| record.now.clone()).collect()
    }

    /// The records as a listing that begins now shows them, and one listing less until it shows the rest.
    pub(super) fn listed(&self) -> Vec<Value> {
        let shown = |record: &Stored| if record.late > 0 { record.listed.clone() } else { record.now.clone() };
        self.records.iter().filter_map(shown).collect()
    }

    /// Counts a listing.
    pub(super) fn count_listing(&mut self) {
        for record in &mut self.records {
            record.late = record.late.saturating_sub(1);
        }
        self.records.retain(|record| record.late > 0 || record.now.is_some());
    }

    /// All of `deletes`, `patches` and `posts` in that order, or nothing. Each other member is refused.
    pub(super) fn batch(&mut self, body: &Value) -> Result<Value, Refusal> {
        let body = body.as_object().ok_or_else(|| Refusal::new(400, 9207, "Request body is invalid."))?;
        if let Some(unknown) = body.keys().find(|key| !["deletes", "patches", "posts"].contains(&key.as_str())) {
            return Err(Refusal::new(400, 9207, &format!("Unknown member {unknown:?} of a batch.")));
        }
        let list = |name: &str| match body.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list.clone()),
            Some(_) => Err(Refusal::new(400, 9207, &format!("{name} must be a list."))),
        };
        let (deletes, patches, posts) = (list("deletes")?, list("patches")?, list("posts")?);
        if deletes.len() + patches.len() + posts.len() > 200 {
            return Err(Refusal::new(400, 9207, "More than 200 operations in one batch."));
        }
        let (records, made) = (self.records.clone(), self.made);
        let done = self.operations(&deletes, &patches, &posts);
        if done.is_err() {
            (self.records, self.made) = (records, made);
        }
        done
    }

    fn operations(&mut self, deletes: &[Value], patches: &[Value], posts: &[Value]) -> Result<Value, Refusal> {
        let id = |operation: &Value| {
            let id = operation.get("id").and_then(Value::as_str).map(str::to_owned);
            id.ok_or_else(|| Refusal::new(400, 9207, "An operation has no id."))
        };
        let mut done = json!({"deletes": [], "patches": [], "puts": [], "posts": []});
        let mut note = |list: &str, record: Value| {
            if let Some(list) = done[list].as_array_mut() {
                list.push(record);
            }
        };
        for operation in deletes {
            note("deletes", self.delete(&id(operation)?)?);
        }
        for operation in patches {
            let mut fields = operation.clone();
            if let Some(fields) = fields.as_object_mut() {
                fields.remove("id");
            }
            note("patches", self.patch(&id(operation)?, &fields)?);
        }
        for operation in posts {
            note("posts", self.post(operation)?);
        }
        Ok(done)
    }

    /// Makes a record.
    pub(super) fn post(&mut self, fields: &Value) -> Result<Value, Refusal> {
        let fields = members(fields)?;
        for needed in ["name", "type", "content"] {
            if !fields.contains_key(needed) {
                return Err(Refusal::invalid(9000, &format!("{needed} is required.")));
            }
        }
        if self.records().len() >= self.quota {
            return Err(Refusal::new(400, 81045, "Record quota exceeded."));
        }
        self.made += 1;
        let id = format!("{:032x}", 0xd00d_0000_u64 + self.made);
        let record = self.whole(&id, &Map::new(), fields)?;
        self.conflicts(&id, &record)?;
        let late = self.late;
        self.records.push(Stored { id, now: Some(record.clone()), listed: None, late });
        Ok(record)
    }

    /// Changes the given fields of a record.
    pub(super) fn patch(&mut self, id: &str, fields: &Value) -> Result<Value, Refusal> {
        let fields = members(fields)?;
        let before = self.live(id)?;
        let record = self.whole(id, before.as_object().unwrap_or(&Map::new()), fields)?;
        self.conflicts(id, &record)?;
        self.set(id, Some(record.clone()));
        Ok(record)
    }

    /// Removes a record; the answer is what it was.
    pub(super) fn delete(&mut self, id: &str) -> Result<Value, Refusal> {
        let before = self.live(id)?;
        self.set(id, None);
        Ok(before)
    }

    fn live(&self, id: &str) -> Result<Value, Refusal> {
        let found = self.records.iter().find(|record| record.id == id).and_then(|record| record.now.clone());
        found.ok_or_else(|| Refusal::new(404, 81044, "Record does not exist."))
    }

    fn set(&mut self, id: &str, now: Option<Value>) {
        let late = self.late;
        if let Some(record) = self.records.iter_mut().find(|record| record.id == id) {
            if record.late == 0 {
                record.listed.clone_from(&record.now);
            }
            (record.now, record.late) = (now, late);
        }
        self.records.retain(|record| record.late > 0 || record.now.is_some());
    }

    /// The record that `fields` make of `before`, as answers show it.
    fn whole(&self, id: &str, before: &Map<String, Value>, fields: &Map<String, Value>) -> Result<Value, Refusal> {
        let of = |name: &str| fields.get(name).or_else(|| before.get(name)).cloned().unwrap_or(Value::Null);
        let text = |name: &str| {
            let value = of(name);
            value.as_str().map(str::to_owned).ok_or_else(|| Refusal::invalid(9000, &format!("{name} must be a text.")))
        };
        let (kind, content) = (text("type")?, text("content")?);
        check_content(&kind, &content)?;
        let proxied = match of("proxied") {
            Value::Null => false,
            Value::Bool(proxied) => proxied,
            _ => return Err(Refusal::invalid(9003, "Invalid 'proxied' value, must be a boolean.")),
        };
        let proxiable = ["A", "AAAA", "CNAME"].contains(&kind.as_str());
        if proxied && !proxiable {
            return Err(Refusal::invalid(9004, "This record type cannot be proxied."));
        }
        let ttl = match of("ttl") {
            Value::Null => 1,
            ttl => ttl.as_u64().unwrap_or_default(),
        };
        if ttl != 1 && (proxied || !(60..=86400).contains(&ttl)) {
            return Err(Refusal::invalid(
                9021,
                "Invalid TTL. Must be between 60 and 86,400 seconds, or 1 for Automatic; proxied records are Automatic.",
            ));
        }
        let comment = match of("comment") {
            Value::Null => Value::Null,
            Value::String(comment) if comment.chars().count() <= 100 => Value::String(comment),
            _ => return Err(Refusal::invalid(9226, "comment must be a text of at most 100 characters.")),
        };
        let name = self.full(&text("name")?)?;
        Ok(json!({
            "id": id, "name": name, "type": kind, "content": content, "proxiable": proxiable, "proxied": proxied,
            "ttl": ttl, "settings": {}, "meta": {}, "comment": comment, "tags": [],
            "created_on": "2026-01-01T00:00:00.000000Z", "modified_on": "2026-01-01T00:00:00.000000Z",
        }))
    }

    /// The full name: what does not end in the zone is put below it, whatever was meant.
    fn full(&self, name: &str) -> Result<String, Refusal> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && (label == "*" || label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'))
        };
        let full = if name == "@" || name == self.name {
            self.name.clone()
        } else if name.ends_with(&format!(".{}", self.name)) {
            name
        } else {
            format!("{name}.{}", self.name)
        };
        let valid = full.len() <= 253 && full.split('.').all(is_label);
        if valid { Ok(full) } else { Err(Refusal::invalid(9000, "DNS name is invalid.")) }
    }

    fn conflicts(&self, id: &str, record: &Value) -> Result<(), Refusal> {
        let all = self.records();
        let others = all.iter().filter(|other| other["id"] != id && other["name"] == record["name"]);
        let is_address = |kind: &Value| kind == "A" || kind == "AAAA";
        for other in others {
            let (kind, theirs) = (&record["type"], &other["type"]);
            if kind == theirs && record["content"] == other["content"] {
                return Err(Refusal::new(400, 81058, "An identical record already exists."));
            }
            if kind == "CNAME" && (is_address(theirs) || theirs == "CNAME") {
                return Err(Refusal::new(
                    400,
                    81053,
                    "An A, AAAA, or CNAME record with that host already exists. For more details, refer to the documentation.",
                ));
            }
            if is_address(kind) && theirs == "CNAME" {
                return Err(Refusal::new(400, 81054, "A CNAME record with that host already exists."));
            }
            if (kind == "NS") != (theirs == "NS") {
                return Err(Refusal::new(400, 81056, "NS records with that host already exist."));
            }
        }
        Ok(())
    }
}

fn members(fields: &Value) -> Result<&Map<String, Value>, Refusal> {
    let fields = fields.as_object().ok_or_else(|| Refusal::new(400, 9207, "Request body is invalid."))?;
    match fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        Some(unknown) => Err(Refusal::new(400, 9207, &format!("Unknown field {unknown:?}."))),
        None => Ok(fields),
    }
}

fn check_content(kind: &str, content: &str) -> Result<(), Refusal> {
    let valid = match kind {
        "A" => content.parse::<Ipv4Addr>().is_ok(),
        "AAAA" => content.parse::<Ipv6Addr>().is_ok(),
        "CNAME" => !content.is_empty() && !content.contains([' ', '/', ':']) && content.parse::<Ipv4Addr>().is_err(),
        _ if KINDS.contains(&kind) => !content.is_empty(),
        _ => return Err(Refusal::invalid(9008, "DNS record type is invalid.")),
    };
    let code = match kind {
        "A" => 9005,
        "AAAA" => 9006,
        _ => 9007,
    };
    if valid { Ok(()) } else { Err(Refusal::invalid(code, &format!("Content for {kind} record is invalid."))) }
}
