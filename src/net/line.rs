//! One bounded line at a time, for greetings and STARTTLS dialogues.

use std::io;

use tokio::io::AsyncReadExt;

use crate::net::trace::{Direction, trace_line};
use crate::net::{NetError, Stream};

/// Reads one line ending in LF, at most `limit` bytes, byte by byte past no buffer: nothing behind it is consumed.
///
/// The line is returned with its ending. Has no time limit of its own. [`NetError::TooLong`] when `limit` bytes
/// hold no LF, [`NetError::Broken`] when the peer closes before the LF; neither stream can be used afterwards.
pub async fn read_line(stream: &mut Stream, limit: usize) -> Result<Vec<u8>, NetError> {
    let mut line = Vec::new();
    while line.len() < limit {
        let byte = stream.read_u8().await.map_err(|source| NetError::Broken {
            host: stream.host().to_owned(),
            source: named_end(source),
        })?;
        line.push(byte);
        if byte == b'\n' {
            trace_line(stream.host(), Direction::Received, &line);
            return Ok(line);
        }
    }
    Err(NetError::TooLong {
        host: stream.host().to_owned(),
        limit,
    })
}

/// Says "closed" where the library says "early eof".
fn named_end(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "closed in the middle of a line",
        );
    }
    error
}
