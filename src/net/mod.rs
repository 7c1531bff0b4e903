//! Floor 0: interfaces and sockets. Used by `daemon` alone; the only module with `unsafe` code.
