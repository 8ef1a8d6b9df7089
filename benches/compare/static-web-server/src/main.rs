//! static-web-server, by its own command line.

fn main() -> static_web_server::Result {
    static_web_server::Server::new(static_web_server::Settings::get(true)?)?.run_standalone(None)
}
