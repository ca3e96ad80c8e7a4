//! Bytes of an IMAP connection: whole commands in, answers out, everything bounded.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longest line; sets of UIDs can be long.
const MAX_LINE: usize = 256 * 1024;
/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// What a client sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A whole command with its literals.
    Command(Vec<u8>),
    /// A literal larger than allowed was announced and refused; what was read of the command.
    TooBig(Vec<u8>),
    /// The client broke the bounds in a way that leaves no way to go on.
    Hopeless,
    /// The client is gone.
    Closed,
}

/// A connection.
pub struct Wire<S> {
    stream: S,
    input: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Wraps a connection.
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            input: Vec::new(),
        }
    }

    /// Sends bytes.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Sends bytes and ends the connection.
    pub async fn close(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send(bytes).await?;
        self.stream.shutdown().await
    }

    /// Reads a whole command, asking for its literals.
    pub async fn read_command(&mut self, max_literal: usize) -> io::Result<Input> {
        let mut command = Vec::new();
        loop {
            let Some(line) = self.read_line().await? else {
                return Ok(Input::Closed);
            };
            if line.len() > MAX_LINE {
                return Ok(Input::Hopeless);
            }
            command.extend_from_slice(&line);
            let Some((length, kind)) = announced_literal(&line) else {
                return Ok(Input::Command(command));
            };
            if command.len().saturating_add(length) > max_literal {
                return Ok(match kind {
                    Literal::Synchronizing => Input::TooBig(command),
                    Literal::Plus => Input::Hopeless,
                });
            }
            if kind == Literal::Synchronizing {
                self.send(b"+ Ready for additional command text.\r\n")
                    .await?;
            }
            if !self.read_exactly(length, &mut command).await? {
                return Ok(Input::Closed);
            }
        }
    }

    /// Reads a line with its end; `None` when the client is gone. An overlong line comes back cut off, over the bound.
    /// Nothing is lost when the returned future is dropped.
    pub async fn read_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut searched = 0;
        loop {
            let unseen = self.input.get(searched..).unwrap_or_default();
            if let Some(at) = unseen.iter().position(|byte| *byte == b'\n') {
                let rest = self.input.split_off(searched + at + 1);
                return Ok(Some(std::mem::replace(&mut self.input, rest)));
            }
            searched = self.input.len();
            if searched > MAX_LINE {
                return Ok(Some(std::mem::take(&mut self.input)));
            }
            if self.fill().await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn read_exactly(&mut self, length: usize, command: &mut Vec<u8>) -> io::Result<bool> {
        while self.input.len() < length {
            if self.fill().await? == 0 {
                return Ok(false);
            }
        }
        let rest = self.input.split_off(length);
        command.append(&mut std::mem::replace(&mut self.input, rest));
        Ok(true)
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.input.reserve(CHUNK);
        self.stream.read_buf(&mut self.input).await
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Literal {
    Synchronizing,
    /// LITERAL+ (RFC 7888): sent without waiting.
    Plus,
}

/// Reads `{12}` or `{12+}` at the end of a line.
fn announced_literal(line: &[u8]) -> Option<(usize, Literal)> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|byte| *byte == b'{')?;
    let digits = inner.get(open + 1..)?;
    let (digits, kind) = match digits.strip_suffix(b"+") {
        Some(digits) => (digits, Literal::Plus),
        None => (digits, Literal::Synchronizing),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(digits).ok()?;
    // More digits than fit are more bytes than allowed.
    Some((number.parse().unwrap_or(usize::MAX), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_seen_at_the_end_of_a_line_only() {
        let check = |line: &[u8], expected| assert_eq!(announced_literal(line), expected);
        check(b"a APPEND x {12}\r\n", Some((12, Literal::Synchronizing)));
        check(b"a APPEND x {12+}\r\n", Some((12, Literal::Plus)));
        check(
            b"a {99999999999999999999999}\r\n",
            Some((usize::MAX, Literal::Synchronizing)),
        );
        check(b"a SEARCH {2} x\r\n", None);
        check(b"a {}\r\n", None);
        check(b"a {-1}\r\n", None);
    }

    #[tokio::test]
    async fn commands_come_whole_and_huge_ones_not_at_all() {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        let mut wire = Wire::new(server);
        client
            .write_all(b"a X {3+}\r\nabc d\r\nb Y {5}\r\n")
            .await
            .unwrap();
        let read = wire.read_command(1000).await.unwrap();
        assert_eq!(read, Input::Command(b"a X {3+}\r\nabc d\r\n".to_vec()));
        let read = wire.read_command(10).await.unwrap();
        assert_eq!(read, Input::TooBig(b"b Y {5}\r\n".to_vec()));
        client
            .write_all(&vec![b'x'; MAX_LINE + CHUNK])
            .await
            .unwrap();
        assert_eq!(wire.read_command(10).await.unwrap(), Input::Hopeless);
        drop(client);
        assert_eq!(wire.read_command(10).await.unwrap(), Input::Closed);
    }
}
