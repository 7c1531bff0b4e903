//! The journal on a simulated disk that fails and crashes.
