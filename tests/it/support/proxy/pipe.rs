//! One direction of one connection.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::{Fault, Flow, Orders, Traffic};

#[derive(Clone, Copy, Debug)]
pub(super) enum Direction {
    Requests,
    Replies,
}

/// What a fault means for one direction.
enum Verdict {
    Deliver { after: Duration },
    Hold,
    Lose,
    Close,
}

impl Direction {
    fn verdict(self, fault: Fault) -> Verdict {
        match (fault, self) {
            (Fault::Stall, _) | (Fault::HoldReplies, Self::Replies) => Verdict::Hold,
            (Fault::DropReplies, Self::Replies) => Verdict::Lose,
            (Fault::HalfClose, Self::Replies) => Verdict::Close,
            (Fault::Delay(after), _) => Verdict::Deliver { after },
            _ => Verdict::Deliver { after: Duration::ZERO },
        }
    }
}

/// Carries bytes until the source has ended and all of it is delivered. Fails when bytes were lost on the way, so that
/// the connection cannot go on.
///
/// It reads even while it holds: bytes left in the kernel would be lost when their sender resets the connection, and
/// then nothing could ever arrive late.
pub(super) async fn pipe(
    direction: Direction,
    mut source: ReadHalf<'_>,
    mut sink: WriteHalf<'_>,
    mut orders: watch::Receiver<Orders>,
    traffic: &watch::Sender<Traffic>,
) -> io::Result<()> {
    let mut held = Held { direction, traffic, chunks: VecDeque::new() };
    let mut buffer = vec![0; 64 * 1024];
    let (mut source_open, mut sink_open, mut gap) = (true, true, false);
    loop {
        let mut due = None;
        let fault = orders.borrow_and_update().fault;
        match direction.verdict(fault) {
            Verdict::Lose => gap |= held.lose(),
            _ if gap => return Err(io::ErrorKind::ConnectionReset.into()),
            Verdict::Hold => {}
            Verdict::Deliver { after } => due = held.chunks.front().map(|chunk| chunk.arrived + after),
            Verdict::Close if sink_open => {
                sink.shutdown().await.ok();
                sink_open = false;
            }
            Verdict::Close => {}
        }
        if !sink_open {
            held.lose();
            due = None;
        }
        if !source_open && held.chunks.is_empty() {
            sink.shutdown().await.ok();
            return Ok(());
        }
        tokio::select! {
            read = source.read(&mut buffer), if source_open => match read {
                Ok(0) | Err(_) => source_open = false,
                Ok(length) => held.keep(&buffer[..length]),
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                sink_open = held.deliver(&mut sink).await.is_ok();
            }
            changed = orders.changed() => if changed.is_err() { return Ok(()) },
        }
    }
}

struct Chunk {
    arrived: Instant,
    bytes: Vec<u8>,
}

/// Bytes on their way, and the account of them.
struct Held<'a> {
    direction: Direction,
    traffic: &'a watch::Sender<Traffic>,
    chunks: VecDeque<Chunk>,
}

impl Held<'_> {
    fn keep(&mut self, bytes: &[u8]) {
        self.chunks.push_back(Chunk { arrived: Instant::now(), bytes: bytes.to_vec() });
        self.account(|flow| {
            flow.pieces += 1;
            flow.received += bytes.len() as u64;
        });
    }

    async fn deliver(&mut self, sink: &mut WriteHalf<'_>) -> io::Result<()> {
        let Some(chunk) = self.chunks.front() else { return Ok(()) };
        sink.write_all(&chunk.bytes).await?;
        let length = chunk.bytes.len() as u64;
        self.chunks.pop_front();
        self.account(|flow| flow.delivered += length);
        Ok(())
    }

    /// Whether there was anything to lose.
    fn lose(&mut self) -> bool {
        let length: usize = self.chunks.drain(..).map(|chunk| chunk.bytes.len()).sum();
        if length > 0 {
            self.account(|flow| flow.lost += length as u64);
        }
        length > 0
    }

    fn account(&self, change: impl FnOnce(&mut Flow)) {
        self.traffic.send_modify(|traffic| match self.direction {
            Direction::Requests => change(&mut traffic.requests),
            Direction::Replies => change(&mut traffic.replies),
        });
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.lose();
    }
}
