//! A running nginx.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
};

use super::{process::until, varnish::free_address};

/// A running nginx, as one process. It is killed when this goes.
pub struct Nginx {
    pub address: SocketAddr,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// Starts it with these directives of `http`, in which `ADDRESS` stands for its address.
    pub fn with(http: &str) -> Self {
        Self::with_modules(&[], http)
    }

    /// The same, with modules that are files.
    pub fn with_modules(modules: &[&str], http: &str) -> Self {
        let modules = modules.iter().map(|module| format!("load_module {module};\n"));
        let modules: String = modules.collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = free_address();
        let place = folder.path().display();
        let config = format!(
            "{modules}daemon off; master_process off; pid {place}/pid; error_log stderr;\n\
             events {{}}\n\
             http {{ access_log off;\n\
             client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;\n\
             uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;\n\
             {http} }}"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, config.replace("ADDRESS", &address.to_string())).expect("written");
        let mut nginx = Command::new("nginx");
        nginx.arg("-c").arg(&file).arg("-p").arg(folder.path()).stderr(Stdio::null());
        let process = nginx.spawn().expect("nginx is installed");
        until("nginx", || TcpStream::connect(address).ok());
        Self { address, process, _folder: folder }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
