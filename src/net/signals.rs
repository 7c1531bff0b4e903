//! Signals as octets in a pipe, so that the event loop sees them among its other events.
//!
//! Handlers, and not a signal mask with a signalfd: programs that the server starts inherit a mask, but not handlers.

use nix::sys::signal::{sigaction, SaFlags, SigAction, SigHandler, SigSet, Signal};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, Ordering};

/// The end that handlers write to; -1 before `watch`.
static WRITE_END: AtomicI32 = AtomicI32::new(-1);

/// The signals that arrived.
pub struct Signals {
    read_end: UnixStream,
}

/// Passes the signal's number on. Only calls that are safe in a handler.
extern "C" fn handler(signal: libc::c_int) {
    let octet = signal as u8;
    // SAFETY: write(2) may be called in a handler; it reads one octet of this frame. errno is put back as it was.
    unsafe {
        let errno = libc::__errno_location();
        let saved = *errno;
        libc::write(WRITE_END.load(Ordering::Relaxed), (&raw const octet).cast(), 1);
        *errno = saved;
    }
}

/// Installs a disposition for one signal.
fn set(signal: Signal, to: SigHandler) -> io::Result<()> {
    let action = SigAction::new(to, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler, if it is one, is `handler`, which only does what is allowed in a handler.
    unsafe { sigaction(signal, &action)? };
    Ok(())
}

impl Signals {
    /// Catches these signals from now on. To be called once in a process.
    pub fn watch(signals: &[Signal]) -> io::Result<Signals> {
        let (read_end, write_end) = UnixStream::pair()?;
        read_end.set_nonblocking(true)?;
        write_end.set_nonblocking(true)?;
        WRITE_END.store(write_end.into_raw_fd(), Ordering::Relaxed);
        for signal in signals {
            set(*signal, SigHandler::Handler(handler))?;
        }
        Ok(Signals { read_end })
    }

    /// The next signal that arrived; `None` if there is none.
    pub fn take(&mut self) -> Option<Signal> {
        let mut octet = [0];
        self.read_end.read_exact(&mut octet).ok()?;
        Signal::try_from(i32::from(octet[0])).ok()
    }
}

impl AsRawFd for Signals {
    fn as_raw_fd(&self) -> RawFd {
        self.read_end.as_raw_fd()
    }
}

/// Ignores a signal.
pub fn ignore(signal: Signal) -> io::Result<()> {
    set(signal, SigHandler::SigIgn)
}

/// Ends the process by the signal, as if it had never been caught.
pub fn die_of(signal: Signal) {
    // A signal that can be caught can be given back; if not, raising it does nothing and the caller goes on.
    let _ = set(signal, SigHandler::SigDfl);
    let _ = nix::sys::signal::raise(signal);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_arrive_in_order() {
        let mut signals = Signals::watch(&[Signal::SIGUSR1, Signal::SIGWINCH]).unwrap();
        assert_eq!(signals.take(), None);
        nix::sys::signal::raise(Signal::SIGUSR1).unwrap();
        nix::sys::signal::raise(Signal::SIGWINCH).unwrap();
        assert_eq!(signals.take(), Some(Signal::SIGUSR1));
        assert_eq!(signals.take(), Some(Signal::SIGWINCH));
        assert_eq!(signals.take(), None);
    }
}
