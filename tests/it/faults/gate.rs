//! A proxy that stops single messages: the test arms it for the next one that bears a mark, and decides what becomes of
//! it. Where [`FaultProxy`](crate::support::FaultProxy) makes a whole network fail, a gate picks one command.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::PATIENCE;

/// A proxy that passes everything it was not armed for; gone when dropped.
pub struct Gate {
    address: SocketAddr,
    armed: Arc<Mutex<Vec<Trap>>>,
    _running: JoinSet<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Point {
    /// Before the server gets the request.
    Request,
    /// After the server has answered it, before the client gets the reply.
    Reply,
}

struct Trap {
    mark: Vec<u8>,
    at: Point,
    caught: oneshot::Sender<Stopped>,
}

/// Breaks the connection; without it the message passes.
struct Cut;

/// A message that will be stopped.
pub struct Awaited(oneshot::Receiver<Stopped>);

/// A message that stands at the gate, and its connection with it. Dropping it lets it pass.
pub struct Stopped {
    request: Vec<u8>,
    target: SocketAddr,
    cut: oneshot::Sender<Cut>,
}

/// A request whose sender has given up, and that arrives all the same.
pub struct Late {
    request: Vec<u8>,
    target: SocketAddr,
}

impl Gate {
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let armed = Arc::new(Mutex::new(Vec::new()));
        let traps = armed.clone();
        let mut running = JoinSet::new();
        running.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(carry(client, target, traps.clone()));
            }
        });
        Self { address, armed, _running: running }
    }

    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops the next request that contains the mark before the server gets it.
    pub fn stop_request(&self, mark: impl AsRef<[u8]>) -> Awaited {
        self.arm(mark.as_ref(), Point::Request)
    }

    /// Stops the reply to the next request that contains the mark: the server has executed it.
    pub fn stop_reply(&self, mark: impl AsRef<[u8]>) -> Awaited {
        self.arm(mark.as_ref(), Point::Reply)
    }

    /// Stops nothing any more.
    pub fn disarm(&self) {
        lock(&self.armed).clear();
    }

    fn arm(&self, mark: &[u8], at: Point) -> Awaited {
        let (caught, awaited) = oneshot::channel();
        lock(&self.armed).push(Trap { mark: mark.to_vec(), at, caught });
        Awaited(awaited)
    }
}

impl Awaited {
    /// Waits until the message stands at the gate.
    pub async fn stopped(self) -> Stopped {
        let stopped = timeout(PATIENCE, self.0).await.expect("no such message came in time");
        stopped.expect("the gate stands until it is dropped")
    }
}

impl Stopped {
    /// Lets it go on as if nothing had been.
    pub fn pass(self) {
        drop(self);
    }

    /// Breaks the connection: a stopped request never arrives, nor does a stopped reply.
    pub fn cut(self) {
        self.cut.send(Cut).ok();
    }

    /// Breaks the connection, and keeps the request, to arrive later.
    pub fn keep(self) -> Late {
        let late = self.copy();
        self.cut();
        late
    }

    /// The request once more, to arrive later.
    pub fn copy(&self) -> Late {
        Late { request: self.request.clone(), target: self.target }
    }
}

impl Late {
    /// The request arrives; the server's reply is returned.
    pub async fn deliver(self) -> Vec<u8> {
        let delivery = async {
            let mut server = TcpStream::connect(self.target).await?;
            server.write_all(&self.request).await?;
            read(&mut server).await
        };
        timeout(PATIENCE, delivery).await.expect("the server answers").expect("the server can be reached")
    }
}

async fn carry(mut client: TcpStream, target: SocketAddr, traps: Arc<Mutex<Vec<Trap>>>) {
    let Ok(mut server) = TcpStream::connect(target).await else {
        reset(&client);
        return;
    };
    for stream in [&client, &server] {
        stream.set_nodelay(true).ok();
    }
    if relay(&mut client, &mut server, target, &traps).await.is_err() {
        reset(&client);
        reset(&server);
    }
}

/// Carries messages until one end has closed. While one is stopped, everything on its connection is.
async fn relay(
    client: &mut TcpStream,
    server: &mut TcpStream,
    target: SocketAddr,
    traps: &Mutex<Vec<Trap>>,
) -> io::Result<()> {
    let (mut request, mut reply) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            length = client.read(&mut request) => {
                let request = ended(&request, length?)?;
                match spring(traps, request) {
                    None => server.write_all(request).await?,
                    Some(trap) if trap.at == Point::Request => {
                        trap.stop(request, target).await?;
                        server.write_all(request).await?;
                    }
                    Some(trap) => {
                        server.write_all(request).await?;
                        let length = server.read(&mut reply).await?;
                        let reply = ended(&reply, length)?;
                        trap.stop(request, target).await?;
                        client.write_all(reply).await?;
                    }
                }
            }
            length = server.read(&mut reply) => client.write_all(ended(&reply, length?)?).await?,
        }
    }
}

impl Trap {
    /// Shows the message to the test and does as it says; fails where the connection is to break.
    async fn stop(self, request: &[u8], target: SocketAddr) -> io::Result<()> {
        let (cut, decided) = oneshot::channel();
        self.caught.send(Stopped { request: request.to_vec(), target, cut }).ok();
        match decided.await {
            Ok(Cut) => Err(io::ErrorKind::ConnectionReset.into()),
            Err(_) => Ok(()),
        }
    }
}

/// Takes the first trap whose mark the message bears.
fn spring(traps: &Mutex<Vec<Trap>>, message: &[u8]) -> Option<Trap> {
    let mut traps = lock(traps);
    let index = traps.iter().position(|trap| message.windows(trap.mark.len()).any(|part| part == trap.mark))?;
    Some(traps.remove(index))
}

fn ended(buffer: &[u8], length: usize) -> io::Result<&[u8]> {
    if length == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(&buffer[..length]) }
}

async fn read(server: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut reply = vec![0; 64 * 1024];
    let length = server.read(&mut reply).await?;
    Ok(ended(&reply, length)?.to_vec())
}

fn reset(stream: &TcpStream) {
    stream.set_zero_linger().ok();
}

fn lock(traps: &Mutex<Vec<Trap>>) -> std::sync::MutexGuard<'_, Vec<Trap>> {
    traps.lock().unwrap_or_else(PoisonError::into_inner)
}
