//! A proxy before the cache and the database of one process that asks the test about each of its requests, one after
//! the other, whichever server they go to.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::request::Protocol;
use crate::support::Backend;

/// A request that is not answered by then has no answer.
const WITHOUT_REPLY: Duration = Duration::from_millis(200);

/// See the [module](self). When it is dropped, all connections end.
pub struct Turnstile {
    pub cache: SocketAddr,
    pub database: SocketAddr,
    asked: mpsc::UnboundedReceiver<Request>,
    _running: JoinSet<()>,
}

/// A request that waits to go on; if nobody decides, it waits for ever.
pub struct Request {
    pub name: String,
    decide: oneshot::Sender<Decision>,
}

enum Decision {
    Pass,
    /// It arrives, but the reply stays here, and so does all that comes after.
    Deliver(oneshot::Sender<()>),
    Cut(Arrives),
}

/// Whether a request arrives whose connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrives {
    No,
    Yes,
}

impl Turnstile {
    pub async fn before(cache: SocketAddr, database: SocketAddr, backend: Backend) -> Self {
        let (ask, asked) = mpsc::unbounded_channel();
        let mut running = JoinSet::new();
        let mut addresses = Vec::new();
        for (protocol, target) in [(Protocol::Redis, cache), (Protocol::Database(backend), database)] {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
            addresses.push(listener.local_addr().expect("a bound socket has an address"));
            running.spawn(accept(listener, protocol, target, ask.clone()));
        }
        Self { cache: addresses[0], database: addresses[1], asked, _running: running }
    }

    /// The next request.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn next(&mut self) -> Request {
        self.asked.recv().await.expect("the listeners live in self")
    }
}

impl Request {
    pub fn pass(self) {
        self.decide.send(Decision::Pass).ok();
    }

    /// Lets it arrive, and waits for the reply, of which the process does not learn.
    pub async fn deliver(self) {
        let (delivered, done) = oneshot::channel();
        self.decide.send(Decision::Deliver(delivered)).ok();
        done.await.ok();
    }

    /// Breaks the connection.
    pub fn cut(self, arrives: Arrives) {
        self.decide.send(Decision::Cut(arrives)).ok();
    }
}

async fn accept(listener: TcpListener, protocol: Protocol, target: SocketAddr, ask: mpsc::UnboundedSender<Request>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let ask = ask.clone();
        connections.spawn(async move {
            if let Ok(stream) = TcpStream::connect(target).await {
                carry(client, stream, protocol, ask).await.ok();
            }
        });
    }
}

async fn carry(
    mut client: TcpStream,
    mut stream: TcpStream,
    protocol: Protocol,
    ask: mpsc::UnboundedSender<Request>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    stream.set_nodelay(true)?;
    let (mut request, mut reply) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            length = client.read(&mut request) => {
                let request = ended(&request, length?)?;
                let (decide, decided) = oneshot::channel();
                ask.send(Request { name: protocol.name(request), decide }).ok();
                match decided.await {
                    Ok(Decision::Pass) => stream.write_all(request).await?,
                    Ok(Decision::Deliver(delivered)) => {
                        deliver(&mut stream, request, &mut reply).await?;
                        delivered.send(()).ok();
                        std::future::pending().await
                    }
                    Ok(Decision::Cut(arrives)) => {
                        if arrives == Arrives::Yes {
                            deliver(&mut stream, request, &mut reply).await?;
                        }
                        return Ok(());
                    }
                    Err(_) => std::future::pending().await,
                }
            }
            length = stream.read(&mut reply) => client.write_all(ended(&reply, length?)?).await?,
        }
    }
}

async fn deliver(stream: &mut TcpStream, request: &[u8], reply: &mut [u8]) -> io::Result<()> {
    stream.write_all(request).await?;
    // An end is an answer, too; and there are requests without one.
    timeout(WITHOUT_REPLY, stream.read(reply)).await.ok();
    Ok(())
}

fn ended(buffer: &[u8], length: usize) -> io::Result<&[u8]> {
    if length == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(&buffer[..length]) }
}
