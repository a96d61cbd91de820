//! What the stories share.

pub(crate) mod hostile_server;
