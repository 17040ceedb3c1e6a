//! HTTP/1.1 messages as they are on the wire, as far as a Kubernetes client and server use them.

use std::io::{self, ErrorKind, Read, Write};

/// One request or answer, with its body whole.
pub(super) struct Message {
    /// The request line or the status line.
    pub(super) first: String,
    /// Names and values.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    pub(super) fn new(first: impl Into<String>, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { first: first.into(), headers, body: body.into() }
    }

    pub(super) fn header(&self, wanted: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
    }

    /// The nth word of the first line.
    pub(super) fn word(&self, index: usize) -> &str {
        self.first.split(' ').nth(index).unwrap_or_default()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{}\r\nContent-Length: {}\r\n", self.first, self.body.len());
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A connection that carries one message after the other.
pub(super) struct Wire<S> {
    pub(super) stream: S,
    read: Vec<u8>,
}

impl<S: Read + Write> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    pub(super) fn send(&mut self, message: &Message) -> io::Result<()> {
        self.stream.write_all(&message.bytes())?;
        self.stream.flush()
    }

    /// The next message; `None` where the other side has closed between two of them.
    pub(super) fn receive(&mut self) -> io::Result<Option<Message>> {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            if self.more()? == 0 {
                return if self.read.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        };
        let head = String::from_utf8_lossy(&self.read[..end]).into_owned();
        self.read.drain(..end + 4);
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let mut message = Message { first, headers, body: Vec::new() };
        message.body = if message.header("transfer-encoding").is_some_and(|coding| coding == "chunked") {
            self.chunks()?
        } else {
            let length = message.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            self.take(length)?
        };
        Ok(Some(message))
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                match self.read.windows(2).position(|window| window == b"\r\n") {
                    Some(end) => break end,
                    None => self.at_least_one_more()?,
                }
            };
            let size = String::from_utf8_lossy(&self.read[..end]).into_owned();
            self.read.drain(..end + 2);
            let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16);
            let size = size.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            body.extend(self.take(size)?);
            self.take(2)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.read.len() < length {
            self.at_least_one_more()?;
        }
        Ok(self.read.drain(..length).collect())
    }

    fn at_least_one_more(&mut self) -> io::Result<()> {
        if self.more()? == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    fn more(&mut self) -> io::Result<usize> {
        let mut chunk = [0; 16 * 1024];
        let count = self.stream.read(&mut chunk)?;
        self.read.extend_from_slice(&chunk[..count]);
        Ok(count)
    }
}
