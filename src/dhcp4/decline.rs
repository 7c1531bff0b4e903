//! DHCPDECLINE (spec/dhcpv4.md 20).

use super::effect::Effect;
use super::engine::Engine;
use super::intake::Request;
use super::parameters::{self as parameter, Flag};
use super::scopes::Draft;
use super::LogKind;
use crate::wire::units::Now;

impl Engine {
    pub(super) fn decline(&mut self, now: Now, request: &Request<'_>, out: &mut Vec<Effect>) {
        let Some(address) = request.requested_address() else { return };
        let config = self.config.clone();
        let lease = self.store.materialize(address);
        let (client, name) = self.client_and_name(request, lease);
        let text = format!("DHCPDECLINE of {address} from {client} {name}via {}", self.via(request));

        let subnet = config.range_of(address).and_then(|(_, subnet)| config.subnets.get(subnet.index()));
        let mut draft = Draft::global(now, Some(request));
        if let Some(subnet) = subnet {
            self.run_scopes(&mut draft, subnet.scope, None, out);
        }
        self.run_classes(&mut draft, subnet.map(|subnet| subnet.scope), out);
        let status = match (self.flag(&mut draft, parameter::DECLINES), lease) {
            (Flag::Ignore, _) => return,
            (Flag::Off, _) => "ignored",
            (_, None) => "not found",
            (_, Some(id)) => {
                let pool = self.store.get(id).pool;
                if let (Some(peer), Some(reason)) = (self.peer_name(pool), self.not_responding(pool)) {
                    out.push(Effect::Log(LogKind::Info, format!("{peer}: ignored{reason}")));
                    return;
                }
                self.abandon(now, id, "declined.", out);
                "abandoned"
            }
        };
        out.push(Effect::Log(LogKind::Info, format!("{text}: {status}")));
    }
}
