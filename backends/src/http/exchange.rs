//! One request, one answer, and the connection is gone.

use homelab_core::probe::{Answer, Body, Check, Failure};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, HOST, HeaderName, HeaderValue, SET_COOKIE, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// As much of a body as is looked at: sign-in pages name themselves in their first kilobytes.
const BODY_LIMIT: usize = 64 * 1024;
/// As much of a head as is read at all.
const HEAD_LIMIT: usize = 64 * 1024;
const HEADER_LIMIT: usize = 128;

/// A gate sends browsers to sign in and answers programs with a bare 401; the redirect says more, so we look like one.
const BROWSER_ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const AGENT: &str = concat!("Mozilla/5.0 (compatible; homelab-probe/", env!("CARGO_PKG_VERSION"), ")");

/// Sends the request of `check` over `stream` and reads the answer.
pub(super) async fn exchange<S>(check: &Check, stream: S) -> Result<Answer, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request =
        request(check).map_err(|error| Failure::Unreachable(format!("the request cannot be sent: {error}")))?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_LIMIT)
        .max_headers(HEADER_LIMIT)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
        Ok(read(response).await)
    };
    // The connection only moves while it is polled. It may be done before the body was taken out of it, which is why its
    // end is not the end of this.
    let driven = async {
        let _ = connection.await;
        std::future::pending::<Result<Answer, Failure>>().await
    };
    tokio::select! {
        biased;
        answer = answer => answer,
        never = driven => never,
    }
}

fn request(check: &Check) -> Result<Request<Empty<Bytes>>, hyper::http::Error> {
    let uri = Uri::builder().path_and_query(check.url.target()).build()?;
    let mut request = Request::builder()
        .method(check.method.as_str())
        .uri(uri)
        .header(HOST, check.url.authority())
        .header(USER_AGENT, AGENT)
        .header(ACCEPT, BROWSER_ACCEPT)
        // Text is searched, so it must come as text.
        .header(ACCEPT_ENCODING, "identity")
        .header(CONNECTION, "close")
        .body(Empty::new())?;
    for (name, value) in &check.headers {
        request.headers_mut().insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    Ok(request)
}

async fn read(response: Response<Incoming>) -> Answer {
    let (head, mut incoming) = response.into_parts();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(name, value))).collect();
    let mut body = Vec::new();
    let complete = loop {
        match incoming.frame().await {
            None => break Body::Whole,
            Some(Err(_)) => break Body::Cut,
            Some(Ok(frame)) => {
                let Some(data) = frame.data_ref() else { continue };
                let room = BODY_LIMIT - body.len();
                body.extend_from_slice(data.get(..data.len().min(room)).unwrap_or_default());
                if data.len() > room {
                    break Body::Capped;
                }
            }
        }
    };
    Answer { status: head.status.as_u16(), headers, body, complete }
}

/// The value as it may be kept: of a cookie the name alone, since its value is somebody's session; and without characters that
/// would move the cursor of the terminal in which it is shown.
fn text(name: &HeaderName, value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    let kept = match name {
        &SET_COOKIE => text.split(';').next().and_then(|pair| pair.split_once('=')).map_or("", |(name, _)| name),
        _ => &text,
    };
    kept.chars().map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}

fn failed(error: &hyper::Error) -> Failure {
    let io = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    let why = match io {
        Some(io) => super::connect::reason(io),
        None if error.is_incomplete_message() => "the connection was closed before the answer was there".to_owned(),
        None if error.is_parse() => "the answer is not HTTP/1.1, or too large".to_owned(),
        None => error.to_string(),
    };
    Failure::Unreachable(why)
}
