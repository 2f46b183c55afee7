//! Private Redis servers on free ports, each in a directory of its own; they end with the value that holds them.
#![allow(clippy::panic, reason = "a test tells by a panic")]

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The server to start: `WRITETHROUGH_TEST_REDIS_SERVER`, or `redis-server` in the path.
fn program() -> PathBuf {
    std::env::var_os("WRITETHROUGH_TEST_REDIS_SERVER").map_or_else(|| "redis-server".into(), PathBuf::from)
}

/// A port below the ephemeral ones that nobody listens on; a cluster's bus is 10,000 above.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let count = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 11_000 + (u16::try_from(std::process::id() % 97).unwrap_or_default() * 83 + count) % 9_000;
        if [port, port + 10_000].iter().all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()) {
            return port;
        }
    }
}

/// One server process and its directory.
pub(crate) struct RedisServer {
    port: u16,
    directory: TempDir,
    arguments: Vec<String>,
    sentinel: Option<String>,
    process: Option<Child>,
}

impl RedisServer {
    /// Starts a server with these arguments beside the usual ones, and waits until it answers.
    pub(crate) fn start<const N: usize>(arguments: [&str; N]) -> Self {
        Self::begin(arguments.map(str::to_owned).to_vec(), None)
    }

    /// Starts a sentinel that watches a primary under the name `main`, and decides alone.
    pub(crate) fn start_sentinel(primary: &Self) -> Self {
        let port = primary.port;
        let configuration = [
            format!("sentinel monitor main 127.0.0.1 {port} 1"),
            "sentinel down-after-milliseconds main 300".to_owned(),
            "sentinel failover-timeout main 3000".to_owned(),
        ];
        Self::begin(Vec::new(), Some(configuration.join("\n")))
    }

    fn begin(arguments: Vec<String>, sentinel: Option<String>) -> Self {
        let mut server = Self {
            port: free_port(),
            directory: tempfile::Builder::new().prefix("redis").tempdir().expect("a directory for a server"),
            arguments,
            sentinel,
            process: None,
        };
        server.restart();
        server
    }

    /// Starts the server again, in its directory and on its port.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let mut command = Command::new(program());
        if let Some(sentinel) = &self.sentinel {
            std::fs::write(self.directory.path().join("sentinel.conf"), sentinel).expect("a file can be written");
            command.args(["sentinel.conf", "--sentinel"]);
        }
        let process = command
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--unixsocket", "redis.sock"])
            .args(["--port", &self.port.to_string()])
            .args(&self.arguments)
            .current_dir(self.directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program().display()));
        self.process = Some(process);
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() || self.cli(&["PING"]).contains("LOADING") {
            assert!(started.elapsed() < Duration::from_secs(20), "the server on {} does not answer", self.port);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends the process as a crash would. Nothing happens if it has ended.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("our own process can be killed");
            process.wait().expect("our own process can be waited for");
        }
    }

    /// Stops the process from running, or lets it go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let process = self.process.as_ref().expect("a server that runs");
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let status = Command::new("kill").args([signal, &process.id().to_string()]).status().expect("kill runs");
        assert!(status.success(), "the server cannot be frozen");
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn socket_url(&self) -> String {
        format!("unix://{}", self.directory.path().join("redis.sock").display())
    }

    /// Runs `redis-cli`, and returns what it prints.
    pub(crate) fn cli(&self, command: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "--no-auth-warning"])
            .args(command)
            .output()
            .expect("redis-cli runs");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Three primaries that share the slots.
pub(crate) struct RedisCluster {
    pub(crate) nodes: Vec<RedisServer>,
}

impl RedisCluster {
    pub(crate) fn start() -> Self {
        let start = || RedisServer::start(["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]);
        let nodes = vec![start(), start(), start()];
        for (node, range) in nodes.iter().zip([["0", "5460"], ["5461", "10922"], ["10923", "16383"]]) {
            let [from, to] = range;
            let added = if node.cli(&["COMMAND", "INFO", "CLUSTER|ADDSLOTSRANGE"]).contains("addslotsrange") {
                node.cli(&["CLUSTER", "ADDSLOTSRANGE", from, to])
            } else {
                let slots = from.parse::<u16>().expect("a slot")..=to.parse::<u16>().expect("a slot");
                let slots: Vec<String> = slots.map(|slot| slot.to_string()).collect();
                let command: Vec<&str> =
                    ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
                node.cli(&command)
            };
            assert_eq!(added, "OK");
        }
        for (epoch, node) in nodes.iter().enumerate() {
            node.cli(&["CLUSTER", "SET-CONFIG-EPOCH", &(epoch + 1).to_string()]);
            for other in &nodes {
                node.cli(&["CLUSTER", "MEET", "127.0.0.1", &other.port.to_string()]);
            }
        }
        let cluster = Self { nodes };
        cluster.settle();
        cluster
    }

    /// Waits until every node serves every slot.
    pub(crate) fn settle(&self) {
        let started = Instant::now();
        let knows_all = |node: &RedisServer| {
            let info = node.cli(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok")
                && info.contains("cluster_slots_ok:16384")
                && info.contains(&format!("cluster_known_nodes:{}", self.nodes.len()))
        };
        while !self.nodes.iter().all(knows_all) {
            assert!(started.elapsed() < Duration::from_secs(30), "the cluster does not settle");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn url(&self) -> String {
        self.nodes.first().expect("three nodes").url().replacen("redis", "redis-cluster", 1)
    }
}
