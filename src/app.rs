//! Starts and stops everything in order.
