//! BNDUPD received: the partner tells of a lease (spec/failover.md 16).

use super::age::{age, contacts, is_of_other_client, Age, TICK};
use super::tell::VENDOR_CLASS;
use super::{is_unknown_to_partner, Bindings, Context, Outgoing};
use crate::eval::bindings::{Bindings as Variables, Value};
use crate::eval::LogKind;
use crate::failover::judge::{self, Incoming, Local};
use crate::leases::lease::{BindingState, JournalPosition, Lease, LeaseId, SmallBytes};
use crate::leases::peer::{Role, Standing};
use crate::leases::writer::state_name;
use crate::wire::failover::{BindingAck, BindingUpdate, Body, ClientOptions, Reject, Xid, FLAG_BOOTP, FLAG_RESERVED};
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::Timestamp;
use std::net::Ipv4Addr;

/// Why an update is not taken, and the text for the partner.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub Reject, pub String);

fn refuse<T>(reason: Reject, text: &str) -> Result<T, Refusal> {
    Err(Refusal(reason, text.into()))
}

/// The binding state of a number on the wire.
pub(super) fn binding_state(number: u8) -> Option<BindingState> {
    use BindingState::*;
    [Free, Active, Expired, Released, Abandoned, Reset, Backup].into_iter().find(|state| *state as u8 == number)
}

/// True if the partner says of an address that was never used just that.
fn is_virgin(update: &BindingUpdate) -> bool {
    let unset = |time: Option<Timestamp>| time.unwrap_or_default() == Timestamp::UNSET;
    update.status == Some(BindingState::Free as u8)
        && update.client_id.is_none()
        && update.hardware.is_none()
        && update.flags.unwrap_or(0) == 0
        && [update.lease_expiry, update.potential_expiry, update.starts, update.last_transaction].into_iter().all(unset)
}

/// The client of a lease as the partner tells it: takes it over.
fn take_client(lease: &mut Lease, state: BindingState, update: &BindingUpdate) -> Result<(), Refusal> {
    use BindingState::*;
    match &update.hardware {
        Some(_) if state == Abandoned => return refuse(Reject::UNKNOWN, "BNDUPD to ABANDONED with a CHADDR"),
        Some(octets) => {
            let hardware = match octets.split_first() {
                Some((htype, address)) => HardwareAddr::new(*htype, address),
                None => Some(HardwareAddr::NONE),
            };
            lease.hardware = hardware.ok_or_else(|| Refusal(Reject::UNKNOWN, "chaddr too long".into()))?;
        }
        None if matches!(state, Active | Expired | Released) => {
            return refuse(Reject::MISSING_BINDING, "BNDUPD without CHADDR");
        }
        None if state == Abandoned => {
            lease.hardware = HardwareAddr::NONE;
            if let Some(extras) = lease.extras.as_deref_mut() {
                extras.variables = Variables::default();
            }
        }
        None => {}
    }
    match &update.client_id {
        Some(_) if state == Abandoned => return refuse(Reject::UNKNOWN, "BNDUPD to ABANDONED with client-id"),
        Some(id) => lease.uid = SmallBytes::new(id),
        None if !matches!(state, Reset | Free | Backup) => lease.uid = SmallBytes::default(),
        None => {}
    }
    Ok(())
}

/// The IP flags of an update, if it has any, have to be what they are here while the address is mine to give.
fn take_flags(lease: &mut Lease, role: Role, update: &BindingUpdate) -> Result<(), Refusal> {
    let flags = update.flags.unwrap_or(0);
    let (reserved, bootp) = (flags & FLAG_RESERVED != 0, flags & FLAG_BOOTP != 0);
    if lease.state == role.free_state() {
        if reserved && !lease.flags.reserved {
            return refuse(Reject::NOT_RESERVED, "Address is not reserved.");
        }
        if bootp && !lease.flags.bootp {
            return refuse(Reject::UNKNOWN, "Address is not allocated to BOOTP.");
        }
    }
    (lease.flags.reserved, lease.flags.bootp) = (reserved, bootp);
    Ok(())
}

/// What the client said of itself, which an ISC partner does not tell.
fn take_client_options(lease: &mut Lease, update: &BindingUpdate) {
    let Some(content) = &update.client_options else { return };
    let options = ClientOptions::parse(content);
    if !options.host_name.is_empty() {
        lease.hostname = SmallBytes::new(&options.host_name);
    }
    if !options.vendor_class.is_empty() {
        let value = Value::Data(options.vendor_class[..].into());
        lease.extras.get_or_insert_default().variables.set(&VENDOR_CLASS.into(), Some(value));
    }
}

/// What belongs to the client that had the lease before.
fn forget_client(lease: &mut Lease) {
    lease.hostname = SmallBytes::default();
    lease.host = None;
    let (tsfp, atsfp) = (lease.tsfp(), lease.atsfp());
    lease.extras = None;
    lease.set_tsfp(tsfp);
    lease.set_atsfp(atsfp);
}

impl Bindings {
    /// The partner tells of a lease; the answer follows with the next `send`, a refusal at once.
    pub fn update(&mut self, context: &mut Context<'_>, xid: Xid, update: &BindingUpdate) {
        self.keep_patience(context.now.wall);
        match self.try_update(context, update) {
            Ok((address, after)) => {
                let body = Body::BindingAck(BindingAck::accept(address));
                self.acks.push(Outgoing { xid, body, after });
            }
            Err(Refusal(reason, text)) => {
                let update = BindingUpdate { address: update.address, ..BindingUpdate::default() };
                let message = Some(text.into_bytes().into());
                context.answer(xid, Body::BindingAck(BindingAck { update, reject: Some(reason.0), message }));
            }
        }
        self.take_up_changes(context);
        self.send(context);
    }

    fn try_update(
        &mut self,
        context: &mut Context<'_>,
        update: &BindingUpdate,
    ) -> Result<(Ipv4Addr, JournalPosition), Refusal> {
        let (Some(address), Some(status)) = (update.address, update.status) else {
            return refuse(Reject::MISSING_BINDING, "binding update lacks required options");
        };
        let store = context.leases.store_mut();
        let Some(pool) = store.pool_of(address) else {
            return refuse(Reject::ILLEGAL_ADDRESS, "unknown IP address");
        };
        if store.peer_of(pool) != Some(context.peer) {
            let text = "IP address is covered by a different failover relationship state";
            return refuse(Reject::ILLEGAL_ADDRESS, text);
        }
        let Some(state) = binding_state(status) else {
            // ISC would end here.
            return refuse(Reject::UNKNOWN, "database update failed");
        };
        if store.by_address(address).is_none() && is_virgin(update) {
            return Ok((address, JournalPosition::default()));
        }
        let Some(id) = store.materialize(address) else {
            return refuse(Reject::ILLEGAL_ADDRESS, "unknown IP address");
        };
        let standing = context.standing();
        let after = self.install(context, &standing, id, state, update)?;
        Ok((address, after))
    }

    fn install(
        &mut self,
        context: &mut Context<'_>,
        standing: &Standing,
        id: LeaseId,
        state: BindingState,
        update: &BindingUpdate,
    ) -> Result<JournalPosition, Refusal> {
        let now = context.now.wall;
        let old = context.leases.store().get(id);
        let local = Local { state: old.state, ends: old.ends, cltt: old.cltt };
        let incoming = Incoming {
            state,
            potential_expiry: standing.by_my_clock(update.potential_expiry.unwrap_or_default()),
            cltt: standing.by_my_clock(update.last_transaction.unwrap_or_default()),
        };
        let told = self.queue.told(id);
        let loses =
            told.is_some_and(|told| judge::mine_wins(Local { state: told.state, ..local }, incoming, standing.role));
        let is_new = self.queue.contains(id) || self.queue.is_dumping() && is_unknown_to_partner(old);
        let age = age(standing, old, state, update, is_new, now);
        if loses || age == Age::Older {
            if told.is_none() {
                self.queue.push(id);
            }
            return refuse(Reject::LESS_CRITICAL, "incoming update is less critical than outgoing update");
        }
        let mut new = old.clone();
        let is_other_client = is_of_other_client(old, update);
        take_client(&mut new, state, update)?;
        if is_other_client && state == BindingState::Active {
            forget_client(&mut new);
        }
        new.starts = update.starts.unwrap_or(new.starts);
        let ends = update.lease_expiry.map_or(old.ends, |ends| standing.by_my_clock(ends));
        let keeps = age == Age::Alike && state == BindingState::Active && !is_other_client;
        new.ends = if keeps { ends.max(old.ends) } else { ends };
        // That the partner has heard the client, too, is not its knowing that the client was heard here.
        let (heard, mine) = contacts(standing, old, update);
        let stays_new = keeps && is_new && heard <= mine.plus(TICK);
        let knows_more = new.ends > ends || stays_new;
        if let Some(heard) = update.last_transaction {
            new.cltt = new.cltt.max(standing.by_my_clock(heard));
        }
        if let Some(expiry) = update.potential_expiry.map(|expiry| standing.by_my_clock(expiry)) {
            new.set_tsfp(expiry);
            new.set_atsfp(expiry);
        }
        take_flags(&mut new, standing.role, update)?;
        if !judge::allows(local, incoming, standing.role, standing.state, now) {
            let (address, from, to) = (old.address, state_name(old.state), state_name(state));
            return refuse(Reject::CONFLICT, &format!("{address}: invalid state transition: {from} to {to}"));
        }
        if let Some(flags) = update.flags.filter(|flags| flags & !(FLAG_RESERVED | FLAG_BOOTP) != 0) {
            context.log(LogKind::Info, format!("Unknown IP-flags set in BNDUPD (0x{flags:x})."));
        }
        take_client_options(&mut new, update);
        let has_ended = matches!(state, BindingState::Expired | BindingState::Released | BindingState::Reset);
        new.state = if has_ended { BindingState::Free } else { state };
        new.rewind_state = new.state;
        self.queue.remove(id);
        self.refusals.forget(id);
        let after = context.leases.install(context.now, id, new, false);
        if knows_more {
            self.queue.push(id);
        }
        if has_ended {
            return Ok(self.give_to_owner(context, standing, id).max(after));
        }
        Ok(after)
    }
}
