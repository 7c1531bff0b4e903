//! Where the servers of each relationship are: names are looked up once, when a configuration comes into force.

use crate::config::model::{Config, FailoverPeer, FixedAddress};
use crate::daemon::fatal::Fatal;
use crate::failover::Endpoint;
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};

/// The IPv4 addresses of an address statement.
fn addresses(address: Option<&FixedAddress>) -> Vec<Ipv4Addr> {
    match address {
        Some(FixedAddress::Address(address)) => vec![*address],
        Some(FixedAddress::Name(name)) => {
            let found = (&**name, 0).to_socket_addrs().into_iter().flatten();
            let addresses = found.filter_map(|found| match found.ip() {
                IpAddr::V4(address) => Some(address),
                IpAddr::V6(_) => None,
            });
            addresses.collect()
        }
        None => Vec::new(),
    }
}

fn endpoint(peer: &FailoverPeer) -> Result<Endpoint, Fatal> {
    let local = local(&peer.name, &addresses(peer.address.as_ref()))?;
    Ok(Endpoint { local, partner: addresses(peer.peer_address.as_ref()) })
}

/// Of the addresses of this server, the one: there has to be exactly one.
fn local(name: &str, addresses: &[Ipv4Addr]) -> Result<Ipv4Addr, Fatal> {
    match addresses {
        [] => Err(Fatal::new(format!("failover peer {name}: no local address."))),
        [local] => Ok(*local),
        _ => Err(Fatal::new(format!("failover peer {name}: 'address' parameter fails to resolve to an IPv4 address"))),
    }
}

/// The endpoints of all relationships of a configuration, in their order.
pub fn endpoints(config: &Config) -> Result<Vec<Endpoint>, Fatal> {
    config.peers.iter().map(endpoint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{load_text, Family};

    #[test]
    fn a_relationship_needs_a_local_address() {
        let text = "failover peer \"a\" { primary; address 10.0.0.1; peer address 10.0.0.2; mclt 60; split 128; }";
        let config = load_text("c", text, Family::V4).result.unwrap();
        let want = Endpoint { local: Ipv4Addr::new(10, 0, 0, 1), partner: vec![Ipv4Addr::new(10, 0, 0, 2)] };
        assert_eq!(endpoints(&config).unwrap(), [want]);
        let text = "failover peer \"a\" { secondary; peer address 10.0.0.2; }";
        let config = load_text("c", text, Family::V4).result.unwrap();
        assert_eq!(endpoints(&config).unwrap_err().lines, ["failover peer a: no local address."]);
        assert_eq!(
            local("a", &[Ipv4Addr::LOCALHOST; 2]).unwrap_err().lines,
            ["failover peer a: 'address' parameter fails to resolve to an IPv4 address"]
        );
    }
}
