//! Names of addresses for `get-lease-hostnames`: asked for on a thread of its own, so that the service goes on.

use crate::net::resolve::name_of;
use std::net::Ipv4Addr;
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::Arc;

/// An address, and its name if it has one.
type Answer = (Ipv4Addr, Option<Box<str>>);

/// Asks for names; the thread begins with the first question.
pub struct ReverseLookup {
    questions: Option<Sender<Ipv4Addr>>,
    answers: Receiver<Answer>,
    answers_to: Sender<Answer>,
    waker: Arc<dyn Fn() + Send + Sync>,
}

impl ReverseLookup {
    /// `waker` is called when there is something to `poll`.
    pub fn new(waker: Arc<dyn Fn() + Send + Sync>) -> ReverseLookup {
        let (answers_to, answers) = channel();
        ReverseLookup { questions: None, answers, answers_to, waker }
    }

    /// Asks for the name of an address. If nobody can be asked, the answer is that it has none.
    pub fn ask(&mut self, address: Ipv4Addr) {
        if self.questions.is_none() {
            self.questions = self.start();
        }
        let asked = self.questions.as_ref().is_some_and(|questions| questions.send(address).is_ok());
        if !asked {
            self.questions = None;
            // The receiver is this object's own.
            let _ = self.answers_to.send((address, None));
            (self.waker)();
        }
    }

    fn start(&self) -> Option<Sender<Ipv4Addr>> {
        let (questions, inbox) = channel::<Ipv4Addr>();
        let (answers, waker) = (self.answers_to.clone(), self.waker.clone());
        let thread = std::thread::Builder::new().name("reverse names".into());
        let started = thread.spawn(move || {
            for address in inbox {
                if answers.send((address, name_of(address))).is_err() {
                    return;
                }
                waker();
            }
        });
        started.is_ok().then_some(questions)
    }

    /// The answers that came since the last call.
    pub fn poll(&self) -> impl Iterator<Item = Answer> + '_ {
        self.answers.try_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn answers_come_with_a_wake_up() {
        let (woken, wakes) = channel();
        let mut lookup = ReverseLookup::new(Arc::new(move || woken.send(()).unwrap_or_default()));
        lookup.ask(Ipv4Addr::LOCALHOST);
        wakes.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(lookup.poll().collect::<Vec<_>>(), [(Ipv4Addr::LOCALHOST, Some("localhost".into()))]);
    }
}
