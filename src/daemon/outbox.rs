//! Replies on their way out: those that tell of a lease wait until its record is on stable storage; then many leave in one
//! system call.

use super::listeners::Listener;
use super::logging::Logger;
use crate::dhcp4::effect::{Reply, Route};
use crate::leases::journal::disk::error_text;
use crate::leases::lease::{JournalPosition, LeaseId};
use crate::net::batch::{self, Datagram};
use crate::wire::frame::{build_udp_frame, Ends, HEADERS_LEN};
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddrV4, UdpSocket};
use std::os::fd::AsFd;

/// How many replies may wait: a disk that hangs must not fill the memory.
const MANY: usize = 1 << 16;

/// Replies that wait, and replies that may leave.
#[derive(Debug, Default)]
pub struct Outbox {
    durable: JournalPosition,
    /// The journal cannot write at present.
    failing: bool,
    /// Ascending by `after`.
    waiting: VecDeque<Reply>,
    leaving: Vec<Reply>,
    /// Leases whose replies were given up.
    refused: Vec<LeaseId>,
    /// Memory for frames.
    frames: Vec<u8>,
}

impl Outbox {
    /// Takes a reply.
    pub fn push(&mut self, reply: Reply) {
        if reply.after <= self.durable {
            self.leaving.push(reply);
        } else if self.failing {
            self.refused.extend(reply.lease);
        } else {
            // Nearly always at the end: positions ascend, but a repeated answer may wait for an earlier one.
            let at = match self.waiting.back() {
                Some(last) if last.after > reply.after => self.waiting.partition_point(|r| r.after <= reply.after),
                _ => self.waiting.len(),
            };
            self.waiting.insert(at, reply);
        }
    }

    /// The journal is on stable storage up to here.
    pub fn set_durable(&mut self, position: JournalPosition) {
        self.durable = self.durable.max(position);
        let ready = self.waiting.partition_point(|reply| reply.after <= self.durable);
        self.leaving.extend(self.waiting.drain(..ready));
    }

    /// How far the journal is on stable storage.
    pub fn durable(&self) -> JournalPosition {
        self.durable
    }

    /// True if the journal cannot write at present.
    pub fn is_failing(&self) -> bool {
        self.failing
    }

    /// The journal cannot write: no reply that waits is sent, now or until it can write again.
    pub fn set_failing(&mut self, failing: bool) {
        self.failing = failing;
        if failing {
            self.refused.extend(self.waiting.drain(..).filter_map(|reply| reply.lease));
        }
    }

    /// True if so many replies wait that no more requests should be read until the journal has caught up.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= MANY
    }

    /// Leases whose replies were given up since the last call.
    pub fn take_refused(&mut self) -> Vec<LeaseId> {
        std::mem::take(&mut self.refused)
    }

    /// True if there is nothing to `send`.
    pub fn is_empty(&self) -> bool {
        self.leaving.is_empty()
    }

    /// Sends what may leave and logs it. Gives the leases whose replies left.
    pub fn send(&mut self, exits: &Exits<'_>, logger: &mut Logger, mut sent: impl FnMut(LeaseId)) {
        let mut leaving = std::mem::take(&mut self.leaving);
        for reply in &leaving {
            logger.info(&reply.log);
            reply.lease.iter().for_each(|lease| sent(*lease));
        }
        // Whoever sees a reply finds its line in the log.
        logger.flush();
        let mut order: Vec<&Reply> = leaving.iter().collect();
        order.sort_by_key(|reply| exit_of(&reply.route));
        for group in order.chunk_by(|a, b| exit_of(&a.route) == exit_of(&b.route)) {
            match group.first().map(|reply| &reply.route) {
                Some(Route::Frame { interface, .. }) => {
                    if let Some(listener) = exits.listeners.get(usize::from(interface.0)) {
                        self.send_frames(listener, exits.server_port, group, logger);
                    }
                }
                _ => send_datagrams(exits.fallback, group, logger),
            }
        }
        leaving.clear();
        self.leaving = leaving;
    }

    fn send_frames(&mut self, listener: &Listener, server_port: u16, replies: &[&Reply], logger: &mut Logger) {
        self.frames.clear();
        let mut parts = Vec::with_capacity(replies.len());
        for reply in replies {
            let Route::Frame { hardware, source, to, .. } = &reply.route else { continue };
            let start = self.frames.len();
            let ends = Ends {
                source_hardware: listener.hardware,
                destination_hardware: *hardware,
                source: SocketAddrV4::new(*source, server_port),
                destination: *to,
            };
            if build_udp_frame(&ends, &reply.payload, &mut self.frames) {
                parts.push(start..self.frames.len());
            }
        }
        let datagrams: Vec<Datagram<'_>> =
            parts.into_iter().filter_map(|part| Some((None, self.frames.get(part)?))).collect();
        batch::send(listener.socket.as_fd(), &datagrams, |at, error| {
            let payload = datagrams.get(at).and_then(|(_, frame)| frame.get(HEADERS_LEN..)).unwrap_or(&[]);
            complain(logger, &error, payload, Exit::Frame(&listener.served.link.name));
        });
    }
}

/// Where replies leave by.
pub struct Exits<'a> {
    pub listeners: &'a [Listener],
    pub fallback: &'a UdpSocket,
    pub server_port: u16,
}

/// The number of a reply's socket.
fn exit_of(route: &Route) -> Option<u16> {
    match route {
        Route::Fallback { .. } => None,
        Route::Frame { interface, .. } => Some(interface.0),
    }
}

fn send_datagrams(fallback: &UdpSocket, replies: &[&Reply], logger: &mut Logger) {
    let datagrams: Vec<Datagram<'_>> = replies
        .iter()
        .filter_map(|reply| match &reply.route {
            Route::Fallback { to } => Some((Some(*to), reply.payload.as_slice())),
            Route::Frame { .. } => None,
        })
        .collect();
    batch::send(fallback.as_fd(), &datagrams, |at, error| {
        let payload = datagrams.get(at).map_or(&[][..], |(_, payload)| payload);
        complain(logger, &error, payload, Exit::Fallback);
    });
}

/// By which socket a reply could not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit<'a> {
    Fallback,
    /// On that interface.
    Frame(&'a str),
}

/// Logs that a reply could not be sent (spec/dhcpv4.md 17).
fn complain(logger: &mut Logger, error: &io::Error, payload: &[u8], exit: Exit<'_>) {
    logger.error(&format!("send_packet: {}", error_text(error)));
    let interface = match exit {
        Exit::Fallback => "fallback",
        Exit::Frame(name) => name,
    };
    if exit == Exit::Fallback && error.raw_os_error() == Some(libc::ENETUNREACH) {
        logger.error("send_packet: please consult README file regarding broadcast address.");
    }
    let (place, length) = (place(payload, exit), payload.len());
    logger.error(&format!("{place}: Failed to send {length} byte long packet over {interface} interface."));
}

/// The place that ISC's line names, for those who look for it: which reply it was.
fn place(payload: &[u8], exit: Exit<'_>) -> &'static str {
    const ACK: u8 = 5;
    const NAK: u8 = 6;
    let is_set = |field: std::ops::Range<usize>| payload.get(field).is_some_and(|octets| octets != [0; 4]);
    let (yiaddr, relayed) = (is_set(16..20), is_set(24..28));
    // The message type is the first option.
    let kind = match payload.get(240..243) {
        Some([53, 1, kind]) => Some(*kind),
        _ => None,
    };
    match (kind, exit) {
        (None, _) if relayed => "bootp.c:424",
        (None, _) => "bootp.c:452",
        (Some(NAK), _) if relayed => "dhcp.c:1986",
        (Some(NAK), _) => "dhcp.c:2003",
        (Some(ACK), _) if !yiaddr => "dhcp.c:1756",
        _ if relayed => "dhcp.c:4093",
        (_, Exit::Fallback) => "dhcp.c:4131",
        (_, Exit::Frame(_)) => "dhcp.c:4164",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(after: u64, lease: u32) -> Reply {
        Reply {
            route: Route::Fallback { to: SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 9) },
            payload: Vec::new(),
            after: JournalPosition(after),
            log: String::new(),
            lease: Some(LeaseId(lease)),
        }
    }

    fn leaving(outbox: &Outbox) -> Vec<u32> {
        outbox.leaving.iter().filter_map(|reply| reply.lease).map(|lease| lease.0).collect()
    }

    #[test]
    fn replies_wait_for_their_records_in_order() {
        let mut outbox = Outbox::default();
        outbox.push(reply(0, 1));
        outbox.push(reply(5, 2));
        outbox.push(reply(7, 3));
        outbox.push(reply(5, 4));
        assert_eq!(leaving(&outbox), [1]);
        outbox.set_durable(JournalPosition(4));
        assert_eq!(leaving(&outbox), [1]);
        outbox.set_durable(JournalPosition(5));
        assert_eq!(leaving(&outbox), [1, 2, 4]);
        outbox.push(reply(3, 5));
        outbox.set_durable(JournalPosition(9));
        assert_eq!(leaving(&outbox), [1, 2, 4, 5, 3]);
    }

    #[test]
    fn is_full_until_the_journal_catches_up() {
        let mut outbox = Outbox::default();
        (0..MANY as u64).for_each(|n| outbox.push(reply(n + 1, 1)));
        assert!(outbox.is_full());
        outbox.set_durable(JournalPosition(1));
        assert!(!outbox.is_full());
    }

    #[test]
    fn complaints_name_the_place() {
        let mut payload = vec![0; 300];
        assert_eq!(place(&payload, Exit::Frame("eth0")), "bootp.c:452");
        payload[240..243].copy_from_slice(&[53, 1, 5]);
        assert_eq!(place(&payload, Exit::Fallback), "dhcp.c:1756");
        payload[19] = 9;
        assert_eq!(place(&payload, Exit::Fallback), "dhcp.c:4131");
        assert_eq!(place(&payload, Exit::Frame("eth0")), "dhcp.c:4164");
        payload[24] = 203;
        assert_eq!(place(&payload, Exit::Fallback), "dhcp.c:4093");
        payload[242] = 6;
        assert_eq!(place(&payload, Exit::Fallback), "dhcp.c:1986");
        assert_eq!(place(&[], Exit::Fallback), "bootp.c:452");
    }

    #[test]
    fn nothing_uncommitted_leaves_while_the_journal_fails() {
        let mut outbox = Outbox::default();
        outbox.push(reply(2, 1));
        outbox.set_failing(true);
        outbox.push(reply(3, 2));
        outbox.push(reply(0, 3));
        assert_eq!(outbox.take_refused(), [LeaseId(1), LeaseId(2)]);
        assert_eq!(leaving(&outbox), [3]);
        outbox.set_failing(false);
        outbox.set_durable(JournalPosition(3));
        assert_eq!(leaving(&outbox), [3]);
        outbox.push(reply(4, 4));
        outbox.set_durable(JournalPosition(4));
        assert_eq!(leaving(&outbox), [3, 4]);
    }
}
