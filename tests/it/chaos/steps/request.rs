//! What a request is called in the table: the script or the command, the first word of the statement.

use crate::faults::scene::Verb;
use crate::support::Backend;

/// The language of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Redis,
    Database(Backend),
}

/// Requests that say nothing of an operation: who dies at one of them, dies as at the next that does.
pub fn is_aside(name: &str) -> bool {
    ["PING", "SET UP", "HELLO", "CLIENT", "INFO", "QUIT", "CLOSE", "?"].contains(&name)
}

/// The message that makes the database keep a write that is no transaction.
pub const EXECUTE: &str = "EXECUTE";
pub const COMMIT: &str = "COMMIT";

impl Protocol {
    pub fn name(self, message: &[u8]) -> String {
        let text = String::from_utf8_lossy(message);
        match self {
            Self::Redis => command(&text),
            Self::Database(Backend::MySql) => match message.get(4) {
                Some(0x0e) => "PING".to_owned(),
                Some(0x16) => format!("PREPARE {}", statement(&text)),
                Some(0x17) => EXECUTE.to_owned(),
                Some(0x19) => "CLOSE".to_owned(),
                _ => statement(&text),
            },
            Self::Database(_) => match message.first() {
                Some(b'S') => "PING".to_owned(),
                Some(b'P') => format!("PREPARE {}", statement(&text)),
                Some(b'B') => EXECUTE.to_owned(),
                _ => statement(&text),
            },
        }
    }
}

/// Words whose first in a statement tells what it is.
const STATEMENTS: [&str; 8] = ["BEGIN", COMMIT, "ROLLBACK", "SELECT", "INSERT", "UPDATE", "DELETE", "SET"];

fn statement(text: &str) -> String {
    let first = STATEMENTS.into_iter().filter_map(|word| Some((text.find(word)?, word))).min();
    match first {
        Some((_, "INSERT")) if text.contains("writethrough_outbox") => "record".to_owned(),
        Some((_, "DELETE")) if text.contains("writethrough_outbox") => "remove".to_owned(),
        Some((_, "SELECT")) if text.contains("writethrough_outbox") => "look".to_owned(),
        Some((_, "SET")) if !text.contains("writethrough") => "SET UP".to_owned(),
        Some((_, word)) => word.to_owned(),
        None => "?".to_owned(),
    }
}

fn command(text: &str) -> String {
    let verb = Verb::ALL.into_iter().find(|verb| text.contains(&verb.mark()));
    match verb {
        Some(verb) => format!("{verb:?}").to_uppercase(),
        // *2\r\n$3\r\nGET\r\n…
        None => text.split("\r\n").nth(2).unwrap_or_default().to_uppercase(),
    }
}
