//! The floor: one `recv`, a search for the path, one `send` of a response that is ready.
//!
//!     floor ADDRESS:PORT THREADS FOLDER
//!
//! It is not a server: no request is checked, no precondition looked at, no client given a deadline. Its cost is that
//! of the kernel for a request and its response: the least of a server that writes small bodies from memory.

use std::{
    collections::HashMap,
    env, fs, io,
    io::{Read, Write},
    net::{SocketAddrV4, TcpStream},
    path::Path,
    sync::Arc,
    thread,
};

use compare_epoll::{Epoll, Ready, listen};

const LISTENER: u64 = u64::MAX;

fn main() -> io::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [address, threads, folder] = arguments.as_slice() else {
        panic!("floor ADDRESS:PORT THREADS FOLDER");
    };
    let address: SocketAddrV4 = address.parse().expect("an address and a port");
    let responses = Arc::new(Responses::of(Path::new(folder))?);
    let mut running = Vec::new();
    for _ in 0..threads.parse().expect("a number of threads") {
        let (listener, responses) = (listen(address)?, Arc::clone(&responses));
        running.push(thread::spawn(move || serve(listener, &responses)));
    }
    running.into_iter().try_for_each(|thread| thread.join().expect("no thread panics"))
}

/// Whole responses, by path; the second one is for a request that accepts Brotli.
struct Responses {
    of_path: HashMap<Vec<u8>, [Vec<u8>; 2]>,
}

impl Responses {
    fn of(folder: &Path) -> io::Result<Self> {
        let mut found = Self { of_path: HashMap::new() };
        found.add(folder, "")?;
        Ok(found)
    }

    fn add(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.add(&entry.path(), &path)?;
            } else if !path.ends_with(".br") && !path.ends_with(".gz") {
                self.of_path.insert(path.into_bytes(), pair(&entry.path())?);
            }
        }
        Ok(())
    }

    fn to(&self, request: &[u8]) -> Option<&[u8]> {
        let path = request.split(|byte| *byte == b' ').nth(1)?;
        let accepts_brotli = find(request, b"\r\nAccept-Encoding: br").is_some();
        self.of_path.get(path).map(|pair| pair[usize::from(accepts_brotli)].as_slice())
    }
}

fn pair(file: &Path) -> io::Result<[Vec<u8>; 2]> {
    let plain = response("", &fs::read(file)?);
    let twin = format!("{}.br", file.display());
    let coded = match fs::read(twin) {
        Ok(body) => response("Content-Encoding: br\r\n", &body),
        Err(_) => plain.clone(),
    };
    Ok([plain, coded])
}

/// With as many bytes of fields as servers send.
fn response(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 200 OK\r\nServer: floor\r\nContent-Type: application/octet-stream\r\n{coding}Content-Length: {}\r\n\
         ETag: \"0123456789abcdef\"\r\nCache-Control: public, max-age=31536000, immutable\r\nAccept-Ranges: bytes\r\n\
         Date: Mon, 02 Nov 2026 10:00:00 GMT\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn serve(listener: std::net::TcpListener, responses: &Responses) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut epoll = Epoll::new()?;
    epoll.watch(&listener, LISTENER)?;
    let mut connections = Connections::default();
    loop {
        for ready in epoll.wait(-1)? {
            if ready.token == LISTENER {
                if let Ok((socket, _)) = listener.accept() {
                    connections.add(socket, &epoll)?;
                }
            } else {
                connections.go_on(ready, &epoll, responses)?;
            }
        }
    }
}

/// By number; a place that became free is taken again.
#[derive(Default)]
struct Connections<'a> {
    open: Vec<Option<Connection<'a>>>,
    free: Vec<usize>,
}

struct Connection<'a> {
    socket: TcpStream,
    unsent: &'a [u8],
    last: bool,
}

impl<'a> Connections<'a> {
    fn add(&mut self, socket: TcpStream, epoll: &Epoll) -> io::Result<()> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        let place = self.free.pop().unwrap_or_else(|| {
            self.open.push(None);
            self.open.len() - 1
        });
        epoll.watch(&socket, place as u64)?;
        self.open[place] = Some(Connection { socket, unsent: &[], last: false });
        Ok(())
    }

    fn go_on(&mut self, ready: Ready, epoll: &Epoll, responses: &'a Responses) -> io::Result<()> {
        let place = ready.token as usize;
        let Some(connection) = &mut self.open[place] else { return Ok(()) };
        let waited = !connection.unsent.is_empty();
        let alive = if waited { connection.send() } else { connection.answer(responses) };
        let waits = !connection.unsent.is_empty();
        if alive && waits != waited {
            epoll.watch_writable(&connection.socket, ready.token, waits)?;
        }
        if !alive {
            self.open[place] = None;
            self.free.push(place);
        }
        Ok(())
    }
}

impl<'a> Connection<'a> {
    /// False if the connection is over.
    fn answer(&mut self, responses: &'a Responses) -> bool {
        let mut request = [0; 2048];
        match self.socket.read(&mut request) {
            Ok(0) => false,
            Ok(length) => {
                self.last = find(&request[..length], b"\r\nConnection: close").is_some();
                self.unsent = responses.to(&request[..length]).unwrap_or_default();
                !self.unsent.is_empty() && self.send()
            }
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        }
    }

    fn send(&mut self) -> bool {
        match self.socket.write(self.unsent) {
            Ok(sent) => self.unsent = &self.unsent[sent..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return false,
        }
        !(self.last && self.unsent.is_empty())
    }
}
