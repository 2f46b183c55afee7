//! The faulty network does each of its faults, and loses nothing when it should not.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::{Fault, FaultProxy};

/// A server that answers every byte with itself, and tells what it was sent.
struct Echo {
    address: SocketAddr,
    heard: mpsc::UnboundedReceiver<u8>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, heard) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let tell = tell.clone();
                tokio::spawn(async move {
                    while let Ok(byte) = client.read_u8().await {
                        tell.send(byte).ok();
                        if client.write_u8(byte).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, heard }
    }

    async fn hears(&mut self) -> u8 {
        timeout(Duration::from_secs(20), self.heard.recv()).await.expect("the byte arrives").unwrap()
    }
}

async fn scene() -> (Echo, FaultProxy, TcpStream) {
    let echo = Echo::start().await;
    let proxy = FaultProxy::start(echo.address).await;
    let client = TcpStream::connect(proxy.addr()).await.unwrap();
    (echo, proxy, client)
}

/// Sends a byte and waits for it to come back.
async fn asks(client: &mut TcpStream, byte: u8) -> std::io::Result<u8> {
    client.write_u8(byte).await?;
    client.read_u8().await
}

#[tokio::test]
async fn everything_passes_and_is_counted_unless_told_otherwise() {
    let (_echo, proxy, mut client) = scene().await;

    assert_eq!(asks(&mut client, 1).await.unwrap(), 1);
    assert_eq!(asks(&mut client, 2).await.unwrap(), 2);

    let traffic = proxy.until(|traffic| traffic.replies.delivered == 2).await;
    assert_eq!((traffic.accepted, traffic.open), (1, 1));
    assert_eq!((traffic.requests.received, traffic.requests.delivered, traffic.requests.lost), (2, 2, 0));
    drop(client);
    proxy.until(|traffic| traffic.open == 0).await;
}

#[tokio::test]
async fn a_large_stream_arrives_whole() {
    let (_echo, _proxy, client) = scene().await;
    let sent: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let (mut reader, mut writer) = client.into_split();

    let expected = sent.clone();
    let writing = tokio::spawn(async move { writer.write_all(&sent).await });
    let mut came_back = vec![0; expected.len()];
    reader.read_exact(&mut came_back).await.unwrap();

    writing.await.unwrap().unwrap();
    assert!(came_back == expected);
}

#[tokio::test]
async fn refused_connections_fail_at_once_until_they_pass_again_at_the_same_address() {
    let (_echo, proxy, mut client) = scene().await;
    assert_eq!(asks(&mut client, 1).await.unwrap(), 1);

    proxy.set(Fault::Refuse).await;

    assert_eq!(asks(&mut client, 2).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let refused = TcpStream::connect(proxy.addr()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    proxy.set(Fault::Pass).await;
    let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(asks(&mut client, 3).await.unwrap(), 3);
}

#[tokio::test]
async fn a_cut_resets_what_stands_and_lets_new_connections_pass() {
    let (_echo, proxy, mut client) = scene().await;
    assert_eq!(asks(&mut client, 1).await.unwrap(), 1);

    proxy.set(Fault::Cut).await;

    assert_eq!(asks(&mut client, 2).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(asks(&mut client, 3).await.unwrap(), 3);
}

#[tokio::test]
async fn what_is_held_when_the_connection_is_cut_is_lost() {
    let (mut echo, proxy, mut client) = scene().await;
    proxy.set(Fault::Stall).await;
    client.write_u8(1).await.unwrap();
    proxy.until(|traffic| traffic.requests.held() == 1).await;

    proxy.set(Fault::Cut).await;

    assert_eq!(proxy.traffic().requests.lost, 1);
    let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
    asks(&mut client, 2).await.unwrap();
    assert_eq!(echo.hears().await, 2);
}

#[tokio::test]
async fn a_stalled_network_holds_both_ways_and_delivers_afterwards() {
    let (mut echo, proxy, mut client) = scene().await;
    proxy.set(Fault::Stall).await;

    let mut late = TcpStream::connect(proxy.addr()).await.unwrap();
    client.write_u8(1).await.unwrap();
    late.write_u8(2).await.unwrap();
    proxy.until(|traffic| traffic.requests.held() == 2).await;
    assert!(echo.heard.try_recv().is_err());

    proxy.set(Fault::Pass).await;
    assert_eq!(client.read_u8().await.unwrap(), 1);
    assert_eq!(late.read_u8().await.unwrap(), 2);
}

#[tokio::test]
async fn a_held_command_arrives_late_even_when_its_sender_has_gone() {
    let (mut echo, proxy, mut client) = scene().await;
    proxy.set(Fault::Stall).await;
    client.write_u8(7).await.unwrap();
    proxy.until(|traffic| traffic.requests.held() == 1).await;
    client.set_zero_linger().unwrap();
    drop(client);

    proxy.set(Fault::Pass).await;

    assert_eq!(echo.hears().await, 7);
}

#[tokio::test]
async fn held_replies_come_late_although_their_requests_were_heard() {
    let (mut echo, proxy, mut client) = scene().await;
    proxy.set(Fault::HoldReplies).await;

    client.write_u8(1).await.unwrap();
    assert_eq!(echo.hears().await, 1);
    let traffic = proxy.until(|traffic| traffic.replies.held() == 1).await;
    assert_eq!(traffic.replies.delivered, 0);

    proxy.set(Fault::Pass).await;
    assert_eq!(client.read_u8().await.unwrap(), 1);
}

#[tokio::test]
async fn a_connection_that_lost_a_reply_does_not_outlive_the_fault() {
    let (mut echo, proxy, mut client) = scene().await;
    proxy.set(Fault::DropReplies).await;

    client.write_u8(1).await.unwrap();
    assert_eq!(echo.hears().await, 1);
    proxy.until(|traffic| traffic.replies.lost == 1).await;

    proxy.set(Fault::Pass).await;
    assert_eq!(client.read_u8().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_connection_that_lost_nothing_outlives_the_dropping_of_replies() {
    let (_echo, proxy, mut client) = scene().await;
    assert_eq!(asks(&mut client, 1).await.unwrap(), 1);

    proxy.set(Fault::DropReplies).await;
    proxy.set(Fault::Pass).await;

    assert_eq!(asks(&mut client, 2).await.unwrap(), 2);
}

#[tokio::test]
async fn a_delay_is_paid_in_each_direction() {
    let (_echo, proxy, mut client) = scene().await;
    assert_eq!(asks(&mut client, 1).await.unwrap(), 1);
    proxy.set(Fault::Delay(Duration::from_millis(60))).await;

    let began = Instant::now();
    assert_eq!(asks(&mut client, 2).await.unwrap(), 2);

    assert!(began.elapsed() >= Duration::from_millis(120), "it took only {:?}", began.elapsed());
}

#[tokio::test]
async fn a_half_closed_connection_ends_for_the_reader_while_its_writes_still_arrive() {
    let (mut echo, proxy, mut client) = scene().await;
    assert_eq!(asks(&mut client, 1).await.unwrap(), 1);
    assert_eq!(echo.hears().await, 1);

    proxy.set(Fault::HalfClose).await;

    assert_eq!(client.read_u8().await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    client.write_u8(2).await.unwrap();
    assert_eq!(echo.hears().await, 2);
}

#[tokio::test]
async fn a_server_that_is_gone_resets_its_clients() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let proxy = FaultProxy::start(nobody).await;

    let mut client = TcpStream::connect(proxy.addr()).await.unwrap();

    assert!(asks(&mut client, 1).await.is_err());
}
