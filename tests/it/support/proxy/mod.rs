//! A faulty network: a TCP proxy in front of a server, told what to do wrong.

mod pipe;

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use pipe::{Direction, pipe};

/// How long anybody waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing wrong. What was held is delivered, even if the one who sent it has left.
    Pass,
    /// Nobody listens: connections are reset, and new ones refused.
    Refuse,
    /// Connections are reset and what is held in them is lost, once; new ones pass.
    Cut,
    /// Connections stand, and may be made, but all bytes are held.
    Stall,
    /// Requests pass, replies are held.
    HoldReplies,
    /// Requests pass, replies are lost. A connection that lost bytes is reset when the fault ends: in TCP there is no
    /// such thing as a connection with a gap.
    DropReplies,
    /// Every byte takes this long, in each direction.
    Delay(Duration),
    /// Clients read the end of the stream at once, while what they write still arrives.
    HalfClose,
}

/// What went through a [`FaultProxy`] so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Connections that were made, ever.
    pub accepted: u64,
    /// Connections that stand.
    pub open: u64,
    /// From clients to the server.
    pub requests: Flow,
    /// From the server to clients.
    pub replies: Flow,
}

/// Bytes that went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// How many times something came: commands that wait for each other come one by one.
    pub pieces: u64,
    pub received: u64,
    pub delivered: u64,
    pub lost: u64,
}

impl Flow {
    /// Bytes that arrived at the proxy and stay there.
    pub fn held(&self) -> u64 {
        self.received - self.delivered - self.lost
    }
}

/// A proxy that passes everything until [`set`](Self::set) tells it otherwise; gone when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    target: Arc<watch::Sender<SocketAddr>>,
    commands: mpsc::Sender<(Fault, oneshot::Sender<()>)>,
    traffic: Arc<watch::Sender<Traffic>>,
    _running: JoinSet<()>,
}

impl FaultProxy {
    pub async fn start(target: SocketAddr) -> Self {
        // Bound but never listening, it keeps the port ours while connections are refused.
        let reserved = socket((target.ip(), 0).into()).expect("a free port");
        let address = reserved.local_addr().expect("a bound socket has an address");
        let (commands, inbox) = mpsc::channel(1);
        let traffic = Arc::new(watch::Sender::default());
        let target = Arc::new(watch::Sender::new(target));
        let acceptor = Acceptor {
            target: Arc::clone(&target),
            reserved,
            listener: Some(listen(address).expect("the port is reserved for us")),
            orders: watch::Sender::new(Orders { fault: Fault::Pass, cuts: 0 }),
            traffic: Arc::clone(&traffic),
            connections: JoinSet::new(),
        };
        let mut running = JoinSet::new();
        running.spawn(acceptor.run(inbox));
        Self { address, target, commands, traffic, _running: running }
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Connections that are made from now on lead to this server.
    pub fn lead_to(&self, target: SocketAddr) {
        self.target.send_replace(target);
    }

    /// Whatever is sent after this returns meets the new fault.
    pub async fn set(&self, fault: Fault) {
        let (done, obeyed) = oneshot::channel();
        self.commands.send((fault, done)).await.expect("the proxy runs until it is dropped");
        obeyed.await.expect("the proxy runs until it is dropped");
    }

    pub fn traffic(&self) -> Traffic {
        *self.traffic.borrow()
    }

    /// Waits until the traffic is as described, so that a test need not sleep: `proxy.until(|t| t.replies.held() > 0)`.
    pub async fn until(&self, described: impl FnMut(&Traffic) -> bool) -> Traffic {
        let mut traffic = self.traffic.subscribe();
        let waiting = timeout(PATIENCE, traffic.wait_for(described));
        let seen = waiting.await.unwrap_or_else(|_| panic!("waited in vain, the traffic is {:?}", self.traffic()));
        *seen.expect("the sender lives in self")
    }
}

/// What connections are told.
#[derive(Clone, Copy, Debug)]
struct Orders {
    fault: Fault,
    /// A connection ends when this is not what it was at its beginning.
    cuts: u64,
}

struct Acceptor {
    target: Arc<watch::Sender<SocketAddr>>,
    reserved: TcpSocket,
    listener: Option<TcpListener>,
    orders: watch::Sender<Orders>,
    traffic: Arc<watch::Sender<Traffic>>,
    connections: JoinSet<()>,
}

impl Acceptor {
    async fn run(mut self, mut inbox: mpsc::Receiver<(Fault, oneshot::Sender<()>)>) {
        loop {
            tokio::select! {
                command = inbox.recv() => {
                    let Some((fault, done)) = command else { return };
                    self.obey(fault).await;
                    done.send(()).ok();
                }
                client = accept(self.listener.as_ref()) => {
                    if let Ok(client) = client {
                        self.welcome(client);
                    }
                }
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    async fn obey(&mut self, fault: Fault) {
        if fault == Fault::Refuse {
            self.listener = None;
        } else if self.listener.is_none() {
            let address = self.reserved.local_addr().expect("a bound socket has an address");
            self.listener = Some(listen_again(address).await);
        }
        let cut = matches!(fault, Fault::Refuse | Fault::Cut);
        self.orders.send_modify(|orders| {
            orders.fault = if fault == Fault::Cut { Fault::Pass } else { fault };
            orders.cuts += u64::from(cut);
        });
        if cut {
            while self.connections.join_next().await.is_some() {}
        }
    }

    fn welcome(&mut self, client: TcpStream) {
        let open = Open::new(Arc::clone(&self.traffic));
        let (target, orders) = (*self.target.borrow(), self.orders.subscribe());
        self.connections.spawn(async move {
            carry(client, target, orders, &open.traffic).await.ok();
        });
    }
}

/// Carries bytes both ways until both ends have said all, or the connection is cut.
async fn carry(
    mut client: TcpStream,
    target: SocketAddr,
    orders: watch::Receiver<Orders>,
    traffic: &watch::Sender<Traffic>,
) -> io::Result<()> {
    let mut cutting = orders.clone();
    let cuts = cutting.borrow().cuts;
    let mut cut = std::pin::pin!(async move { cutting.wait_for(|orders| orders.cuts != cuts).await.is_ok() });
    let connected = tokio::select! {
        connected = TcpStream::connect(target) => connected,
        _ = &mut cut => Err(io::ErrorKind::ConnectionReset.into()),
    };
    let mut server = match connected {
        Ok(server) => server,
        Err(error) => {
            client.set_zero_linger()?;
            return Err(error);
        }
    };
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;

    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let both = async {
        tokio::try_join!(
            pipe(Direction::Requests, from_client, to_server, orders.clone(), traffic),
            pipe(Direction::Replies, from_server, to_client, orders.clone(), traffic),
        )
    };
    let whole = tokio::select! {
        carried = both => carried.is_ok(),
        _ = &mut cut => false,
    };
    if !whole {
        client.set_zero_linger()?;
        server.set_zero_linger()?;
    }
    Ok(())
}

/// Counts a connection as long as it lives.
struct Open {
    traffic: Arc<watch::Sender<Traffic>>,
}

impl Open {
    fn new(traffic: Arc<watch::Sender<Traffic>>) -> Self {
        traffic.send_modify(|traffic| {
            traffic.accepted += 1;
            traffic.open += 1;
        });
        Self { traffic }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.traffic.send_modify(|traffic| traffic.open -= 1);
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => Ok(listener.accept().await?.0),
        None => pending().await,
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    socket(address)?.listen(128)
}

/// A child that another thread is about to start has the old listener, too, until it has become another program.
async fn listen_again(address: SocketAddr) -> TcpListener {
    let started = Instant::now();
    loop {
        match listen(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && started.elapsed() < PATIENCE => {
                sleep(Duration::from_millis(1)).await;
            }
            listener => return listener.expect("the port is reserved for us"),
        }
    }
}

fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
