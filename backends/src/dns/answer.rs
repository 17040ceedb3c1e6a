//! What the API says, and what that means.

use homelab_core::dns::Found;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::DnsCause;
use crate::kube::failure::shorten;

/// The frame of every answer.
#[derive(Debug, Deserialize)]
pub(super) struct Frame<T> {
    #[serde(default)]
    pub(super) success: bool,
    errors: Option<Vec<ApiError>>,
    pub(super) result: Option<T>,
    pub(super) result_info: Option<Info>,
}

impl<T> Frame<T> {
    fn errors(&self) -> &[ApiError] {
        self.errors.as_deref().unwrap_or_default()
    }
}

/// Which page of how many.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Info {
    pub(super) total_pages: u64,
    pub(super) total_count: u64,
}

#[derive(Debug, Deserialize)]
struct ApiError {
    #[serde(default)]
    code: u32,
    #[serde(default)]
    message: String,
    #[serde(default)]
    error_chain: Vec<ApiError>,
}

/// A record, as far as it concerns us.
#[derive(Debug, Deserialize)]
pub(super) struct ApiRecord {
    pub(super) id: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    content: String,
    #[serde(default)]
    proxied: Option<bool>,
    #[serde(default)]
    ttl: Option<f64>,
    #[serde(default)]
    comment: Option<String>,
}

impl From<ApiRecord> for Found {
    fn from(record: ApiRecord) -> Self {
        // A number that is none of seconds is not what we want it to be: 0 says so, and 1 would say "automatic".
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
        let ttl = record.ttl.map_or(0, |ttl| ttl.clamp(0.0, f64::from(u32::MAX)) as u32);
        Self {
            id: record.id,
            name: record.name.trim_end_matches('.').to_ascii_lowercase(),
            kind: record.kind,
            content: record.content,
            proxied: record.proxied.unwrap_or(false),
            ttl,
            comment: record.comment.unwrap_or_default(),
        }
    }
}

/// A zone.
#[derive(Debug, Deserialize)]
pub(super) struct ApiZone {
    pub(super) id: String,
    pub(super) name: String,
}

/// What a batch did.
#[derive(Debug, Deserialize)]
pub(super) struct Batch {
    #[serde(default)]
    pub(super) patches: Option<Vec<ApiRecord>>,
    #[serde(default)]
    pub(super) posts: Option<Vec<ApiRecord>>,
}

/// A token, as the API knows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Token {
    /// Its identifier, which is no secret.
    pub id: String,
    /// `active`, `disabled` or `expired`.
    pub status: String,
    /// When it ends, in RFC 3339; never where it is not set.
    #[serde(default)]
    pub expires_on: Option<String>,
}

/// Reads an answer of status `status` to something that needs `permission`.
pub(super) fn read<T: DeserializeOwned>(
    status: u16,
    body: &[u8],
    permission: &'static str,
    token: &SecretString,
) -> Result<Frame<T>, DnsCause> {
    // The parser's message may quote the body, so it is not repeated.
    let strange = || DnsCause::Server { status, words: "the answer is not what the API answers".to_owned() };
    if (200..300).contains(&status) {
        let frame: Frame<T> = serde_json::from_slice(body).map_err(|_| strange())?;
        if frame.success {
            return Ok(frame);
        }
    }
    // Of a refusal only the errors are read: its result may have any form.
    let frame: Frame<serde::de::IgnoredAny> = serde_json::from_slice(body).map_err(|_| strange())?;
    Err(refusal(status, frame.errors(), permission, token))
}

/// The words of a refusal, for answers that are tried again.
pub(super) fn words(body: &[u8], token: &SecretString) -> String {
    let frame: Option<Frame<serde::de::IgnoredAny>> = serde_json::from_slice(body).ok();
    frame.map(|frame| said(frame.errors(), token)).unwrap_or_default()
}

fn refusal(status: u16, errors: &[ApiError], permission: &'static str, token: &SecretString) -> DnsCause {
    let words = said(errors, token);
    let has = |codes: &[u32]| errors.iter().any(|error| codes.contains(&error.code));
    match status {
        // 1000 is what the verification of a token answers; 6003 a header that is none; 9106 none at all.
        _ if has(&[1000, 6003, 9106, 9109]) => DnsCause::BadToken { words },
        401 => DnsCause::BadToken { words },
        403 => DnsCause::Forbidden { permission, words },
        _ if has(&[10000]) => DnsCause::Forbidden { permission, words },
        _ if has(&[7000, 7003, 1001]) => DnsCause::NoZone { zone: "of that identifier".to_owned() },
        _ if has(&[81044]) => DnsCause::Gone { words },
        _ if has(&[81045]) => DnsCause::Full { words },
        _ if errors.iter().any(|error| (81050..81070).contains(&error.code)) => DnsCause::Exists { words },
        400..500 => DnsCause::Invalid { words },
        _ => DnsCause::Server { status, words },
    }
}

fn said(errors: &[ApiError], token: &SecretString) -> String {
    fn all<'a>(errors: &'a [ApiError], out: &mut Vec<&'a ApiError>) {
        for error in errors {
            out.push(error);
            all(&error.error_chain, out);
        }
    }
    let mut flat = Vec::new();
    all(errors, &mut flat);
    let one = |error: &&ApiError| format!("{} ({})", error.message.trim().trim_end_matches('.'), error.code);
    let text = flat.iter().map(one).collect::<Vec<_>>().join("; ");
    let text = if text.is_empty() { "the answer names no error".to_owned() } else { text };
    // Whatever stands at base_url may repeat what it was sent.
    shorten(&text.replace(token.expose_secret(), "(sensitive)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(status: u16, body: &str) -> DnsCause {
        let token = SecretString::from("hunter2");
        read::<ApiRecord>(status, body.as_bytes(), "DNS edit", &token).expect_err("a refusal")
    }

    fn with(code: u32, message: &str) -> String {
        format!(r#"{{"success":false,"errors":[{{"code":{code},"message":"{message}"}}],"result":null}}"#)
    }

    #[test]
    fn refusals_are_told_apart_by_their_codes() {
        let words = |code: u32| format!("Some words ({code})");
        let table = [
            (403, 9109, DnsCause::BadToken { words: words(9109) }),
            (400, 6003, DnsCause::BadToken { words: words(6003) }),
            (401, 1000, DnsCause::BadToken { words: words(1000) }),
            (403, 10000, DnsCause::Forbidden { permission: "DNS edit", words: words(10000) }),
            (404, 7003, DnsCause::NoZone { zone: "of that identifier".to_owned() }),
            (404, 81044, DnsCause::Gone { words: words(81044) }),
            (400, 81053, DnsCause::Exists { words: words(81053) }),
            (400, 81054, DnsCause::Exists { words: words(81054) }),
            (400, 81057, DnsCause::Exists { words: words(81057) }),
            (400, 81058, DnsCause::Exists { words: words(81058) }),
            (400, 81045, DnsCause::Full { words: words(81045) }),
            (400, 1004, DnsCause::Invalid { words: words(1004) }),
            (500, 10002, DnsCause::Server { status: 500, words: words(10002) }),
        ];
        for (status, code, expected) in table {
            assert_eq!(cause(status, &with(code, "Some words.")), expected, "{code}");
        }
    }

    #[test]
    fn the_reason_below_an_error_is_told() {
        let body = r#"{"success":false,"errors":[{"code":1004,"message":"DNS Validation Error",
            "error_chain":[{"code":9005,"message":"Content for A record is invalid."}]}]}"#;
        let expected = "DNS Validation Error (1004); Content for A record is invalid (9005)";
        assert_eq!(cause(400, body), DnsCause::Invalid { words: expected.to_owned() });
    }

    #[test]
    fn whoever_repeats_the_token_is_not_repeated() {
        let DnsCause::Invalid { words } = cause(400, &with(1, "Bearer hunter2 is odd")) else { panic!("invalid") };
        assert_eq!(words, "Bearer (sensitive) is odd (1)");
    }

    #[test]
    fn what_is_no_answer_of_the_api_says_so_and_is_not_shown() {
        for (status, body) in [(200, "<html>hunter2</html>"), (200, "{}"), (502, "Bad gateway hunter2")] {
            let cause = cause(status, body);
            assert!(!cause.to_string().contains("hunter2") && matches!(cause, DnsCause::Server { .. }), "{cause}");
        }
    }
}
