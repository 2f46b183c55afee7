//! A network between the clients and the cache that loses, delays and repeats commands.

use writethrough_core::protocol::{Micros, Nonce, Reply, Stamp, Step};

use super::key::{AGAIN, ENDLESS, Executor, FIRST, Key, Row};

/// A command on its way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Command {
    Lease(Nonce),
    Fill(Stamp, Row),
    Fence(Nonce),
    Renew(Stamp),
    Finish(Stamp, Row),
    Invalidate,
}

/// What becomes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fate {
    /// It is executed and the answer arrives.
    Answered,
    /// It is executed, but its sender waits in vain.
    AnswerLost,
    /// Its sender gives up waiting; it may be executed later, or never.
    Delayed,
    /// It is executed and answered, and a copy of it may be executed later.
    Repeated,
}

/// Commands that may be executed later, and the adversary's means to have more of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Network {
    /// Each with the moment at which it will be stamped; sorted, for their order means nothing.
    late: Vec<(Command, Micros)>,
    delays: u8,
    repeats: u8,
}

impl Network {
    /// A network that will delay and repeat so many commands.
    pub(super) fn new(delays: u8, repeats: u8) -> Self {
        Self { late: Vec::new(), delays, repeats }
    }

    /// What may become of the next command.
    pub(super) fn fates(&self) -> impl Iterator<Item = Fate> + use<> {
        let delayed = (self.delays > 0).then_some(Fate::Delayed);
        let repeated = (self.repeats > 0).then_some(Fate::Repeated);
        [Fate::Answered, Fate::AnswerLost].into_iter().chain(delayed).chain(repeated)
    }

    /// Sends a command; returns the answer, if it arrives.
    pub(super) fn send(&mut self, command: Command, fate: Fate, server: &mut Stamping<'_>) -> Option<Reply<Row>> {
        match fate {
            Fate::Answered => Some(server.execute(command, FIRST)),
            Fate::AnswerLost => {
                server.execute(command, FIRST);
                None
            }
            Fate::Delayed => {
                self.delays -= 1;
                self.push(command, FIRST);
                None
            }
            Fate::Repeated => {
                self.repeats -= 1;
                self.push(command, server.again());
                Some(server.execute(command, FIRST))
            }
        }
    }

    /// How many commands may yet be executed.
    pub(super) fn late(&self) -> usize {
        self.late.len()
    }

    /// One of them is.
    pub(super) fn deliver(&mut self, which: usize, server: &mut Stamping<'_>) {
        let (command, at) = self.late.remove(which);
        server.execute(command, at);
    }

    fn push(&mut self, command: Command, at: Micros) {
        self.late.push((command, at));
        self.late.sort_unstable();
    }
}

/// Who completes the names of leases and tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamps {
    /// The server: each execution makes a new one.
    ByServer,
    /// The client: a command that is repeated bears the same name.
    ByClient,
}

/// The server, for the moment that a command takes.
pub(super) struct Stamping<'a> {
    pub(super) key: &'a mut Key,
    pub(super) executor: &'a Executor,
    pub(super) stamps: Stamps,
}

impl Stamping<'_> {
    /// When the copy of a command is executed. No two executions of a command share a moment of the server's clock.
    fn again(&self) -> Micros {
        match self.stamps {
            Stamps::ByServer => AGAIN,
            Stamps::ByClient => FIRST,
        }
    }

    fn execute(&mut self, command: Command, at: Micros) -> Reply<Row> {
        let (now, step) = match command {
            Command::Lease(nonce) => (at, Step::Lease { nonce, lasting: ENDLESS, seen: None }),
            Command::Fence(nonce) => (at, Step::Fence { nonce, lasting: ENDLESS }),
            // The moment only names leases and tokens; that of other steps is kept the same, for fewer states.
            Command::Fill(stamp, value) => (FIRST, Step::Fill { stamp, value, ttl: ENDLESS }),
            Command::Renew(stamp) => (FIRST, Step::Renew { stamp, lasting: ENDLESS }),
            Command::Finish(stamp, row) => (FIRST, Step::Finish { stamp, value: Some((row, ENDLESS)) }),
            Command::Invalidate => (FIRST, Step::Invalidate),
        };
        self.key.now = now;
        let reply = self.key.step(step, self.executor);
        self.key.now = FIRST;
        reply
    }
}
