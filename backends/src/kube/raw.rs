//! Reading what is no object of ours: `/version`, `/metrics`, discovery, foreign lists.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use super::Kube;
use super::transport::{Answer, Call};
use crate::objects::{Cause, ObjectError};

impl Kube {
    /// Scheme, host and port of the API server, once it has been asked something.
    pub fn address(&self) -> String {
        self.api.place()
    }

    /// The body of a GET of `path` (with query); `None` where the server answers 404. Any other refusal is an error with
    /// the server's words.
    pub async fn get_path(&self, path: &str) -> Result<Option<Bytes>, ObjectError> {
        self.ask("read", Call { method: Method::GET, path, body: None }).await
    }

    /// The JSON answer to a question that is asked by POST and stores nothing: an access review, who we are. `None` where
    /// the server does not know the question.
    pub async fn review(&self, path: &str, question: &Value) -> Result<Option<Value>, ObjectError> {
        let body = Some(("application/json", Bytes::from(question.to_string())));
        let answer = self.ask("ask", Call { method: Method::POST, path, body }).await?;
        answer.map(|body| self.json(path, &body)).transpose()
    }

    /// As [`Kube::get_path`], asked once: a 503 that the API server gives in another's name is an answer.
    pub async fn get_path_once(&self, path: &str) -> Result<Option<Bytes>, ObjectError> {
        let answer = self.api.send_once(&Call { method: Method::GET, path, body: None }).await;
        self.answered("read", path, answer)
    }

    async fn ask(&self, verb: &str, call: Call<'_>) -> Result<Option<Bytes>, ObjectError> {
        let answer = self.api.send(&call).await;
        self.answered(verb, call.path, answer)
    }

    fn answered(&self, verb: &str, path: &str, answer: Result<Answer, Cause>) -> Result<Option<Bytes>, ObjectError> {
        let failed = |cause| ObjectError::new(format!("{verb} {path} at {}", self.api.place()), cause);
        let answer = answer.map_err(failed)?;
        if answer.is_success() {
            return Ok(Some(answer.body));
        }
        let words = serde_json::from_slice::<Value>(&answer.body)
            .ok()
            .and_then(|status| status["message"].as_str().map(str::to_owned))
            .unwrap_or_else(|| String::from_utf8_lossy(&answer.body).chars().take(200).collect());
        match answer.status {
            404 => Ok(None),
            401 => Err(failed(Cause::Unauthorized { words })),
            403 => Err(failed(Cause::Forbidden { words })),
            status => Err(failed(Cause::Server { status, words })),
        }
    }

    /// The JSON of a GET of `path`, like [`Kube::get_path`].
    pub async fn get_json(&self, path: &str) -> Result<Option<Value>, ObjectError> {
        let body = self.get_path(path).await?;
        body.map(|body| self.json(path, &body)).transpose()
    }

    /// The JSON of a GET of `path`, like [`Kube::get_path_once`].
    pub async fn get_json_once(&self, path: &str) -> Result<Option<Value>, ObjectError> {
        let body = self.get_path_once(path).await?;
        body.map(|body| self.json(path, &body)).transpose()
    }

    fn json(&self, path: &str, body: &[u8]) -> Result<Value, ObjectError> {
        serde_json::from_slice(body).map_err(|error| {
            let words = format!("the answer is no JSON ({error})");
            ObjectError::new(format!("read {path} at {}", self.api.place()), Cause::Server { status: 200, words })
        })
    }

    /// Every item of the list at `path`, page by page; `None` where the server does not know the list.
    pub async fn list_path(&self, path: &str) -> Result<Option<Vec<Value>>, ObjectError> {
        let mut items = Vec::new();
        let served = self.each_page(path, 500, |page| items.extend(page)).await?;
        Ok(served.then_some(items))
    }

    /// Shows each page of at most `limit` items of the list at `path`, so that a long list of large objects is never in
    /// memory as a whole; false where the server does not know the list.
    pub async fn each_page(
        &self,
        path: &str,
        limit: usize,
        mut see: impl FnMut(Vec<Value>),
    ) -> Result<bool, ObjectError> {
        let mut next = String::new();
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let page = self.get_json(&format!("{path}{mark}limit={limit}{next}")).await?;
            let Some(mut page) = page else { return Ok(false) };
            match page.get_mut("items").map(Value::take) {
                Some(Value::Array(found)) => see(found),
                // Go writes an empty list as null. Anything else is no list, and must not pass for an empty one.
                Some(Value::Null) => {}
                _ => {
                    let cause = Cause::Server { status: 200, words: "the answer is no list".to_owned() };
                    return Err(ObjectError::new(format!("list {path} at {}", self.api.place()), cause));
                }
            }
            match page["metadata"]["continue"].as_str() {
                Some(token) if !token.is_empty() => next = format!("&continue={token}"),
                _ => return Ok(true),
            }
        }
    }
}
