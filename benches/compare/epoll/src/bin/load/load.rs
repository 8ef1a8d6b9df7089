//! The connections: each has one request under way, or none.

use std::{collections::VecDeque, io, io::Write, net::TcpStream, time::Instant};

use compare_epoll::Epoll;

use crate::{
    arrivals::Arrivals,
    connection::{Connection, Outcome, Reading},
    options::Options,
    tally::Tally,
};

pub struct Load<'a> {
    options: &'a Options,
    epoll: Epoll,
    connections: Vec<Connection>,
    next_request: usize,
    arrivals: Option<Arrivals>,
    pub due: VecDeque<Instant>, // requests without a connection
    idle: Vec<usize>,
    buffer: Vec<u8>,
    pub tally: Tally,
}

impl<'a> Load<'a> {
    pub fn new(options: &'a Options) -> io::Result<Self> {
        let mut load = Self {
            options,
            epoll: Epoll::new()?,
            connections: Vec::new(),
            next_request: 0,
            arrivals: options.rate.map(Arrivals::new),
            due: VecDeque::new(),
            idle: Vec::new(),
            buffer: vec![0; 32 << 10],
            tally: Tally::default(),
        };
        for place in 0..options.connections {
            let connection = load.connect(place)?;
            load.connections.push(connection);
            if options.rate.is_some() {
                load.idle.push(place)
            } else {
                load.ask(place, Instant::now())?
            }
        }
        Ok(load)
    }

    fn connect(&self, place: usize) -> io::Result<Connection> {
        let socket = TcpStream::connect(self.options.address)?;
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        self.epoll.watch(&socket, place as u64)?;
        Ok(Connection {
            socket,
            request: 0,
            since: Instant::now(),
            head: Vec::new(),
            reading: Reading::Nothing,
        })
    }

    pub fn go_on_until(&mut self, end: Instant) -> io::Result<()> {
        while Instant::now() < end {
            self.start_what_is_due()?;
            let wait = if self.arrivals.is_some() { 0 } else { 50 };
            for ready in self.epoll.wait(wait)? {
                self.read(ready.token as usize)?;
            }
        }
        Ok(())
    }

    fn start_what_is_due(&mut self) -> io::Result<()> {
        let Some(arrivals) = &mut self.arrivals else { return Ok(()) };
        let now = Instant::now();
        while arrivals.next <= now {
            self.due.push_back(arrivals.next);
            arrivals.advance();
        }
        while !self.due.is_empty() && !self.idle.is_empty() {
            let (since, place) = (self.due.pop_front(), self.idle.pop());
            self.ask(place.expect("not empty"), since.expect("not empty"))?;
        }
        Ok(())
    }

    fn ask(&mut self, place: usize, since: Instant) -> io::Result<()> {
        let connection = &mut self.connections[place];
        connection.request = self.next_request;
        connection.since = since;
        connection.reading = Reading::Head;
        self.next_request = (self.next_request + 1) % self.options.requests.len();
        // A connection that the server has closed says so when it is read.
        let _ = connection.socket.write(&self.options.requests[connection.request].bytes);
        Ok(())
    }

    fn read(&mut self, place: usize) -> io::Result<()> {
        let connection = &mut self.connections[place];
        let request = &self.options.requests[connection.request];
        match connection.go_on(request, self.options.fresh, &mut self.buffer, &mut self.tally.bytes)
        {
            Outcome::Waits => Ok(()),
            Outcome::Complete { closes } => {
                let tenths = connection.since.elapsed().as_nanos() / 100;
                self.tally.latencies.push(u32::try_from(tenths).unwrap_or(u32::MAX));
                self.finish(place, closes)
            }
            Outcome::Lost(error) if error.is_empty() => self.repeat(place),
            Outcome::Lost(error) => {
                self.tally.error(error);
                self.finish(place, true)
            }
        }
    }

    /// The connection was closed before the response began, as a server may close an idle one (RFC 9112 §9.3.1).
    fn repeat(&mut self, place: usize) -> io::Result<()> {
        let (request, since, asked) = {
            let old = &self.connections[place];
            (old.request, old.since, !matches!(old.reading, Reading::Nothing))
        };
        self.tally.reconnected += 1;
        self.connections[place] = self.connect(place)?;
        if asked {
            self.next_request = request;
            self.ask(place, since)?;
        }
        Ok(())
    }

    fn finish(&mut self, place: usize, closes: bool) -> io::Result<()> {
        if closes {
            self.tally.reconnected += u64::from(!self.options.fresh);
            self.connections[place] = self.connect(place)?;
        }
        if self.arrivals.is_some() {
            self.connections[place].reading = Reading::Nothing;
            self.idle.push(place);
            Ok(())
        } else {
            self.ask(place, Instant::now())
        }
    }
}
