//! A connection to Redis that speaks plain lines, for what no store would ask.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

/// One connection.
pub struct Wire(BufStream<TcpStream>);

impl Wire {
    pub async fn connect(redis_url: &str) -> Self {
        let url = url::Url::parse(redis_url).expect("the URL of a test server");
        let address = (url.host_str().expect("a host").to_owned(), url.port().unwrap_or(6379));
        Self(BufStream::new(TcpStream::connect(address).await.expect("the test server listens")))
    }

    /// Sends a command of words without spaces; the first line of the reply.
    pub async fn ask(&mut self, command: &str) -> String {
        self.0.write_all(format!("{command}\r\n").as_bytes()).await.expect("the server reads");
        self.0.flush().await.expect("the server reads");
        self.line().await
    }

    /// As [`ask`](Self::ask), for replies that are numbers.
    pub async fn number(&mut self, command: &str) -> i64 {
        let reply = self.ask(command).await;
        reply.strip_prefix(':').and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{command}: {reply}"))
    }

    pub async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.expect("the server answers");
        line.trim_end().to_owned()
    }
}

/// The commands that a server executes, those inside of scripts left out.
pub struct Monitor {
    monitor: Wire,
    marker: Wire,
    markers: u32,
}

impl Monitor {
    pub async fn of(redis_url: &str) -> Self {
        let mut monitor = Wire::connect(redis_url).await;
        assert_eq!(monitor.ask("MONITOR").await, "+OK");
        Self { monitor, marker: Wire::connect(redis_url).await, markers: 0 }
    }

    /// The names of the commands that were executed since the last call.
    pub async fn take(&mut self) -> Vec<String> {
        self.markers += 1;
        let marker = format!("marker-{}", self.markers);
        self.marker.ask(&format!("ECHO {marker}")).await;
        let mut commands = Vec::new();
        loop {
            // +1339518083.107412 [0 127.0.0.1:60866] "get" "key"
            let line = self.monitor.line().await;
            if line.contains(&marker) {
                return commands;
            }
            let (origin, command) = line.split_once("] ").expect("where a command came from");
            if !origin.ends_with("lua") {
                commands.push(command.split('"').nth(1).unwrap_or_default().to_uppercase());
            }
        }
    }
}
