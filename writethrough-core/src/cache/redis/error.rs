//! Why a Redis cache could not be set up, and what fred's errors mean to a caller.

use std::fmt;

use fred::error::{Error, ErrorKind};

use crate::cache::CacheError;

/// Why the options of a Redis cache cannot be used. Never shows a password.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisOptionsError {
    /// The URL does not parse; the text says what is wrong with it.
    Url(String),
    /// The URL's scheme is none of ours.
    Scheme(String),
    /// The URL asks for TLS, and no TLS feature is on.
    TlsNotBuiltIn,
    /// The TLS library could not be set up.
    Tls(String),
    /// A pool of no connections.
    EmptyPool,
    /// A timeout of zero.
    ZeroTimeout,
    /// There is no tokio runtime to keep the connection on.
    NoRuntime,
}

impl fmt::Display for RedisOptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(what) => write!(f, "the cache URL cannot be used: {what}"),
            Self::Scheme(scheme) => write!(
                f,
                "`{scheme}://` is not a kind of cache; use `memory:`, `redis://`, `rediss://`, `unix://`, `redis-cluster://`, \
                 `redis-sentinel://`, or `rediss-cluster://` and `rediss-sentinel://` with TLS"
            ),
            Self::TlsNotBuiltIn => {
                f.write_str("TLS is not built in; turn on the feature `redis-rustls` or `redis-native-tls`")
            }
            Self::Tls(why) => write!(f, "TLS cannot be set up: {why}"),
            Self::EmptyPool => f.write_str("a pool of 0 connections cannot answer; use a pool size of at least 1"),
            Self::ZeroTimeout => {
                f.write_str("a cache timeout of zero would fail every command; use at least a few milliseconds")
            }
            Self::NoRuntime => f.write_str("there is no tokio runtime here; call this within one"),
        }
    }
}

impl std::error::Error for RedisOptionsError {}

/// What a command's failure means.
pub(super) fn unacknowledged(error: &Error) -> CacheError {
    let text = error.details();
    match error.kind() {
        ErrorKind::Timeout => CacheError::Timeout,
        // fred tells its own failures and the server's replies apart by the kind only in part; a reply begins with
        // a code in capitals.
        ErrorKind::Unknown | ErrorKind::InvalidArgument | ErrorKind::InvalidCommand | ErrorKind::Auth
            if is_reply(text) =>
        {
            refused(text)
        }
        _ => CacheError::Unavailable(text.to_owned()),
    }
}

/// What a server's error reply means: one that another server, or this one in a moment, would not give is no refusal.
pub(super) fn refused(text: &str) -> CacheError {
    const NOT_HERE_NOW: [&str; 6] = ["READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED"];
    if NOT_HERE_NOW.iter().any(|code| text.contains(code)) {
        CacheError::Unavailable(text.to_owned())
    } else {
        CacheError::Rejected(text.to_owned())
    }
}

fn is_reply(text: &str) -> bool {
    text.split_whitespace().next().is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(kind: ErrorKind, text: &'static str) -> CacheError {
        unacknowledged(&Error::new(kind, text))
    }

    #[test]
    fn an_error_reply_is_a_refusal_unless_another_server_would_not_give_it() {
        let oom = "OOM command not allowed when used memory > 'maxmemory'.";
        assert_eq!(meaning(ErrorKind::Unknown, oom), CacheError::Rejected(oom.into()));
        let permission = "NOPERM this user has no permissions to run the 'evalsha' command";
        assert_eq!(meaning(ErrorKind::Unknown, permission), CacheError::Rejected(permission.into()));
        let read_only = "READONLY You can't write against a read only replica.";
        assert_eq!(meaning(ErrorKind::Unknown, read_only), CacheError::Unavailable(read_only.into()));
    }

    #[test]
    fn a_failure_of_the_connection_is_no_refusal() {
        for (kind, text) in [
            (ErrorKind::IO, "Connection closed."),
            (ErrorKind::Unknown, "Client is not initialized."),
            (ErrorKind::Canceled, "Canceled."),
            (ErrorKind::Cluster, "MOVED 1 127.0.0.1:1"),
            (ErrorKind::Routing, "Too many redirections."),
        ] {
            assert_eq!(meaning(kind.clone(), text), CacheError::Unavailable(text.into()), "{kind:?}");
        }
        assert_eq!(meaning(ErrorKind::Timeout, "Request timed out."), CacheError::Timeout);
    }
}
