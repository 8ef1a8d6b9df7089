//! The application's own word on whether it can serve: a request of this server to a path of it.

use std::{fmt, pin::pin};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::{
    Request, StatusCode,
    client::conn::http1::handshake,
    header::{CONNECTION, HOST},
};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::{address::Resolved, connect::Connector};
use crate::settings::{Forwarding, Host};

/// The question whether the application can serve.
#[derive(Clone)]
pub(crate) struct Health {
    connector: Connector,
    path: &'static str,
    host: String,
}

impl Health {
    /// The question that the options ask for: `--upstream-health`.
    pub(crate) fn of(resolved: &Resolved, forwarding: &'static Forwarding) -> Option<Self> {
        let path = forwarding.health.as_deref()?;
        let host = forwarding.default_host.as_ref().map(Host::as_str).map(str::to_owned);
        let host = host.unwrap_or_else(|| resolved.address.authority().to_string());
        let connector = Connector::new(resolved.clone(), forwarding.timeouts.connect);
        Some(Self { connector, path, host })
    }

    /// Asks on a connection of its own, which may take as long as connecting may.
    ///
    /// # Errors
    ///
    /// If there is no answer in time, or one with a status of neither 2xx nor 3xx.
    pub(crate) async fn ask(&self) -> Result<(), Ill> {
        let status = timeout(self.connector.within(), self.status()).await;
        let status = status.map_err(|_| Ill("it does not answer in time".to_owned()))??;
        if status.is_success() || status.is_redirection() {
            return Ok(());
        }
        Err(Ill(format!("it answers {} with {}", self.path, status.as_u16())))
    }

    async fn status(&self) -> Result<StatusCode, Ill> {
        let socket = self.connector.clone().connect().await.map_err(Ill::of)?;
        let (mut sender, connection) = handshake(TokioIo::new(socket)).await.map_err(Ill::of)?;
        let request = Request::get(self.path).header(HOST, &self.host).header(CONNECTION, "close");
        let request = request.body(Empty::<Bytes>::new()).map_err(Ill::of)?;
        let mut response = pin!(sender.send_request(request));
        let response = tokio::select! {
            response = &mut response => response,
            // The response may have come with the end.
            _ = connection => response.await,
        };
        Ok(response.map_err(Ill::of)?.status())
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Why the application cannot serve, for operators.
#[derive(Debug)]
pub(crate) struct Ill(String);

impl Ill {
    fn of(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Ill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
