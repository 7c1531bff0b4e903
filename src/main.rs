//! `dhcpd`: the server's command line. Everything it does is in `lessor::daemon`.

fn main() -> std::process::ExitCode {
    lessor::daemon::main(std::env::args_os().collect())
}
