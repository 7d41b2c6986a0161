//! HTTP/1.1 as far as it is needed: fixed request bytes, answers with a length or in chunks.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The largest answer that is read.
const ANSWER_MAX: usize = 1 << 20;

/// The bytes of a request.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET" {
        text.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
    }
    format!("{text}\r\n{body}").into_bytes()
}

/// A connection that is kept.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// An answer, borrowed from its connection.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The lines of the header.
    pub head: &'a str,
    /// The body as it came, with the lengths of its chunks if it came in chunks.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// If nobody listens there.
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Client> {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("nobody listens at {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Client { stream, buffer: vec![0; 16 << 10], filled: 0 })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// If the connection ends, or the answer has no length.
    pub async fn call(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.filled = 0;
        self.stream.write_all(request).await?;
        let (head_end, whole) = loop {
            self.read().await?;
            let bytes = &self.buffer[..self.filled];
            let Some(head_end) = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
            let head = text(&bytes[..head_end])?;
            let whole = match header(head, "content-length") {
                Some(length) => Some(length.parse::<usize>().context("the length is no number")?),
                None => {
                    ensure!(header(head, "transfer-encoding") == Some("chunked"), "the answer has no length");
                    chunked_length(&bytes[head_end + 4..])
                }
            };
            match whole.map(|length| head_end + 4 + length) {
                Some(whole) if whole <= self.filled => break (head_end, whole),
                _ => {}
            }
        };
        ensure!(self.filled == whole, "more came than the answer");
        let head = text(&self.buffer[..head_end])?;
        let status =
            head.get(9..12).and_then(|status| status.parse().ok()).context("the answer has no status")?;
        Ok(Answer { status, head, body: &self.buffer[head_end + 4..whole] })
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        if self.filled == self.buffer.len() {
            ensure!(self.filled < ANSWER_MAX, "the answer is too large");
            self.buffer.resize(2 * self.filled, 0);
        }
        match self.stream.read(&mut self.buffer[self.filled..]).await? {
            0 => bail!("the connection was closed"),
            count => self.filled += count,
        }
        Ok(())
    }
}

fn text(bytes: &[u8]) -> anyhow::Result<&str> {
    std::str::from_utf8(bytes).context("the header is not text")
}

/// How many bytes a body in chunks takes; `None` while a part of it is missing.
fn chunked_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line_end = at + bytes.get(at..)?.windows(2).position(|bytes| bytes == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..line_end]).ok()?, 16).ok()?;
        at = line_end + 2 + size + 2;
        if size == 0 {
            return (at <= bytes.len()).then_some(at);
        }
    }
}

fn header<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_in_any_case() {
        let head = "HTTP/1.1 200 OK\r\ncontent-Length: 12\r\nx: y";
        assert_eq!(header(head, "Content-Length"), Some("12"));
        assert_eq!(header(head, "cookie"), None);
    }

    #[test]
    fn chunks_are_counted_to_the_last() {
        let whole = b"3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(chunked_length(whole), Some(whole.len()));
        for end in 0..whole.len() {
            assert_eq!(chunked_length(&whole[..end]), None, "{end}");
        }
    }

    #[test]
    fn requests_tell_their_length() {
        let bytes = request("POST", "/x", &[("Cookie", "a=b")], "{}");
        let text = String::from_utf8(bytes).expect("text");
        assert!(text.starts_with("POST /x HTTP/1.1\r\n"), "{text}");
        assert!(text.contains("Cookie: a=b\r\n") && text.ends_with("Content-Length: 2\r\n\r\n{}"), "{text}");
    }
}
