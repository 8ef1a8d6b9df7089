//! The whole of it over real sockets, between a client and an application that are bytes.

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, Ipv4Addr},
};

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, Empty};
use hyper::{
    client,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use socket2::{Domain, Socket, Type};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixListener},
};

use super::{
    testing::{FORWARDING, LONG, PATIENT},
    *,
};
use crate::{
    lifecycle::{Lifecycle, Stage},
    pace::Pace,
    settings::{Buffering, UpstreamTimeouts},
};

/// A time that passes soon.
const SHORT: Duration = Duration::from_millis(250);

const SOMEBODY: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
const CLIENT: Client =
    Client { address: SOMEBODY, peer: SOMEBODY, is_secure: false, is_trusted: false };
/// The fields that are added to a request, but for the host.
const TOLD: &str = "x-forwarded-proto: http\r\nx-forwarded-host: a\r\n\
    forwarded: for=192.0.2.1;host=a;proto=http\r\nx-forwarded-for: 192.0.2.1\r\n\
    via: 1.1 hardtack\r\n\r\n";

/// One end of a connection.
struct Peer<S = TcpStream>(S);

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads until what was read ends like this. A test fails instead of waiting for ever.
    #[track_caller]
    fn hear(&mut self, end: &str) -> impl Future<Output = String> {
        let caller = std::panic::Location::caller();
        async move {
            let mut heard = Vec::new();
            while !heard.ends_with(end.as_bytes()) {
                let byte = timeout(LONG, self.0.read_u8()).await.map_err(io::Error::from);
                match byte.and_then(|byte| byte) {
                    Ok(byte) => heard.push(byte),
                    Err(error) => {
                        let heard = String::from_utf8_lossy(&heard);
                        panic!("{caller}: {error} instead of {end:?}, after {heard:?}");
                    }
                }
            }
            via::without_name(&String::from_utf8(heard).unwrap())
        }
    }

    async fn header(&mut self) -> String {
        self.hear("\r\n\r\n").await
    }

    /// The bytes up to the close of the connection, or its end without one.
    async fn rest(&mut self) -> String {
        let mut heard = Vec::new();
        let ended = timeout(LONG, self.0.read_to_end(&mut heard)).await.expect("it is closed");
        drop(ended);
        String::from_utf8(heard).unwrap()
    }
}

/// An application that listens, and a connection of a client to a server in front of it.
async fn pair(timeouts: UpstreamTimeouts) -> (TcpListener, Peer) {
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = upstream(&format!("http://{}", app.local_addr().unwrap()), timeouts);
    (app, client_of(upstream).await)
}

/// Passes content on as it comes.
fn upstream(url: &str, timeouts: UpstreamTimeouts) -> Upstream {
    let buffering = Buffering { streamed: vec!["/".to_owned()], ..FORWARDING.buffering };
    forwarding_to(url, Forwarding { timeouts, buffering, ..FORWARDING })
}

/// The process goes on.
fn stages() -> watch::Receiver<Stage> {
    let lifecycle: &'static Lifecycle = Box::leak(Box::new(Lifecycle::new()));
    lifecycle.stages()
}

fn forwarding_to(url: &str, forwarding: Forwarding) -> Upstream {
    let resolved = url.parse::<Address>().unwrap().resolve().unwrap();
    let room = Room::new(forwarding.buffering.room, 64);
    let (places, tally) = (Places::new(64), Box::leak(Box::default()));
    Upstream::new(resolved, Box::leak(Box::new(forwarding)), room, places, stages(), tally)
}

/// An application that gets content when all of it has come.
async fn storing_pair(timeouts: UpstreamTimeouts) -> (TcpListener, Peer) {
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", app.local_addr().unwrap());
    let upstream = forwarding_to(&url, Forwarding { timeouts, ..FORWARDING });
    (app, client_of(upstream).await)
}

async fn client_of(upstream: Upstream) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = service_fn(move |request| {
            let upstream = upstream.clone();
            async move { Ok::<_, Infallible>(upstream.forward(request, CLIENT).await) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        connection.with_upgrades().await.ok();
    });
    Peer(TcpStream::connect(address).await.unwrap())
}

async fn accept(app: &TcpListener) -> Peer {
    Peer(timeout(LONG, app.accept()).await.expect("it is connected to").unwrap().0)
}

/// A response's header without the field that hyper adds.
fn without_date(header: &str) -> String {
    header.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
}

#[tokio::test]
async fn a_request_and_its_response_pass() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("GET /a?b HTTP/1.1\r\nHost: a\r\nConnection: x\r\nX: 1\r\nY: 2\r\n\r\n").await;
    let mut app = accept(&app).await;
    assert_eq!(app.header().await, format!("GET /a?b HTTP/1.1\r\nhost: a\r\ny: 2\r\n{TOLD}"));
    app.say("HTTP/1.1 203 Nice\r\nConnection: close, z\r\nZ: 1\r\nContent-Length: 2\r\n\r\nhi")
        .await;
    let expected = "HTTP/1.1 203 Nice\r\ncontent-length: 2\r\nvia: 1.1 hardtack\r\n\r\n";
    assert_eq!(without_date(&client.header().await), expected);
    client.hear("hi").await;
}

#[tokio::test]
async fn a_response_is_streamed() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut app = accept(&app).await;
    app.header().await;
    app.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n").await;
    assert!(client.hear("first\r\n").await.contains("transfer-encoding: chunked\r\n"));
    app.say("6\r\nsecond\r\n0\r\n\r\n").await;
    client.hear("6\r\nsecond\r\n0\r\n\r\n").await;
}

#[tokio::test]
async fn content_is_streamed() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nfirst").await;
    let mut app = accept(&app).await;
    assert!(app.hear("first").await.contains("content-length: 11\r\n"));
    client.say("second").await;
    app.hear("second").await;
}

#[tokio::test]
async fn content_is_stored_until_all_of_it_has_come() {
    for length in [8, 200_000] {
        let (app, mut client) = storing_pair(PATIENT).await;
        client.say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        let half = "x".repeat(length / 2);
        client.say(&format!("{:x}\r\n{half}\r\n", half.len())).await;
        assert!(timeout(SHORT, app.accept()).await.is_err(), "the application is left alone");
        client.say(&format!("{:x}\r\n{half}\r\n0\r\n\r\n", half.len())).await;
        let mut app = accept(&app).await;
        let header = app.header().await;
        assert!(header.contains(&format!("content-length: {length}\r\n")), "{header}");
        assert!(!header.contains("transfer-encoding"), "{header}");
        app.hear(&half).await;
        app.hear(&half).await;
        app.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        let response = client.hear("ok").await;
        assert!(!response.contains("connection: close"), "{response}");
    }
}

#[tokio::test]
async fn content_that_is_stored_has_limits() {
    let (_app, mut client) = storing_pair(PATIENT).await;
    client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000001\r\n\r\n").await;
    let header = client.header().await;
    assert!(header.starts_with("HTTP/1.1 413 ") && header.contains("connection: close\r\n"));
    let slow = UpstreamTimeouts { content: Pace::of_each(SHORT), ..PATIENT };
    let (_app, mut client) = storing_pair(slow).await;
    client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf").await;
    assert!(client.header().await.starts_with("HTTP/1.1 408 "));
}

/// The application is done with its response before the client has taken it.
#[tokio::test]
async fn a_response_is_taken_ahead_of_its_client() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut app = accept(&app).await;
    app.header().await;
    let length = 900_000;
    app.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")).await;
    timeout(LONG, app.say(&"x".repeat(length))).await.unwrap();
    assert_eq!(app.rest().await, "", "the connection is idle, and closed");
    client.header().await;
    let mut content = vec![0; length];
    client.0.read_exact(&mut content).await.unwrap();
}

#[tokio::test]
async fn content_of_a_get_is_streamed_too() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    client.say("5\r\nfirst\r\n").await;
    let mut app = accept(&app).await;
    assert!(app.hear("5\r\nfirst\r\n").await.contains("transfer-encoding: chunked\r\n"));
    client.say("0\r\n\r\n").await;
    app.hear("0\r\n\r\n").await;
}

#[tokio::test]
async fn a_response_may_come_before_the_contents_end() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nfirst").await;
    let mut app = accept(&app).await;
    app.hear("first").await;
    app.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n").await;
    assert!(client.header().await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn the_client_is_told_to_go_on() {
    let (app, mut client) = pair(PATIENT).await;
    client
        .say("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        .await;
    assert_eq!(client.header().await, "HTTP/1.1 100 Continue\r\n\r\n");
    let mut app = accept(&app).await;
    let header = app.header().await;
    assert!(!header.contains("expect:"), "{header}");
    client.say("hi").await;
    app.hear("hi").await;
    // The application may say so, too.
    app.say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n").await;
    assert!(client.header().await.starts_with("HTTP/1.1 204 "));
}

#[tokio::test]
async fn the_client_is_not_told_to_go_on_to_nobody() {
    let mut client = client_of(refusing().await).await;
    client
        .say("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        .await;
    assert!(client.header().await.starts_with("HTTP/1.1 502 "));
}

#[tokio::test]
async fn connections_are_kept() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut app_side = accept(&app).await;
    for next in ["/2", "/3"] {
        app_side.header().await;
        app_side.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        client.hear("ok").await;
        client.say(&format!("GET {next} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    }
    assert!(app_side.header().await.starts_with("GET /3 "));
}

#[tokio::test]
async fn an_idle_connection_is_closed_by_this_side() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut app = accept(&app).await;
    app.header().await;
    app.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    client.hear("ok").await;
    assert_eq!(app.rest().await, "");
}

/// Has one request answered, and then reads another and closes the connection.
async fn close_kept(app: &TcpListener, client: &mut Peer, request: &str) {
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut kept = accept(app).await;
    kept.header().await;
    kept.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    client.hear("ok").await;
    client.say(request).await;
    kept.header().await;
}

#[tokio::test]
async fn a_kept_connection_may_be_closed_at_the_wrong_moment() {
    let (app, mut client) = pair(PATIENT).await;
    close_kept(&app, &mut client, "DELETE /again HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut fresh = accept(&app).await;
    assert_eq!(fresh.header().await, format!("DELETE /again HTTP/1.1\r\nhost: a\r\n{TOLD}"));
    fresh.say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes").await;
    client.hear("yes").await;
}

#[tokio::test]
async fn a_post_is_not_sent_twice() {
    let (app, mut client) = pair(PATIENT).await;
    close_kept(&app, &mut client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").await;
    assert!(client.header().await.starts_with("HTTP/1.1 502 "));
}

#[tokio::test]
async fn a_request_that_kills_the_application_is_not_sent_twice() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    accept(&app).await.header().await;
    assert!(client.header().await.starts_with("HTTP/1.1 502 "));
}

#[tokio::test]
async fn a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let app = UnixListener::bind(&path).unwrap();
    let mut client = client_of(upstream(&format!("unix:{}", path.display()), PATIENT)).await;
    client.say("GET / HTTP/1.0\r\nHost: a\r\n\r\n").await;
    let mut app = Peer(app.accept().await.unwrap().0);
    let header = app.header().await;
    assert!(header.ends_with("via: 1.0 hardtack\r\n\r\n"), "{header}");
    app.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    assert!(client.rest().await.ends_with("\r\n\r\nok"));
}

const ASKS: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
const AGREES: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\nhello";

#[tokio::test]
async fn a_websocket_is_a_tunnel() {
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = upstream(&format!("http://{}", app.local_addr().unwrap()), PATIENT);
    let mut client = client_of(upstream).await;
    client.say(ASKS).await;
    let mut app = accept(&app).await;
    let header = app.header().await;
    assert!(header.contains("connection: upgrade\r\nupgrade: websocket\r\n"), "{header}");
    // The first bytes of the new protocol may come in one packet with the header.
    app.say(AGREES).await;
    let header = client.header().await;
    assert!(header.starts_with("HTTP/1.1 101 "), "{header}");
    assert!(header.contains("connection: upgrade\r\nupgrade: websocket\r\n"), "{header}");
    client.hear("hello").await;
    client.say("ping").await;
    app.hear("ping").await;
    app.say("pong").await;
    client.hear("pong").await;
    drop(client);
    assert_eq!(app.rest().await, "");
}

#[tokio::test]
async fn a_websocket_may_be_refused() {
    let (app, mut client) = pair(PATIENT).await;
    client.say(ASKS).await;
    let mut app = accept(&app).await;
    app.header().await;
    app.say("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno").await;
    client.hear("no").await;
}

/// The response that the client gets, when the application answers a request so.
async fn exchange(request: &str, response: &str) -> String {
    let (app, mut client) = pair(PATIENT).await;
    client.say(request).await;
    let mut app = accept(&app).await;
    app.header().await;
    app.say(response).await;
    drop(app);
    let header = client.header().await;
    client.0.shutdown().await.unwrap();
    without_date(&header) + &client.rest().await
}

async fn returned(response: &str) -> String {
    exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n", response).await
}

#[tokio::test]
async fn the_length_of_no_content_is_kept() {
    let head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    let got = exchange(head, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").await;
    assert_eq!(got, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nvia: 1.1 hardtack\r\n\r\n");
    let got = returned("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n").await;
    assert_eq!(got, "HTTP/1.1 304 Not Modified\r\netag: \"x\"\r\nvia: 1.1 hardtack\r\n\r\n");
}

#[tokio::test]
async fn there_is_one_framing() {
    let chunked = "transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    let both = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n\
        2\r\nhi\r\n0\r\n\r\n";
    assert_eq!(returned(both).await, format!("HTTP/1.1 200 OK\r\nvia: 1.1 hardtack\r\n{chunked}"));
    let until_the_end = "HTTP/1.0 200 OK\r\n\r\nhi";
    let expected = format!("HTTP/1.1 200 OK\r\nvia: 1.0 hardtack\r\n{chunked}");
    assert_eq!(returned(until_the_end).await, expected);
    let twice = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi";
    let expected = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nvia: 1.1 hardtack\r\n\r\nhi";
    assert_eq!(returned(twice).await, expected);
}

#[tokio::test]
async fn trailers_pass_to_whoever_takes_them() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n";
    let response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n\
        2\r\nhi\r\n0\r\nx: y\r\n\r\n";
    let got = exchange(request, response).await;
    assert!(got.ends_with("2\r\nhi\r\n0\r\nx: y\r\n\r\n"), "{got}");
}

#[tokio::test]
async fn what_is_no_response_is_a_502() {
    let large = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(4 * HEADER_BYTES));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(101));
    for response in [
        "",
        "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        AGREES,
        &many,
        &large,
    ] {
        let got = returned(response).await;
        assert!(got.starts_with("HTTP/1.1 502 "), "{response:.80}: {got:.80}");
    }
}

/// An application that is not there.
async fn refusing() -> Upstream {
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    upstream(&format!("http://{}", app.local_addr().unwrap()), PATIENT)
}

#[tokio::test]
async fn an_application_that_is_not_there_is_a_502() {
    let mut client = client_of(refusing().await).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let expected = "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain; charset=utf-8\r\n\
        x-content-type-options: nosniff\r\ncontent-length: 81\r\ncache-control: no-store\r\n\r\n";
    assert_eq!(without_date(&client.header().await), expected);
    client
        .hear("502 Bad Gateway\nThe application cannot be reached. Please try again in a moment.\n")
        .await;
    client.say("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(without_date(&client.header().await), expected);
    client.0.shutdown().await.unwrap();
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn an_application_that_does_not_answer_is_a_504() {
    let (app, mut client) = pair(UpstreamTimeouts { read: SHORT, ..PATIENT }).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut app = accept(&app).await;
    app.header().await;
    assert!(client.header().await.starts_with("HTTP/1.1 504 "));
    // It need not go on with what nobody waits for.
    app.rest().await;
}

#[tokio::test]
async fn an_application_that_does_not_take_content_is_a_504() {
    let (app, client) = pair(UpstreamTimeouts { read: SHORT, ..PATIENT }).await;
    let (mut heard, mut said) = tokio::io::split(client.0);
    let _app = accept_later(&app, async move {
        let large = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n";
        said.write_all(large.as_bytes()).await.unwrap();
        // It ends in an error when the connection is closed.
        while said.write_all(&[b'x'; 65536]).await.is_ok() {}
    })
    .await;
    let mut start = [0; 13];
    heard.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 504 ");
}

async fn accept_later(
    app: &TcpListener,
    sending: impl Future<Output = ()> + Send + 'static,
) -> Peer {
    tokio::spawn(sending);
    accept(app).await
}

#[tokio::test]
async fn an_application_whose_queue_is_full_is_a_504() {
    let app = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    app.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    app.listen(0).unwrap();
    let address = app.local_addr().unwrap().as_socket().unwrap();
    let mut queue = Vec::new();
    while let Ok(Ok(stream)) = timeout(SHORT, TcpStream::connect(address)).await {
        queue.push(stream);
    }
    let impatient = UpstreamTimeouts { connect: SHORT, ..PATIENT };
    let mut client = client_of(upstream(&format!("http://{address}"), impatient)).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.header().await.starts_with("HTTP/1.1 504 "));
}

#[tokio::test]
async fn a_response_that_breaks_is_not_taken_for_whole() {
    let got = returned("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await;
    assert!(got.ends_with("\r\n\r\nhalf"), "{got}");
    let got = returned("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n").await;
    assert!(got.ends_with("\r\n\r\n4\r\nhalf\r\n"), "{got}");
}

#[tokio::test]
async fn a_response_that_stalls_is_cut() {
    let (app, mut client) = pair(UpstreamTimeouts { read: SHORT, ..PATIENT }).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut app = accept(&app).await;
    app.header().await;
    app.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await;
    assert!(client.rest().await.ends_with("\r\n\r\nhalf"));
}

#[tokio::test]
async fn a_client_that_stalls_gets_a_408() {
    let (app, mut client) =
        pair(UpstreamTimeouts { content: Pace::of_each(SHORT), ..PATIENT }).await;
    client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf").await;
    let mut app = accept(&app).await;
    app.hear("half").await;
    let got = client.rest().await;
    assert!(got.starts_with("HTTP/1.1 408 "), "{got}");
    assert!(got.contains("\r\nconnection: close\r\n"), "{got}");
    assert_eq!(app.rest().await, "");
}

/// The application's time does not run while the client takes its own.
#[tokio::test]
async fn a_slow_client_is_not_the_applications_fault() {
    let (app, mut client) = pair(UpstreamTimeouts { read: SHORT, ..PATIENT }).await;
    client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf").await;
    let mut app = accept(&app).await;
    app.hear("half").await;
    tokio::time::sleep(2 * SHORT).await;
    client.say("half").await;
    app.hear("half").await;
    app.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    assert!(client.hear("ok").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_request_along() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut app = accept(&app).await;
    app.header().await;
    drop(client);
    assert_eq!(app.rest().await, "");
}

#[tokio::test]
async fn what_is_not_passed_on() {
    async fn status(request: &str) -> String {
        let mut client = client_of(refusing().await).await;
        client.say(request).await;
        let header = client.header().await;
        assert!(header.contains("cache-control: no-store\r\n"), "{header}");
        header.split(' ').nth(1).unwrap().to_owned()
    }
    assert_eq!(status("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n").await, "501");
    assert_eq!(status("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n").await, "501");
    assert_eq!(status("GET / HTTP/1.1\r\n\r\n").await, "400");
    assert_eq!(status("GET / HTTP/1.0\r\n\r\n").await, "400");
    assert_eq!(status("GET / HTTP/1.1\r\nHost:\r\n\r\n").await, "400");
    assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").await, "400");
}

/// A server whose upstream is itself.
#[tokio::test]
async fn a_loop_is_a_508() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut once = accept(&app).await;
    let mut again = client_of(refusing().await).await;
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n\r\n") {
        header.push(once.0.read_u8().await.unwrap());
    }
    again.0.write_all(&header).await.unwrap();
    assert!(again.header().await.starts_with("HTTP/1.1 508 "));
}

/// A container that was made anew has another address.
#[tokio::test]
async fn an_application_that_has_moved_is_found() {
    let app = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = app.local_addr().unwrap().port();
    let resolved =
        format!("http://localhost:{port}").parse::<Address>().unwrap().resolve().unwrap();
    let forwarding = Box::leak(Box::new(FORWARDING));
    let upstream = Upstream::new(
        resolved.clone(),
        forwarding,
        Room::new(0, 0),
        Places::new(64),
        stages(),
        Box::leak(Box::default()),
    );
    let mut client = client_of(upstream).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.hear("Please try again in a moment.\n").await;
    timeout(LONG, resolved.failure()).await.unwrap();
    resolved.move_to(vec![app.local_addr().unwrap()]);
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    accept(&app).await.header().await;
}

#[tokio::test]
async fn options_of_the_whole_server() {
    let (app, mut client) = pair(PATIENT).await;
    client.say("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(accept(&app).await.header().await.starts_with("OPTIONS * HTTP/1.1\r\n"));
}

/// A client of HTTP/2, of a server in front of an application.
async fn http2_pair<B>() -> (TcpListener, client::conn::http2::SendRequest<B>)
where
    B: http_body::Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = upstream(&format!("http://{}", app.local_addr().unwrap()), PATIENT);
    let (near, far) = tokio::io::duplex(65536);
    let service = service_fn(move |request| {
        let upstream = upstream.clone();
        async move { Ok::<_, Infallible>(upstream.forward(request, CLIENT).await) }
    });
    let server = http2::Builder::new(TokioExecutor::new());
    tokio::spawn(server.serve_connection(TokioIo::new(far), service));
    let (sender, connection) =
        client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(near)).await.unwrap();
    tokio::spawn(connection);
    (app, sender)
}

#[tokio::test]
async fn http2_becomes_http1() {
    let (app, mut client) = http2_pair::<Empty<Bytes>>().await;
    let request = Request::get("https://a/x").header("cookie", "a=1").header("cookie", "b=2");
    let response = tokio::spawn(client.send_request(request.body(Empty::new()).unwrap()));
    let mut app = accept(&app).await;
    let expected = format!("GET /x HTTP/1.1\r\ncookie: a=1; b=2\r\n{TOLD}");
    assert_eq!(
        app.header().await,
        expected.replace("via: 1.1 hardtack\r\n", "via: 2 hardtack\r\nhost: a\r\n")
    );
    app.say("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    app.say("2\r\nhi\r\n0\r\n\r\n").await;
    let response = response.await.unwrap().unwrap();
    assert_eq!(response.headers()["via"], "1.1 hardtack");
    assert!(!response.headers().contains_key("connection"));
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hi");
}

#[tokio::test]
async fn content_of_http2_without_a_length_is_chunked() {
    type Pieces = tokio::sync::mpsc::Receiver<Bytes>;
    struct Sent(Pieces);
    impl http_body::Body for Sent {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
        }
    }
    let (app, mut client) = http2_pair::<Sent>().await;
    let (pieces, sent) = tokio::sync::mpsc::channel(1);
    let request = Request::get("https://a/x").body(Sent(sent)).unwrap();
    tokio::spawn(client.send_request(request));
    pieces.send(Bytes::from_static(b"first")).await.unwrap();
    let mut app = accept(&app).await;
    assert!(app.hear("5\r\nfirst\r\n").await.contains("transfer-encoding: chunked\r\n"));
    drop(pieces);
    app.hear("0\r\n\r\n").await;
}

#[tokio::test]
async fn a_response_that_breaks_resets_its_stream() {
    let (app, mut client) = http2_pair::<Empty<Bytes>>().await;
    let request = Request::get("https://a/x").body(Empty::new()).unwrap();
    let response = tokio::spawn(client.send_request(request));
    let mut app = accept(&app).await;
    app.header().await;
    app.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n").await;
    let response = response.await.unwrap().unwrap();
    drop(app);
    response.into_body().collect().await.unwrap_err();
}
