//! From a cache URL to fred's configuration.
//!
//! Read here and not by fred, whose errors may repeat parts of the URL.

use std::path::PathBuf;

use fred::types::config::{ClusterDiscoveryPolicy, Config, Server, ServerConfig};
use url::Url;

use super::error::RedisOptionsError;

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// The configuration that a URL asks for.
pub(super) fn config(text: &str) -> Result<Config, RedisOptionsError> {
    let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
    if !text.contains("://") {
        return Err(wrong("it has no `://`; write it like `redis://localhost`"));
    }
    let (kind, tls) = match url.scheme() {
        "redis" => (Kind::Single, false),
        "rediss" => (Kind::Single, true),
        "redis-cluster" => (Kind::Cluster, false),
        "rediss-cluster" => (Kind::Cluster, true),
        "redis-sentinel" => (Kind::Sentinel, false),
        "rediss-sentinel" => (Kind::Sentinel, true),
        "unix" => (Kind::Socket, false),
        other => return Err(RedisOptionsError::Scheme(other.to_owned())),
    };
    let known: &[&str] = match kind {
        Kind::Single => &[],
        Kind::Socket => &["db"],
        Kind::Cluster => &["node"],
        Kind::Sentinel => &["node", "sentinelServiceName"],
    };
    if url.query_pairs().any(|(name, _)| !known.contains(&name.as_ref())) {
        return Err(wrong(match known {
            [] => {
                "it has parameters, and this kind of server takes none; write a `?` in a password as `%3F`".to_owned()
            }
            known => format!("its only parameters are `{}`", known.join("`, `")),
        }));
    }
    let server = match kind {
        Kind::Single => ServerConfig::Centralized { server: host(&url, PORT)? },
        Kind::Socket => ServerConfig::Unix { path: socket(&url)? },
        Kind::Cluster => {
            ServerConfig::Clustered { hosts: hosts(&url, PORT)?, policy: ClusterDiscoveryPolicy::ConfigEndpoint }
        }
        Kind::Sentinel => ServerConfig::Sentinel { hosts: hosts(&url, SENTINEL_PORT)?, service_name: service(&url)? },
    };
    let database = match kind {
        Kind::Single | Kind::Sentinel => database(url.path().trim_start_matches('/'))?,
        Kind::Socket => database(&parameter(&url, "db").unwrap_or_default())?,
        Kind::Cluster if url.path().trim_matches('/').is_empty() => None,
        Kind::Cluster => return Err(wrong("a cluster has no databases; leave the path out")),
    };
    let mut config = Config { server, database, ..Config::default() };
    config.username = credential(url.username())?;
    config.password = credential(url.password().unwrap_or_default())?;
    if tls {
        with_tls(&mut config)?;
    }
    Ok(config)
}

#[derive(Clone, Copy)]
enum Kind {
    Single,
    Socket,
    Cluster,
    Sentinel,
}

/// A URL without what may be secret: user, password and parameters; nothing of one whose password seems to have slipped
/// into the path.
pub(super) fn redacted(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) if text.contains("://") && !url.path().contains('@') => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
        }
        _ => "(a URL that cannot be shown)".to_owned(),
    }
}

fn wrong(what: impl Into<String>) -> RedisOptionsError {
    RedisOptionsError::Url(what.into())
}

fn host(url: &Url, default_port: u16) -> Result<Server, RedisOptionsError> {
    match url.host_str() {
        Some(host) if !host.is_empty() => Ok(Server::new(host, url.port().unwrap_or(default_port))),
        _ => Err(wrong("it names no host; write it like `redis://localhost`")),
    }
}

fn hosts(url: &Url, default_port: u16) -> Result<Vec<Server>, RedisOptionsError> {
    let mut hosts = vec![host(url, default_port)?];
    for (_, node) in url.query_pairs().filter(|(name, _)| name == "node") {
        let (host, port) = node.rsplit_once(':').ok_or_else(|| wrong("a `node` must be `host:port`"))?;
        let port = port.parse().map_err(|_| wrong("a `node` must be `host:port`"))?;
        hosts.push(Server::new(host, port));
    }
    Ok(hosts)
}

fn service(url: &Url) -> Result<String, RedisOptionsError> {
    parameter(url, "sentinelServiceName")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| wrong("say which service the sentinels watch: `?sentinelServiceName=name`"))
}

fn socket(url: &Url) -> Result<PathBuf, RedisOptionsError> {
    let path = decoded(url.path())?;
    if path.trim_matches('/').is_empty() {
        return Err(wrong("it names no socket; write it like `unix:///run/redis/redis.sock`"));
    }
    Ok(path.into())
}

fn database(text: &str) -> Result<Option<u8>, RedisOptionsError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| wrong("the database must be a number from 0 to 255"))
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn credential(text: &str) -> Result<Option<String>, RedisOptionsError> {
    decoded(text).map(|text| (!text.is_empty()).then_some(text))
}

/// Undoes percent-encoding.
fn decoded(text: &str) -> Result<String, RedisOptionsError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |digit: Option<u8>| char::from(digit?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            match (digit(rest.next()), digit(rest.next())) {
                (Some(high), Some(low)) => bytes.push(high << 4 | low),
                _ => return Err(wrong("a `%` must be followed by two hexadecimal digits; write a `%` as `%25`")),
            }
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong("what its `%` stand for is not UTF-8"))
}

#[cfg(feature = "redis-rustls")]
fn with_tls(config: &mut Config) -> Result<(), RedisOptionsError> {
    let connector = fred::types::config::TlsConnector::default_rustls();
    config.tls = Some(connector.map_err(|error| RedisOptionsError::Tls(error.details().to_owned()))?.into());
    Ok(())
}

#[cfg(all(feature = "redis-native-tls", not(feature = "redis-rustls")))]
fn with_tls(config: &mut Config) -> Result<(), RedisOptionsError> {
    let connector = fred::types::config::TlsConnector::default_native_tls();
    config.tls = Some(connector.map_err(|error| RedisOptionsError::Tls(error.details().to_owned()))?.into());
    Ok(())
}

#[cfg(not(any(feature = "redis-rustls", feature = "redis-native-tls")))]
fn with_tls(_: &mut Config) -> Result<(), RedisOptionsError> {
    Err(RedisOptionsError::TlsNotBuiltIn)
}

#[cfg(test)]
#[allow(clippy::panic, reason = "a test tells by a panic")]
mod tests {
    use super::*;

    fn read(text: &str) -> Config {
        config(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_kind_of_server_has_its_url() {
        let single = read("redis://app:s%40crët@cache.example/3");
        assert_eq!(single.server, ServerConfig::new_centralized("cache.example", 6379));
        assert_eq!(single.database, Some(3));
        assert_eq!(single.username.as_deref(), Some("app"));
        assert_eq!(single.password.as_deref(), Some("s@crët"));

        let socket = read("unix:///run/my%20redis.sock?db=4");
        assert_eq!(socket.server, ServerConfig::Unix { path: "/run/my redis.sock".into() });
        assert_eq!(socket.database, Some(4));

        let cluster = read("redis-cluster://10.0.0.1:7000?node=10.0.0.2:7001");
        assert_eq!(cluster.server, ServerConfig::new_clustered(vec![("10.0.0.1", 7000), ("10.0.0.2", 7001)]));

        let sentinel = read("redis-sentinel://s1?sentinelServiceName=main&node=s2:26380");
        assert_eq!(sentinel.server, ServerConfig::new_sentinel(vec![("s1", 26379), ("s2", 26380)], "main"));
    }

    #[test]
    fn a_wrong_url_is_an_error_that_says_what_to_do() {
        for (url, says) in [
            ("", "relative URL without a base"),
            ("localhost:6379", "no `://`"),
            ("redis://", "names no host"),
            ("redis://host/first", "number from 0 to 255"),
            ("redis://host/256", "number from 0 to 255"),
            ("redis://host:99999", "invalid port number"),
            ("redis://host?db=1", "takes none"),
            ("unix:///socket?database=1", "only parameters are `db`"),
            ("redis://%zz@host", "hexadecimal"),
            ("unix://", "names no socket"),
            ("redis-cluster://host/1", "no databases"),
            ("redis-cluster://host?node=other", "host:port"),
            ("redis-sentinel://host", "sentinelServiceName"),
            ("memcached://host", "not a kind of cache"),
        ] {
            let message = config(url).map(|_| ()).expect_err(url).to_string();
            assert!(message.contains(says), "{url}: {message}");
        }
    }

    #[test]
    fn no_message_shows_a_password() {
        for url in [
            "redis://user:hunter2@host/first",
            "redis://user:hunter2@host:99999",
            "redis://user:hunter2@",
            "redis-cluster://user:hunter2@host?node=hunter2@x",
            "redis-sentinel://user:hunter2@host?password=hunter2",
            "user:hunter2@host",
            "redis://user:12?hunter2@host",
            "redis://user:12/hunter2@host",
            "memcached://user:hunter2@host",
            "hunter2",
        ] {
            let error = config(url).map(|_| ()).expect_err(url);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}: {error}");
            assert!(!redacted(url).contains("hunter2"), "{url}: {}", redacted(url));
        }
        assert_eq!(redacted("redis://user:hunter2@host:1/2?x=hunter2"), "redis://host:1/2");
    }

    #[cfg(not(any(feature = "redis-rustls", feature = "redis-native-tls")))]
    #[test]
    fn tls_without_its_feature_is_an_error_that_names_the_feature() {
        for url in ["rediss://host", "rediss-cluster://host", "rediss-sentinel://host?sentinelServiceName=main"] {
            let error = config(url).map(|_| ()).expect_err(url);
            assert_eq!(error, RedisOptionsError::TlsNotBuiltIn);
            assert!(error.to_string().contains("redis-rustls"));
        }
    }
}
