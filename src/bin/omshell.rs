//! `omshell`: the client's command line. Everything it does is in `lessor::omshell`.

fn main() -> std::process::ExitCode {
    lessor::omshell::main(std::env::args_os().collect())
}
