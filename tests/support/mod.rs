//! What the stories share: the literature as a loopback server, a real service, and visitors as clients.

pub(crate) mod axe;
pub(crate) mod chrome;
pub(crate) mod hostile_server;
pub(crate) mod literature;
pub(crate) mod program;
pub(crate) mod registries;
pub(crate) mod service;
pub(crate) mod smtp;
pub(crate) mod visitor;
