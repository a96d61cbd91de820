//! The public side as readers, feed readers, webmasters and programs meet it.

mod browser;
mod caching;
mod clients;
mod elsewhere;
mod hostile;
mod language;
mod pages;
mod states;
mod support;
