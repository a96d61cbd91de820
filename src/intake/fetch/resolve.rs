//! Names → addresses, every one of them judged before anything connects.
//!
//! reqwest connects to exactly the addresses handed out here, so a name that answers differently the second time
//! (DNS rebinding) gains nothing. One forbidden address among good ones refuses the whole name.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::{Guard, Refusal};

/// More addresses than this of one name are not tried.
const MAX_ADDRESSES: usize = 16;

/// Asks a name service. The system's is used; tests answer themselves.
pub trait LookUp: Send + Sync + 'static {
    /// The addresses of `host`, in the order they should be tried.
    fn look_up<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The operating system's name service.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookUp;

impl LookUp for SystemLookUp {
    fn look_up<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|a| a.ip()).collect()) })
    }
}

/// Why a name leads nowhere; found again in the chain of the client's error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ResolveFault {
    #[error("{host} could not be resolved: {why}")]
    Dns { host: String, why: String },
    #[error("{host} resolves to {address}")]
    Forbidden { host: String, address: String },
    #[error("{host} resolves to {address}, where this port is not allowed")]
    Port { host: String, address: IpAddr },
}

/// Resolves and judges.
#[derive(Clone)]
pub(super) struct VettingResolver {
    pub(super) look_up: Arc<dyn LookUp>,
    pub(super) guard: Arc<Guard>,
    /// Hand out only addresses inside `allow_networks` (for ports that are not web ports).
    pub(super) allowed_networks_only: bool,
}

impl VettingResolver {
    /// The addresses of `host`, all of them permitted.
    pub(super) async fn vet(&self, host: &str) -> Result<Vec<IpAddr>, ResolveFault> {
        let dns = |why: String| ResolveFault::Dns { host: host.to_owned(), why };
        let mut addresses = self.look_up.look_up(host).await.map_err(|error| dns(error.to_string()))?;
        addresses.truncate(MAX_ADDRESSES);
        if addresses.is_empty() {
            return Err(dns("the name has no address".to_owned()));
        }
        for address in &addresses {
            if let Err(Refusal::Address(address)) = self.guard.check_address(*address) {
                return Err(ResolveFault::Forbidden { host: host.to_owned(), address });
            }
            if self.allowed_networks_only && !self.guard.is_allowed_network(*address) {
                return Err(ResolveFault::Port { host: host.to_owned(), address: *address });
            }
        }
        Ok(addresses)
    }
}

impl Resolve for VettingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.vet(name.as_str()).await?;
            // port 0: reqwest puts the URL's
            let sockets = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(sockets) as Addrs)
        })
    }
}
