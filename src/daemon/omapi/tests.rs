//! The listener over the loopback interface, with too many clients, a journal that is late and a port that is taken.

use super::*;
use crate::omapi::testing::TestWorld;
use crate::wire::omapi::{introduction, Message};
use mio::{Events, Poll};
use std::net::TcpStream as Client;

const CONFIG: &str = "subnet 10.71.0.0 netmask 255.255.255.0 { range 10.71.0.100 10.71.0.110; }";

struct Bench {
    service: OmapiService,
    world: TestWorld,
    poll: Poll,
    address: SocketAddr,
    now: u64,
}

impl Bench {
    fn new() -> Bench {
        let mut service = OmapiService::open(0, None, 0, 0, &mut Logger::silent());
        let poll = Poll::new().unwrap();
        service.watch(poll.registry()).unwrap();
        let port = service.listener.as_ref().unwrap().local_addr().unwrap().port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Bench { service, world: TestWorld::new(CONFIG, ""), poll, address, now: 0 }
    }

    /// Rounds until there is nothing to do.
    fn serve(&mut self) {
        let mut events = Events::with_capacity(64);
        loop {
            self.poll.poll(&mut events, Some(Duration::from_millis(20))).unwrap();
            events.iter().for_each(|event| self.service.notice(event));
            let is_busy = self.service.serve(self.now, &mut self.world, self.poll.registry(), &mut Logger::silent());
            if events.is_empty() && !is_busy {
                return;
            }
        }
    }

    /// A client that has introduced itself and read the server's introduction.
    fn connect(&mut self) -> Client {
        let mut client = Client::connect(self.address).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        client.write_all(&introduction()).unwrap();
        self.serve();
        client.read_exact(&mut [0; 8]).unwrap();
        client
    }

    fn open(&self) -> usize {
        self.service.connections.iter().flatten().count()
    }
}

fn control() -> Vec<u8> {
    let mut message = Message { op: 1, id: 1, ..Message::default() };
    message.message.set("type", *b"control");
    message.emit(None)
}

/// True if the server has closed the connection.
fn is_closed(client: &mut Client) -> bool {
    client.set_nonblocking(true).unwrap();
    let mut rest = [0; 4096];
    loop {
        match client.read(&mut rest) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}

#[test]
fn a_half_closed_connection_is_answered_and_then_closed() {
    let mut bench = Bench::new();
    let mut client = bench.connect();
    client.write_all(&control()).unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    bench.serve();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.len(), 43);
    assert_eq!(bench.open(), 0);
}

#[test]
fn an_answer_waits_for_the_journal() {
    let mut bench = Bench::new();
    let mut client = bench.connect();
    let mut create = Message { op: 1, id: 1, ..Message::default() };
    create.message.set("type", *b"host");
    create.message.set_u32("create", 1);
    create.object.set("name", *b"h");
    create.object.set("hardware-address", [2, 0, 0, 0, 0, 1]);
    client.write_all(&[create.emit(None), control()].concat()).unwrap();
    bench.serve();
    client.set_nonblocking(true).unwrap();
    assert_eq!(client.read(&mut [0; 100]).unwrap_err().kind(), ErrorKind::WouldBlock);
    // Neither does the answer behind it overtake it, nor does the client count as one that does not read.
    bench.now = PATIENCE * 2;
    bench.serve();
    assert_eq!(bench.open(), 1);
    bench.service.set_durable(JournalPosition(1));
    bench.serve();
    client.set_nonblocking(false).unwrap();
    client.read_exact(&mut [0; 100]).unwrap();
}

#[test]
fn a_full_house() {
    let mut bench = Bench::new();
    let mut clients: Vec<Client> = Vec::new();
    for at in 0..CONNECTIONS {
        bench.now = at as u64;
        clients.push(bench.connect());
    }
    assert_eq!(bench.open(), CONNECTIONS);
    // All but two ask something.
    for (at, client) in clients.iter_mut().enumerate().filter(|(at, _)| ![5, 9].contains(at)) {
        bench.now = 1000 + at as u64;
        client.write_all(&control()).unwrap();
        bench.serve();
    }
    let mut newcomer = bench.connect();
    assert!(is_closed(&mut clients[5]) && !is_closed(&mut clients[9]));
    newcomer.write_all(&control()).unwrap();
    bench.serve();
    let mut another = bench.connect();
    assert!(is_closed(&mut clients[9]));
    another.write_all(&control()).unwrap();
    bench.serve();
    // Everybody is at home here: the next one is not let in, until one has been silent for long.
    let mut refused = Client::connect(bench.address).unwrap();
    bench.serve();
    assert!(is_closed(&mut refused));
    assert_eq!(bench.open(), CONNECTIONS);
    bench.now = 1000 + IDLE;
    bench.connect();
    assert!(is_closed(&mut clients[0]) && !is_closed(&mut clients[1]));
}

#[test]
fn a_port_that_is_taken_is_tried_again() {
    let taken = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut service = OmapiService::open(port, None, 0, 0, &mut Logger::silent());
    assert!(service.listener.is_none());
    assert_eq!(service.next_deadline(), Some(RETRY));
    drop(taken);
    let (poll, mut world) = (Poll::new().unwrap(), TestWorld::new(CONFIG, ""));
    service.serve(RETRY - 1, &mut world, poll.registry(), &mut Logger::silent());
    assert!(service.listener.is_none());
    service.serve(RETRY, &mut world, poll.registry(), &mut Logger::silent());
    assert!(service.listener.is_some());
    assert_eq!(service.next_deadline(), None);
}
