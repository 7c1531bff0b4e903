//! The network: blocking sockets with a time limit, names of hosts and services.

use super::link::{Dial, Link};
use super::number;
use crate::wire::omapi::ResultCode;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// Where the names of services are.
const SERVICES: &str = "/etc/services";
/// The most that is read of that file, in octets.
const MAX_SERVICES: u64 = 1 << 20;

/// The network of this machine.
pub struct Network;

impl Dial for Network {
    fn dial(&mut self, server: &[u8], port: u16, until: Instant) -> Result<Box<dyn Link>, ResultCode> {
        let addresses = addresses(server, port);
        if addresses.is_empty() {
            return Err(ResultCode::HOST_UNKNOWN);
        }
        let mut silent = false;
        for address in addresses {
            match TcpStream::connect_timeout(&address, left(until).unwrap_or(Duration::from_millis(1))) {
                Ok(stream) => {
                    // A small request should not wait for the answer to the one before.
                    let _ = stream.set_nodelay(true);
                    return Ok(Box::new(Socket(stream)));
                }
                Err(error) => silent |= error.kind() == ErrorKind::TimedOut,
            }
        }
        Err(if silent { ResultCode::TIMED_OUT } else { ResultCode::NO_MORE })
    }

    fn service(&self, name: &[u8]) -> Option<u16> {
        let mut text = Vec::new();
        File::open(SERVICES).ok()?.take(MAX_SERVICES).read_to_end(&mut text).ok()?;
        service(&text, name)
    }
}

/// The IPv4 addresses of a server.
fn addresses(server: &[u8], port: u16) -> Vec<SocketAddr> {
    if let Some(address) = number::ipv4(server) {
        return vec![SocketAddr::from((Ipv4Addr::from(address), port))];
    }
    let Ok(name) = std::str::from_utf8(server) else { return Vec::new() };
    let found = (name, port).to_socket_addrs().map(|addresses| addresses.filter(SocketAddr::is_ipv4).collect());
    found.unwrap_or_default()
}

/// The TCP port of a service in the text of a services file: `name port/tcp alias ... # comment`.
fn service(text: &[u8], name: &[u8]) -> Option<u16> {
    text.split(|octet| *octet == b'\n').find_map(|line| {
        let line = line.split(|octet| *octet == b'#').next()?;
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (first, port) = (words.next()?, words.next()?);
        let port = std::str::from_utf8(port).ok()?.strip_suffix("/tcp")?.parse().ok()?;
        (first == name || words.any(|alias| alias == name)).then_some(port)
    })
}

/// How much time there is; `None` if it is over.
fn left(until: Instant) -> Option<Duration> {
    until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
}

struct Socket(TcpStream);

impl Link for Socket {
    fn send(&mut self, octets: &[u8], until: Instant) -> io::Result<()> {
        self.0.set_write_timeout(Some(left(until).ok_or(ErrorKind::TimedOut)?))?;
        self.0.write_all(octets)
    }

    fn receive(&mut self, buffer: &mut [u8], until: Instant) -> io::Result<usize> {
        loop {
            self.0.set_read_timeout(Some(left(until).ok_or(ErrorKind::TimedOut)?))?;
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services() {
        let text = b"# services\nssh\t22/tcp\t\t# SSH\ndomain 53/udp\ndomain 53/tcp\nwww 80/tcp http\nbad\nbad x/tcp\n";
        for (name, port) in [("ssh", Some(22)), ("domain", Some(53)), ("http", Some(80)), ("SSH", None), ("bad", None)]
        {
            assert_eq!(service(text, name.as_bytes()), port, "{name}");
        }
    }

    #[test]
    fn addresses_of_servers() {
        assert_eq!(addresses(b"10.0.0.1", 7911), ["10.0.0.1:7911".parse().unwrap()]);
        assert!(addresses(b"\xff", 7911).is_empty());
    }
}
